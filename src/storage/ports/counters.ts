import { hash } from 'node:crypto'
import type { OnStoreFailure } from '../../model/plan.ts'

/**
 * Counts of sliding windows and quotas: the one place where calls that race are told apart.
 *
 * Every call asks for room in all its counters at once; it gets all of it or none.
 */
export interface CounterStore extends AsyncDisposable {
  readonly traits: CounterTraits
  /** True while calls are decided without the counts that nodes share, because those are out of reach. */
  readonly isAlone?: boolean

  /**
   * Takes `cost` from every counter, if each has room for it.
   *
   * All or nothing, and atomic among all callers who share the store: two calls that race for the
   * last place never both win. A refused call costs nothing. Counters of one call belong to one
   * tenant. `nowMs` is the caller's clock; where the store has its own, it is not looked at.
   */
  take(counters: readonly Counter[], nowMs: number): Decision | Promise<Decision>

  /** What is left in each counter, without taking anything. */
  peek(counters: readonly Counter[], nowMs: number): Decision | Promise<Decision>

  /** Gives back what `take` took from the quotas among `counters`; windows count admissions and keep it. */
  giveBack(counters: readonly Counter[]): void | Promise<void>

  /**
   * Frees the places that `take` took in those of `counters` that count calls in flight. Once for each call
   * that was admitted, however it ended.
   */
  release(counters: readonly Counter[]): void | Promise<void>

  /**
   * Adds what was admitted before this process started, past any limit: how counters are rebuilt. With `least` only
   * what is missing of it until so much is used.
   */
  restore(counter: Counter, atMs: number, amount: number, least?: number): void | Promise<void>
}

/** A store in the memory of this process: it answers at once. */
export interface LocalCounterStore extends CounterStore {
  take(counters: readonly Counter[], nowMs: number): Decision
  peek(counters: readonly Counter[], nowMs: number): Decision
  release(counters: readonly Counter[]): void
  restore(counter: Counter, atMs: number, amount: number, least?: number): void
  /** Counts a call that was admitted elsewhere, past any limit. */
  count(counters: readonly Counter[], nowMs: number): void
}

export interface CounterTraits {
  /** Whether other processes see the same counts. */
  readonly shared: boolean
  readonly clock: 'caller' | 'store'
}

/**
 * `log` keeps every moment of admission: exact. `steps` counts in 60 sub-windows and counts the
 * oldest, partly expired one in full: never over the limit, a place frees at most 1/60 late. `concurrent`
 * counts what is in flight: a place frees when it is released.
 */
export type CounterKind = 'log' | 'steps' | 'quota' | 'concurrent'

/** Up to this many per window are kept as moments, above it in steps (design 5). */
export const LOG_LIMIT = 1000

export const STEPS_PER_WINDOW = 60

/**
 * The amount of quotas that never refuse, in calls a period. A power of ten that every store writes out exactly.
 */
export const NEVER_REFUSES = 10_000_000_000_000

/** What is left of what a counter includes, by what is left of its amount. */
export function leftOf({ amount, allowance }: Counter, remaining: number): number {
  return amount === allowance ? remaining : Math.max(0, allowance - (amount - remaining))
}

/** A counter of one tenant, as a plan's limit or quota asks for it. */
export class Counter {
  readonly tenantId: string
  /** Keeps the counters of one tenant together: one lock, one slot of a cluster. */
  readonly tenantHash: number
  /** Unique among all counters: `rl:{tenant}:{route}:{window}`, quotas `q:{tenant}:{quota}`. */
  readonly name: string
  readonly kind: CounterKind
  /** The id of the limit or quota: the policy's name in the answer's headers. */
  readonly id: string
  /** The most that may be used: a whole number. Of a quota that never refuses, more than anyone uses. */
  readonly amount: number
  /** What is included, which clients are told: the same, but for a quota that never refuses. */
  readonly allowance: number
  /** What this call takes: a whole number, 1 or more. */
  readonly cost: number
  readonly windowMs: number
  /** The billing period of a quota; 0 for the others. */
  readonly periodStartMs: number
  readonly periodEndMs: number
  /** What happens while shared counts are out of reach: by the plan, so the same for all counters of a call. */
  readonly onStoreFailure: OnStoreFailure
  /** 96 bits of the SHA-256 of the name, and of a quota's period: counts of two periods never meet. */
  readonly hash0: number
  readonly hash1: number
  readonly hash2: number
  /** How its state begins in the `RateLimit` field, first and further on: made once, sent on every answer. */
  readonly stateHead: string
  readonly nextStateHead: string
  /** Where a driver found it last; a hint it may use and must check. */
  place = -1

  constructor(spec: CounterSpec) {
    this.tenantId = spec.tenantId
    this.onStoreFailure = spec.onStoreFailure ?? 'local'
    this.tenantHash = hash('sha256', spec.tenantId, 'buffer').readInt32LE(0)
    this.name = spec.name
    this.kind = spec.kind
    this.id = spec.id
    this.stateHead = `"${spec.id}";r=`
    this.nextStateHead = `, ${this.stateHead}`
    this.amount = spec.amount
    this.allowance = spec.allowance ?? spec.amount
    this.cost = spec.cost
    this.windowMs = spec.windowMs
    this.periodStartMs = spec.periodStartMs ?? 0
    this.periodEndMs = spec.periodEndMs ?? 0
    const digest = hash('sha256', countedAs(this), 'buffer')
    this.hash0 = digest.readInt32LE(0)
    this.hash1 = digest.readInt32LE(4)
    this.hash2 = digest.readInt32LE(8)
  }

  /** The same counter with another amount. */
  withAmount(amount: number): Counter {
    const allowance = this.allowance === this.amount ? amount : this.allowance
    return new Counter({ ...this, amount, allowance })
  }
}

/**
 * What tells a count from all others: the name, and of a quota the period, from its start to its end.
 *
 * A plan may give a quota of the same id another cycle, and the file another beginning: that is another count.
 */
export function countedAs({ kind, name, periodStartMs, periodEndMs }: Counter): string {
  return kind === 'quota' ? `${name}\t${periodStartMs}\t${periodEndMs}` : name
}

export interface CounterSpec {
  readonly tenantId: string
  readonly name: string
  readonly kind: CounterKind
  readonly id: string
  readonly amount: number
  readonly allowance?: number
  readonly cost: number
  readonly windowMs: number
  readonly periodStartMs?: number
  readonly periodEndMs?: number
  readonly onStoreFailure?: OnStoreFailure | undefined
}

/** What came of asking: for each counter, in the order asked, what is left and when more comes. */
export interface Decision {
  /**
   * `full`: the store has no room for another counter; answer 503 and raise an alarm. `away`: shared counts are
   * out of reach, and the plan lets nothing pass then.
   */
  readonly outcome: 'admitted' | 'refused' | 'full' | 'away'
  /** What may still be used after this call: whole numbers, never below 0. */
  readonly remaining: readonly number[]
  /**
   * When there will be more: admitted, the moment the oldest counted call leaves the window; refused,
   * the first moment at which this counter would admit the same call. Quotas: the period's end. Calls in
   * flight: nobody knows when one ends; the moment of asking, or a second later when there is no room.
   */
  readonly resetAtMs: readonly number[]
  /** Positions of the counters that had no room; empty unless refused. */
  readonly violated: readonly number[]
}
