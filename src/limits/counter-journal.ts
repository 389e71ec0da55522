import { type Counter, countedAs, STEPS_PER_WINDOW } from '../storage/ports/counters.ts'

/** What one counter is to be told: `amount` at a moment; of a quota it may be below 0. */
export interface JournalEntry {
  readonly counter: Counter
  readonly atMs: number
  readonly amount: number
}

/**
 * What was let through, or given back, while shared counts were out of reach.
 *
 * Of a window, moments of one sixtieth of it are kept as the last of them: places free a little late, never
 * early, and a counter has some sixty entries at most. Older ones than the window are dropped.
 */
export class CounterJournal {
  readonly #counters = new Map<string, Entries>()

  add(counters: readonly Counter[], nowMs: number): void {
    for (const counter of counters) this.put({ counter, atMs: nowMs, amount: counter.cost })
  }

  giveBack(counters: readonly Counter[]): void {
    for (const counter of counters) {
      if (counter.kind === 'quota') this.put({ counter, atMs: 0, amount: -counter.cost })
    }
  }

  put({ counter, atMs, amount }: JournalEntry): void {
    // Calls in flight are told as they are, not as they were.
    if (counter.kind === 'concurrent') return
    const isQuota = counter.kind === 'quota'
    const name = countedAs(counter)
    let entries = this.#counters.get(name)
    if (entries === undefined) {
      entries = { counter, moments: new Map() }
      this.#counters.set(name, entries)
    }
    const stepMs = isQuota ? 1 : Math.max(1, counter.windowMs / STEPS_PER_WINDOW)
    const step = isQuota ? 0 : Math.floor(atMs / stepMs)
    const before = entries.moments.get(step)
    entries.moments.set(step, {
      atMs: Math.max(atMs, before?.atMs ?? 0),
      amount: amount + (before?.amount ?? 0),
    })
    if (entries.moments.size > MOMENTS_MAX) {
      const oldest = step - STEPS_PER_WINDOW - 1
      for (const each of entries.moments.keys()) if (each < oldest) entries.moments.delete(each)
    }
  }

  /** All of it, each counter's in the order of time; nothing is left. */
  drain(): readonly JournalEntry[] {
    const drained = [...this.#counters.values()].flatMap(({ counter, moments }) =>
      [...moments.values()]
        .filter(({ amount }) => amount !== 0)
        .sort((one, other) => one.atMs - other.atMs)
        .map((moment) => ({ counter, ...moment })),
    )
    this.#counters.clear()
    return drained
  }
}

interface Entries {
  readonly counter: Counter
  /** By the sixtieth of the window they are in. */
  readonly moments: Map<number, { readonly atMs: number; readonly amount: number }>
}

const MOMENTS_MAX = 2 * STEPS_PER_WINDOW
