import { GatezError } from '../../errors/gatez-error.ts'
import type { Decision } from '../ports/counters.ts'
import type { RedisConnection } from './connection.ts'
import { trustKey } from './cut.ts'
import type { PreparedCounters } from './prepared-counters.ts'
import { SCRIPT, SCRIPT_SHA } from './script.ts'

/** Who waits for a decision. */
export interface Ask {
  /** For each counter it is about, when its period ends; 0 where it has none. */
  readonly endsMs: readonly number[]
  readonly nowMs: number
  readonly resolve: (decision: Decision) => void
  readonly reject: (error: unknown) => void
  /** Set when it takes something: undone should nobody wait any more when it is taken. */
  readonly taken: PreparedCounters | undefined
}

interface BatchParts {
  readonly connection: RedisConnection
  readonly holder: string
  readonly answerMsMax: number
  readonly trust: 'checked' | 'any'
  readonly clock: 'caller' | number
}

/** What travels to Redis together: one script, one answer. */
export class Batch {
  /** Resolves once all of it is done. */
  readonly done: Promise<void>
  /** Whether it failed because counts were lost. */
  isDistrusted = false
  readonly #parts: BatchParts
  readonly #keys: string[] = []
  readonly #texts: string[]
  readonly #asks: Ask[] = []
  readonly #settled = Promise.withResolvers<void>()
  #timer: NodeJS.Timeout | undefined
  #isOver = false
  #isSent = false

  constructor(parts: BatchParts, decideAtMs: string) {
    this.#parts = parts
    this.#texts = [decideAtMs, String(parts.clock === 'caller' ? 0 : parts.clock), parts.holder]
    this.done = this.#settled.promise
    // Who only asks for decisions learns of a failure there.
    this.done.catch(() => {})
  }

  get length(): number {
    return this.#texts.length
  }

  /** Adds an operation that decides. */
  ask(text: string, keys: readonly string[], ask: Ask): void {
    this.tell(text, keys)
    this.#asks.push(ask)
  }

  /** Adds an operation without an answer of its own. */
  tell(text: string, keys: readonly string[]): void {
    for (const key of keys) this.#keys.push(key)
    this.#texts.push(text)
  }

  /** Sends it, once. */
  send(): void {
    if (this.#isSent) return
    this.#isSent = true
    const { connection, trust, answerMsMax } = this.#parts
    const { run, isCluster } = connection
    if (run === undefined) {
      const why = connection.problem === undefined ? '' : `: ${connection.problem}`
      this.#fail(new GatezError('store-unavailable', `There is no connection to Redis${why}.`))
      return
    }
    // The mark of trust is in one place; a script of a cluster must not look at two.
    const isChecked = trust === 'checked' && (!isCluster || this.#keys.length === 0)
    const keys = isChecked ? [trustKey(connection.prefix), ...this.#keys] : this.#keys
    this.#timer = setTimeout(this.#late, answerMsMax)
    connection
      .script(SCRIPT, SCRIPT_SHA, keys, [isChecked ? run : '', ...this.#texts])
      .then(this.#read)
      .catch(this.#fail)
  }

  /** Time is up. What arrived while this thread was busy with something else is read first. */
  readonly #late = (): void => {
    setImmediate(() => {
      const detail = `Redis gave no answer within ${this.#parts.answerMsMax} ms.`
      this.#fail(new GatezError('store-unavailable', detail))
    })
  }

  readonly #read = (reply: unknown): void => {
    clearTimeout(this.#timer)
    const numbers = new NumberReader(reply)
    const atMs = numbers.next()
    if (atMs === -1) {
      this.isDistrusted = true
      this.#fail(
        new GatezError('store-unavailable', 'Redis lost what it counted; it is being counted again.'),
      )
      return
    }
    if (this.#isOver) {
      this.#takeBack(atMs, numbers)
      return
    }
    this.#isOver = true
    for (const ask of this.#asks) ask.resolve(readDecision(numbers, ask))
    this.#settled.resolve()
  }

  readonly #fail = (error: unknown): void => {
    clearTimeout(this.#timer)
    // What is read from now on may be the answer to something else.
    if (error instanceof WrongReply) this.#parts.connection.reset()
    if (this.#isOver) return
    this.#isOver = true
    for (const ask of this.#asks) ask.reject(error)
    this.#settled.reject(error)
  }

  /** It was done after all, when nobody waited any more: who asked has decided otherwise, so it is undone. */
  #takeBack(atMs: number, numbers: NumberReader): void {
    const after = new Batch({ ...this.#parts, trust: 'any' }, '')
    for (const ask of this.#asks) {
      const { outcome } = readDecision(numbers, ask)
      if (outcome === 'admitted' && ask.taken !== undefined)
        after.tell(`["U",${ask.taken.text},${atMs}]`, ask.taken.keys)
    }
    if (after.#keys.length > 0) after.send()
  }
}

function readDecision(numbers: NumberReader, { endsMs, nowMs }: Ask): Decision {
  const bits = numbers.next()
  const remaining: number[] = []
  const resetAtMs: number[] = []
  for (const endMs of endsMs) {
    remaining.push(numbers.next())
    const inMs = numbers.next()
    resetAtMs.push(endMs === 0 ? nowMs + inMs : endMs)
  }
  if (bits === 0) return { outcome: 'admitted', remaining, resetAtMs, violated: NONE }
  const violated: number[] = []
  for (let index = 0; index < endsMs.length; index += 1) {
    if (Math.floor(bits / 2 ** index) % 2 === 1) violated.push(index)
  }
  return { outcome: 'refused', remaining, resetAtMs, violated }
}

const NONE: readonly number[] = []

class WrongReply extends GatezError {}

/** The numbers of a reply, one after the other. */
class NumberReader {
  readonly #numbers: readonly unknown[]
  #at = 0

  constructor(reply: unknown) {
    this.#numbers = Array.isArray(reply) ? reply : []
  }

  next(): number {
    const number = this.#numbers[this.#at]
    this.#at += 1
    if (typeof number === 'number') return number
    throw new WrongReply('store-unavailable', 'Redis answered something else than was asked.')
  }
}
