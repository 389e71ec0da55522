import { ADJUSTMENTS } from '../model/adjustment.ts'
import { heldPlan, quotaPeriodAt } from '../model/billing-calendar.ts'
import type { ControlStore } from '../storage/ports/control-store.ts'
import type { Counter, CounterStore } from '../storage/ports/counters.ts'
import type { CounterTrust } from '../storage/ports/shared-counters.ts'
import { isCounted, quotaCounter } from './call-counters.ts'
import { planHeld } from './plan-held.ts'
import type { CountedRules } from './wanted-counters.ts'

export interface ReleaseParts {
  readonly store: Pick<ControlStore, 'adjustments' | 'ledger' | 'subscriptions' | 'tenants'>
  readonly counters: CounterStore
  readonly nowMs: () => number
  /** Those in force: periods have other ends once the file says so. */
  readonly rules: () => Promise<CountedRules>
  /** Counters that other nodes share, which give back the same. */
  readonly shared?: Pick<CounterTrust, 'giveBackOnce'> | undefined
}

/**
 * Gives back to quotas what adjustments take back, each adjustment once.
 *
 * Starts behind the adjustments that the counters were counted again with (`afterSeq`). Windows keep their
 * places: what was taken back later was admitted all the same.
 */
export class AdjustedQuotas {
  readonly #parts: ReleaseParts
  #seq: number
  #last: Promise<void> = Promise.resolve()

  constructor(parts: ReleaseParts, afterSeq: number) {
    this.#parts = parts
    this.#seq = afterSeq
  }

  /** Gives back what was adjusted since the last time. One after the other, so that nothing is given back twice. */
  release(): Promise<void> {
    return this.#next(() => this.#release())
  }

  /**
   * Has sums of the ledger read, and counted, in which what was given back is taken back and nothing else: else an
   * adjustment could count twice, or not at all. Resolves to what was read.
   */
  async between<Sums>(read: () => Promise<Sums>, count: (sums: Sums) => void): Promise<Sums> {
    return this.#next(async () => {
      await this.#release()
      let sums = await read()
      // Made meanwhile. Who adjusts without end does not keep it from being counted.
      for (let again = 0; again < READ_AGAIN_MAX; again += 1) {
        if ((await adjustedThrough(this.#parts.store)) <= this.#seq) break
        await this.#release()
        sums = await read()
      }
      count(sums)
      return sums
    })
  }

  #next<Done>(work: () => Promise<Done>): Promise<Done> {
    const done = this.#last.then(work)
    this.#last = done.then(
      () => {},
      () => {},
    )
    return done
  }

  async #release(): Promise<void> {
    const { store, rules, counters, shared, nowMs } = this.#parts
    for (const { event } of await store.adjustments.after(this.#seq)) {
      const { plans, billing } = await rules()
      const subscription = await store.subscriptions.activeAt(event.tenantId, nowMs())
      const plan = await planHeld(store, plans, subscription)
      const given: Counter[] = []
      for (const quota of plan?.quotas ?? []) {
        // A part of a call, or a reported event, took no call from any quota.
        const cost = quota.meter === 'units' ? -event.usageUnits : -event.count
        if (!isCounted(quota) || cost <= 0) continue
        const period = quotaPeriodAt(billing, quota.per, nowMs(), heldPlan(subscription))
        if (event.timestampMs < period.startMs || event.timestampMs >= period.endMs) continue
        const { tenantId, keyId, routeId } = event
        given.push(quotaCounter(quota, cost, { tenantId, keyId, routeId, cost }, () => period))
      }
      if (given.length > 0) await shared?.giveBackOnce(event.seq, given)
      await counters.giveBack(given)
      this.#seq = event.seq
    }
  }
}

const READ_AGAIN_MAX = 5

/** The adjustments of a control store that were made until now. */
export function adjustedThrough({ ledger }: Pick<ControlStore, 'ledger'>): Promise<number> {
  return ledger.watermark(ADJUSTMENTS)
}
