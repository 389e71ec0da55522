import { GatezError } from '../../errors/gatez-error.ts'
import type { Decision } from '../ports/counters.ts'
import type { RedisConnection } from './connection.ts'
import { trustKey } from './cut.ts'
import type { PreparedCounters } from './prepared-counters.ts'
import { SCRIPT, SCRIPT_SHA } from './script.ts'
import { ScriptCall } from './script-call.ts'

/** Who waits for a decision. */
export interface Ask {
  /** What is asked about. */
  readonly prepared: PreparedCounters
  /** Whether it takes something: undone should nobody wait any more when it is taken. */
  readonly isTaken: boolean
  readonly nowMs: number
  readonly resolve: (decision: Decision) => void
  readonly reject: (error: unknown) => void
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
  readonly #decideAtMs: string
  readonly #operations = new ScriptCall()
  readonly #asks: Ask[] = []
  readonly #settled = Promise.withResolvers<void>()
  #timer: NodeJS.Timeout | undefined
  #isOver = false
  #isSent = false
  #length = 0
  /** How many numbers its answer has: the moment it was decided at, then those of each decision. */
  #expected = 1

  constructor(parts: BatchParts, decideAtMs: string) {
    this.#parts = parts
    this.#decideAtMs = decideAtMs
    this.done = this.#settled.promise
    // Who only asks for decisions learns of a failure there.
    this.done.catch(() => {})
  }

  /** How many operations it holds. */
  get length(): number {
    return this.#length
  }

  /** Adds an operation that decides. */
  ask(operation: ScriptCall, ask: Ask): void {
    this.tell(operation)
    this.#asks.push(ask)
    this.#expected += 1 + 2 * ask.prepared.endsMs.length
  }

  /** Adds an operation without an answer of its own. */
  tell(operation: ScriptCall): void {
    this.#operations.join(operation)
    this.#length += 1
  }

  /** Sends it, once. */
  send(): void {
    if (this.#isSent) return
    this.#isSent = true
    const { connection, trust, answerMsMax, clock, holder } = this.#parts
    const { run, isCluster } = connection
    if (run === undefined) {
      const why = connection.problem === undefined ? '' : `: ${connection.problem}`
      this.#fail(new GatezError('store-unavailable', `There is no connection to Redis${why}.`))
      return
    }
    // The mark of trust is in one place; a script of a cluster must not look at two.
    const isChecked = trust === 'checked' && (!isCluster || this.#operations.keyCount === 0)
    const call = new ScriptCall()
      .addKeys(isChecked ? [trustKey(connection.prefix)] : [])
      .addWords([isChecked ? run : '', this.#decideAtMs, clock === 'caller' ? '0' : String(clock), holder])
      .join(this.#operations)
    this.#timer = setTimeout(this.#late, answerMsMax)
    connection.script(SCRIPT, SCRIPT_SHA, call).then(this.#read).catch(this.#fail)
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
    const atMs = numbers.count >= 1 ? numbers.next() : Number.NaN
    const isDistrusted = numbers.count === 1 && atMs === -1
    if (!isDistrusted && numbers.count !== this.#expected) {
      throw new WrongReply('store-unavailable', 'Redis answered something else than was asked.')
    }
    if (isDistrusted) {
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
      if (outcome === 'admitted' && ask.isTaken) after.tell(ask.prepared.operation('U', atMs))
    }
    if (after.length > 0) after.send()
  }
}

function readDecision(numbers: NumberReader, { prepared, nowMs }: Ask): Decision {
  const { endsMs } = prepared
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

/** The numbers of a reply, one after the other: doubles of eight bytes, the lowest byte first. */
class NumberReader {
  /** How many there are; part of one where the reply is something else. */
  readonly count: number
  readonly #bytes: DataView
  #at = 0

  constructor(reply: unknown) {
    const { buffer, byteOffset, byteLength } = Buffer.isBuffer(reply) ? reply : NO_BYTES
    this.#bytes = new DataView(buffer, byteOffset, byteLength)
    this.count = byteLength / 8
  }

  next(): number {
    const number = this.#bytes.getFloat64(this.#at, true)
    this.#at += 8
    return number
  }
}

const NO_BYTES = Buffer.alloc(0)
