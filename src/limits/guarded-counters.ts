import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../lib/clock.ts'
import {
  type Counter,
  type CounterStore,
  type CounterTraits,
  type Decision,
  type LocalCounterStore,
  NEVER_REFUSES,
} from '../storage/ports/counters.ts'
import type { SharedCounterStore } from '../storage/ports/shared-counters.ts'
import type { AloneTally } from './alone-tally.ts'
import { CounterJournal } from './counter-journal.ts'
import { InFlight } from './in-flight.ts'

/** How often it is looked whether the shared counts are back. */
const PROBE_MS = 100
/**
 * How long a node goes on alone once they are: in that time every other one tells what it let through, so that
 * none decides by counts that lack it.
 */
const GRACE_MS = 400
/** How often it is looked at the start. */
const READY_MS = 10

export interface GuardedParts {
  readonly shared: SharedCounterStore
  /** Counters of this process: what it let through, whoever decided. */
  readonly local: LocalCounterStore
  /** How many processes share the counters. */
  readonly nodes: number
  readonly clock: Clock
  readonly tally: AloneTally
  /** Called when the shared counts are out of reach, with the reason, and with undefined when they are back. */
  readonly onChange: (why: string | undefined) => void
}

/**
 * Shared counters, and what the plan says while they are out of reach.
 *
 * The first question that finds no answer waits for as long as an answer may take; then calls are decided
 * here, at once, until the shared counts answer again. What was let through meanwhile is counted there before the
 * next call is: limits hold over the turn. With `local`, a node lets at most its share of a limit through in any
 * window, what it let through before counted in.
 */
export class GuardedCounters implements CounterStore {
  readonly traits: CounterTraits
  readonly #parts: GuardedParts
  readonly #shapes = new WeakMap<readonly Counter[], Shape>()
  readonly #journal = new CounterJournal()
  readonly #inFlight: InFlight
  readonly #renewing: NodeJS.Timeout
  #probing: NodeJS.Timeout | undefined
  #awaySinceMs: number | undefined
  /** Since when it is known that they are within reach again. */
  #backSinceMs: number | undefined
  #isClosed = false

  constructor(parts: GuardedParts) {
    this.#parts = parts
    this.traits = parts.shared.traits
    this.#inFlight = new InFlight(parts.shared)
    this.#renewing = setInterval(() => this.#renew(), parts.shared.leaseMs / 3).unref()
  }

  /** Resolves once it is known whether the shared counts are within reach, after `withinMs` at the latest. */
  async ready(withinMs: number): Promise<void> {
    const { shared, clock } = this.#parts
    const untilMs = clock.monotonicMs() + withinMs
    for (;;) {
      const trust = await shared.check().catch((error: unknown) => error)
      if (trust === 'trusted') return
      if (clock.monotonicMs() >= untilMs || this.#isClosed) {
        this.#leave(trust === 'distrusted' ? new Error(NOT_COUNTED) : trust)
        return
      }
      await setTimeout(READY_MS)
    }
  }

  get isAlone(): boolean {
    return this.#awaySinceMs !== undefined
  }

  take(counters: readonly Counter[], nowMs: number): Decision | Promise<Decision> {
    const shape = this.#shapeOf(counters)
    if (this.#awaySinceMs !== undefined) return this.#decideAlone(shape, nowMs)
    if (shape.hasConcurrent) this.#inFlight.asked(counters)
    return this.#parts.shared.take(counters, nowMs).then(
      (decision) => {
        const isAdmitted = decision.outcome === 'admitted'
        // It counts should they go away.
        if (isAdmitted) this.#parts.local.count(counters, nowMs)
        if (shape.hasConcurrent) this.#inFlight.answered(counters, isAdmitted)
        return decision
      },
      (error: unknown) => {
        if (shape.hasConcurrent) this.#inFlight.answered(counters, false)
        this.#leave(error)
        return this.#decideAlone(shape, nowMs)
      },
    )
  }

  peek(counters: readonly Counter[], nowMs: number): Decision | Promise<Decision> {
    const { shares } = this.#shapeOf(counters)
    if (this.isAlone) return this.#parts.local.peek(shares, nowMs)
    return this.#parts.shared.peek(counters, nowMs).catch((error: unknown) => {
      this.#leave(error)
      return this.#parts.local.peek(shares, nowMs)
    })
  }

  async giveBack(counters: readonly Counter[]): Promise<void> {
    const { local, shared } = this.#parts
    await local.giveBack(counters)
    if (this.isAlone) {
      this.#journal.giveBack(counters)
      return
    }
    // Where it is not known whether it was done, it is not done again: that would give back twice.
    await shared.giveBack(counters).catch((error: unknown) => this.#leave(error))
  }

  async release(counters: readonly Counter[]): Promise<void> {
    const { local, shared } = this.#parts
    local.release(counters)
    this.#inFlight.ended(counters)
    if (!this.isAlone) await shared.release(counters).catch((error: unknown) => this.#leave(error))
  }

  async restore(counter: Counter, atMs: number, amount: number, least?: number): Promise<void> {
    this.#parts.local.restore(counter, atMs, amount, least)
    await this.#parts.shared.restore(counter, atMs, amount, least)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#renewing)
    clearTimeout(this.#probing)
    await this.#parts.shared[Symbol.asyncDispose]()
  }

  #shapeOf(counters: readonly Counter[]): Shape {
    const known = this.#shapes.get(counters)
    if (known !== undefined) return known
    const hasConcurrent = counters.some(({ kind }) => kind === 'concurrent')
    const shape = { counters, hasConcurrent, shares: sharesOf(counters, this.#parts.nodes) }
    this.#shapes.set(counters, shape)
    return shape
  }

  #decideAlone(shape: Shape, nowMs: number): Decision {
    const { counters, hasConcurrent } = shape
    const mode = counters[0]?.onStoreFailure ?? 'local'
    const decision = this.#decideBy(mode, shape, nowMs)
    const isAdmitted = decision.outcome === 'admitted'
    this.#parts.tally.decided(counters[0]?.tenantId ?? '', mode, isAdmitted, nowMs)
    if (!isAdmitted) return decision
    this.#journal.add(counters, nowMs)
    if (hasConcurrent) this.#inFlight.began(counters)
    return decision
  }

  #decideBy(mode: Counter['onStoreFailure'], { counters, shares }: Shape, nowMs: number): Decision {
    if (mode === 'closed') return AWAY
    if (mode === 'local') return this.#parts.local.take(shares, nowMs)
    this.#parts.local.count(counters, nowMs)
    return { ...this.#parts.local.peek(counters, nowMs), outcome: 'admitted', violated: [] }
  }

  #leave(error: unknown): void {
    if (this.isAlone || this.#isClosed) return
    this.#awaySinceMs = this.#parts.clock.nowMs()
    this.#parts.onChange(error instanceof Error ? error.message : String(error))
    this.#probeLater()
  }

  #probeLater(): void {
    this.#probing = globalThis.setTimeout(() => void this.#probe(), PROBE_MS).unref()
  }

  async #probe(): Promise<void> {
    const { shared, clock } = this.#parts
    const trust = await shared.check(this.#awaySinceMs).catch(() => undefined)
    if (this.#isClosed) return
    if (trust !== 'trusted') this.#backSinceMs = undefined
    else if (this.#backSinceMs === undefined) {
      this.#backSinceMs = clock.monotonicMs()
      this.#tellAll()
    } else if (clock.monotonicMs() - this.#backSinceMs >= GRACE_MS) {
      this.#comeBack()
      return
    }
    this.#probeLater()
  }

  /** What is sent here is counted there before anything that is asked from now on. */
  #comeBack(): void {
    this.#tellAll()
    this.#awaySinceMs = undefined
    this.#backSinceMs = undefined
    this.#parts.onChange(undefined)
  }

  #tellAll(): void {
    const { shared } = this.#parts
    for (const entry of this.#journal.drain()) {
      shared.restore(entry.counter, entry.atMs, entry.amount).catch((error: unknown) => {
        this.#journal.put(entry)
        this.#leave(error)
      })
    }
    this.#inFlight.tell().catch((error: unknown) => this.#leave(error))
  }

  #renew(): void {
    if (!this.isAlone) this.#inFlight.tell().catch((error: unknown) => this.#leave(error))
  }
}

/** What is worked out once of the counters of a call. */
interface Shape {
  readonly counters: readonly Counter[]
  readonly hasConcurrent: boolean
  /** The same counters with this node's share of their amounts. */
  readonly shares: readonly Counter[]
}

function sharesOf(counters: readonly Counter[], nodes: number): readonly Counter[] {
  if (nodes === 1) return counters
  return counters.map((counter) => {
    // There is nothing to share of what never refuses.
    if (counter.amount === NEVER_REFUSES) return counter
    return counter.withAmount(Math.floor(counter.amount / nodes))
  })
}

const NOT_COUNTED = 'Redis lost what it counted; it is being counted again.'

const AWAY: Decision = { outcome: 'away', remaining: [], resetAtMs: [], violated: [] }
