import { setTimeout as pause } from 'node:timers/promises'
import type { CounterTrust } from '../storage/ports/shared-counters.ts'
import { type RecountParts, recountCounters } from './recount-counters.ts'
import type { CountedRules } from './wanted-counters.ts'

/** How often it is looked whether shared counts can be relied on. */
const LOOK_MS = 1_000
/** What was let through before counts were lost is on its way to the ledger: so long it is waited for. */
const SETTLE_MS = 1_500
/** How long a start waits for counts that are counted again, by this node or another. */
const START_MS = 30_000

export interface CounterUpkeepParts extends Omit<RecountParts, 'billing'> {
  readonly trust: CounterTrust
  /** Those in force: periods have other ends once the file says so. */
  readonly rules: () => Promise<CountedRules>
  readonly onRecounted: (tookMs: number) => void
  readonly onError: (error: unknown) => void
}

/** Looks after shared counters: where they were lost they are counted again, by one of all nodes. */
export class CounterUpkeep {
  readonly #parts: CounterUpkeepParts
  readonly #stopping = new AbortController()
  #running: Promise<void> = Promise.resolve()

  private constructor(parts: CounterUpkeepParts) {
    this.#parts = parts
  }

  /** Resolves once the counts can be relied on; also when the store does not answer, to try again later. */
  static async start(parts: CounterUpkeepParts): Promise<CounterUpkeep> {
    const upkeep = new CounterUpkeep(parts)
    const untilMs = parts.clock.monotonicMs() + START_MS
    let attempts = 0
    while (parts.clock.monotonicMs() < untilMs) {
      const found = await upkeep.#look(0)
      if (found === 'trusted' || (found === 'away' && attempts >= CONNECT_ATTEMPTS)) break
      attempts += 1
      await pause(50)
    }
    upkeep.#running = upkeep.#run()
    return upkeep
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
    await this.#parts.trust[Symbol.asyncDispose]()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await pause(LOOK_MS, undefined, { signal }).catch(() => {})
      if (!signal.aborted) await this.#look(SETTLE_MS)
    }
  }

  async #look(settleMs: number): Promise<'trusted' | 'distrusted' | 'away'> {
    try {
      const trust = await this.#parts.trust.check()
      if (trust === 'trusted') return trust
    } catch {
      // Out of reach: who needs it says so.
      return 'away'
    }
    try {
      const { signal } = this.#stopping
      if (settleMs > 0) await pause(settleMs, undefined, { signal })
      return (await this.#recount()) ? 'trusted' : 'distrusted'
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#parts.onError(error)
      return 'distrusted'
    }
  }

  async #recount(): Promise<boolean> {
    const { trust, rules, clock, onRecounted } = this.#parts
    await using recount = await trust.beginRecount()
    if (recount === undefined) return false
    const startMs = clock.monotonicMs()
    const { plans, billing } = await rules()
    const isDone = await recountCounters({ ...this.#parts, billing }, plans, recount)
    if (isDone) onRecounted(clock.monotonicMs() - startMs)
    return isDone
  }
}

/** A server that is there is connected to within that many looks. */
const CONNECT_ATTEMPTS = 20
