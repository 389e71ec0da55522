import type { Clock } from '../lib/clock.ts'
import { heldPlan, type QuotaRules } from '../model/billing-calendar.ts'
import type { Limit, Plan } from '../model/plan.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import type { Counter, CounterStore } from '../storage/ports/counters.ts'
import type { Admission, UsageLog } from '../storage/ports/usage-log.ts'
import { isCounted, quotaCounter, windowCounter } from './call-counters.ts'
import { periodFinder } from './period-finder.ts'
import { planHeld } from './plan-held.ts'
import { UseByTenant } from './quota-used.ts'

export interface RestoreParts {
  readonly store: Pick<ControlTables, 'ledger' | 'subscriptions' | 'tenants'>
  readonly usageLog: Pick<UsageLog, 'admissions'>
  readonly counters: CounterStore
  readonly clock: Clock
  readonly billing: QuotaRules
}

/**
 * Counts again, at start, what was admitted before: windows from the usage log, quotas from the ledger.
 *
 * Exact for everything that was metered; a call that was in flight when the process died is missing.
 */
export async function restoreCounters(parts: RestoreParts, plans: readonly Plan[]): Promise<void> {
  await restoreWindows(parts, plans)
  await restoreQuotas(parts, plans)
}

type PlanFinder = (tenantId: string) => Promise<Plan | undefined>
type QuotaParts = Omit<RestoreParts, 'usageLog'>

/** Finds the plan a tenant is on now; asks the store once a tenant. */
function planFinder({ store, clock }: QuotaParts, plans: readonly Plan[]): PlanFinder {
  const found = new Map<string, Plan | undefined>()
  return async (tenantId) => {
    if (found.has(tenantId)) return found.get(tenantId)
    const plan = await planHeld(store, plans, await store.subscriptions.activeAt(tenantId, clock.nowMs()))
    found.set(tenantId, plan)
    return plan
  }
}

/** Counts windows again, from the usage log. */
export async function restoreWindows(parts: RestoreParts, plans: readonly Plan[]): Promise<void> {
  const planOf = planFinder(parts, plans)
  const longestMs = Math.max(0, ...plans.flatMap((plan) => plan.limits.map((limit) => limit.windowMs)))
  if (longestMs === 0) return
  // A sixtieth more: limits counted in steps hold on to the oldest one that long.
  const fromMs = parts.clock.nowMs() - Math.ceil((longestMs * 61) / 60)
  const counters = new WindowCounters()
  for await (const admission of parts.usageLog.admissions(fromMs, 1)) {
    const plan = await planOf(admission.tenantId)
    for (const limit of plan?.limits ?? []) {
      // What was in flight when the process ended is not any more.
      if (limit.counts === 'concurrent') continue
      const amount = limit.counts === 'units' ? admission.units : admission.requests
      const counter = counters.of(limit, admission)
      if (counter !== undefined && amount > 0) {
        await parts.counters.restore(counter, admission.timestampMs, amount)
      }
    }
  }
}

/** The counters that admissions belong to; each made once, for its name is hashed. */
export class WindowCounters {
  readonly #made = new Map<string, Counter>()

  /** Undefined without a limit. */
  of(limit: Limit, admission: Admission): Counter | undefined {
    if (limit.amount === null) return undefined
    const key = `${admission.tenantId}\t${admission.keyId}\t${admission.routeId}\t${limit.id}`
    let counter = this.#made.get(key)
    if (counter === undefined) {
      counter = windowCounter(limit, limit.amount, 1, { ...admission, cost: 1 })
      this.#made.set(key, counter)
    }
    return counter
  }
}

/** Counts quotas again, from the ledger. */
export async function restoreQuotas(parts: QuotaParts, plans: readonly Plan[]): Promise<void> {
  if (!plans.some(({ quotas }) => quotas.some(isCounted))) return
  const periodOf = periodFinder(parts.billing)
  const nowMs = parts.clock.nowMs()
  const use = new UseByTenant(parts.store)
  for (const subscription of await parts.store.subscriptions.during(nowMs, nowMs + 1)) {
    const { tenantId } = subscription
    for (const quota of (await planHeld(parts.store, plans, subscription))?.quotas ?? []) {
      if (!isCounted(quota)) continue
      const period = periodOf(quota.per, nowMs, heldPlan(subscription))
      const meter = quota.meter === 'units' ? 'units' : 'calls'
      const used = await use.of({ tenantId, meter, period })
      if (used === 0) continue
      const call = { tenantId, keyId: '', routeId: '', cost: 1 }
      await parts.counters.restore(
        quotaCounter(quota, 1, call, () => period),
        nowMs,
        used,
      )
    }
  }
}
