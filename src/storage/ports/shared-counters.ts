import type { Counter, CounterStore, Decision } from './counters.ts'

/**
 * Counters that many nodes share, in a store that may be away, come back, or come back empty.
 *
 * Everything here rejects when the store does not answer in time. What it was asked may have been done all the
 * same: a call can be counted that was decided elsewhere, never the other way round.
 */
export interface SharedCounterStore extends CounterStore {
  take(counters: readonly Counter[], nowMs: number): Promise<Decision>
  peek(counters: readonly Counter[], nowMs: number): Promise<Decision>
  giveBack(counters: readonly Counter[]): Promise<void>
  release(counters: readonly Counter[]): Promise<void>
  /** Of a quota the amount may be below 0. */
  restore(counter: Counter, atMs: number, amount: number, least?: number): Promise<void>
  /**
   * Whether the store answers, and with counts that can be relied on. Between the moment it lost them and
   * the moment they are counted again it is `distrusted`: all that is asked of it meanwhile rejects.
   *
   * `sinceMs`: since then this node has decided without it, and will count that itself.
   */
  check(sinceMs?: number): Promise<Trust>
  /** Says how many calls of this holder are in flight in one counter of those. Not while `take` is under way for it. */
  hold(counter: Counter, calls: number): Promise<void>
  /** Says that its calls in flight still are. Needed every `leaseMs` / 3. */
  renew(counter: Counter): Promise<void>
  readonly leaseMs: number
}

export type Trust = 'trusted' | 'distrusted'

/** What looks after shared counters, once a node: whether they can be trusted, and who counts them again. */
export interface CounterTrust extends AsyncDisposable {
  check(): Promise<Trust>
  /** Begins to count again; undefined when another node is at it, or has done it meanwhile. */
  beginRecount(): Promise<Recount | undefined>
  /** Gives quotas back for the adjustment at `seq`: the first node to say so does it, for all of them. */
  giveBackOnce(seq: number, counters: readonly Counter[]): Promise<void>
  /** Counts what is missing of it until so much is used. Rejects while the counts cannot be trusted. */
  restore(counter: Counter, atMs: number, amount: number, least: number): Promise<void>
}

/** Counters being counted again. Dispose it in any case: another node may then try. */
export interface Recount extends AsyncDisposable {
  /**
   * Since this moment, by the clock of this node, nothing was taken from the shared counters: each node
   * remembers what it let through since then and counts it itself.
   */
  readonly cutMs: number
  /** Takes what is restored, whatever is trusted. */
  readonly counters: CounterStore
  /** Says that all is counted, with the adjustments up to `adjustedSeq`; false when it came to nothing. */
  finish(adjustedSeq: number): Promise<boolean>
}
