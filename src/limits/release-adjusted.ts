import { ADJUSTMENTS } from '../model/adjustment.ts'
import { overridePlan } from '../model/overrides.ts'
import { periodAt } from '../model/period.ts'
import type { Plan } from '../model/plan.ts'
import type { ControlStore } from '../storage/ports/control-store.ts'
import type { CounterStore } from '../storage/ports/counters.ts'
import { quotaCounter } from './call-counters.ts'

export interface ReleaseParts {
  readonly store: Pick<ControlStore, 'adjustments' | 'subscriptions' | 'tenants'>
  readonly counters: CounterStore
  readonly timezone: string
  readonly nowMs: () => number
  readonly plans: () => Promise<readonly Plan[]>
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
    this.#last = this.#last.catch(() => {}).then(() => this.#release())
    return this.#last
  }

  async #release(): Promise<void> {
    const { store, counters, timezone, nowMs } = this.#parts
    for (const { event } of await store.adjustments.after(this.#seq)) {
      const plan = await this.#planOf(event.tenantId)
      for (const quota of plan?.quotas ?? []) {
        const cost = quota.meter === 'units' ? -event.usageUnits : 1
        if (quota.onExceed !== 'block' || cost <= 0) continue
        const period = periodAt(quota.per, timezone, nowMs())
        if (event.timestampMs < period.startMs || event.timestampMs >= period.endMs) continue
        const { tenantId, keyId, routeId } = event
        await counters.giveBack([quotaCounter(quota, cost, { tenantId, keyId, routeId, cost }, () => period)])
      }
      this.#seq = event.seq
    }
  }

  async #planOf(tenantId: string): Promise<Plan | undefined> {
    const { store, nowMs, plans } = this.#parts
    const subscription = await store.subscriptions.activeAt(tenantId, nowMs())
    const shared = (await plans()).find(({ id }) => id === subscription?.planId)
    const overrides = (await store.tenants.find(tenantId))?.overrides ?? null
    return shared === undefined ? undefined : overridePlan(shared, overrides)
  }
}

/** The adjustments of a control store that were made until now. */
export function adjustedThrough({ ledger }: Pick<ControlStore, 'ledger'>): Promise<number> {
  return ledger.watermark(ADJUSTMENTS)
}
