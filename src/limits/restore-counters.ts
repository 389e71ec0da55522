import type { Clock } from '../lib/clock.ts'
import { overridePlan } from '../model/overrides.ts'
import { periodAt } from '../model/period.ts'
import type { Limit, Plan } from '../model/plan.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import type { Counter, CounterStore } from '../storage/ports/counters.ts'
import type { Admission, UsageLog } from '../storage/ports/usage-log.ts'
import { quotaCounter, windowCounter } from './call-counters.ts'

export interface RestoreParts {
  readonly store: Pick<ControlTables, 'ledger' | 'subscriptions' | 'tenants'>
  readonly usageLog: UsageLog
  readonly counters: CounterStore
  readonly clock: Clock
  readonly timezone: string
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

/** Finds the plan a tenant is on now; asks the store once a tenant. */
function planFinder({ store, clock }: Omit<RestoreParts, 'usageLog'>, plans: readonly Plan[]): PlanFinder {
  const byId = new Map(plans.map((plan) => [plan.id, plan]))
  const found = new Map<string, Plan | undefined>()
  return async (tenantId) => {
    if (found.has(tenantId)) return found.get(tenantId)
    const subscription = await store.subscriptions.activeAt(tenantId, clock.nowMs())
    const shared = subscription === undefined ? undefined : byId.get(subscription.planId)
    const overrides = (await store.tenants.find(tenantId))?.overrides ?? null
    const plan = shared === undefined ? undefined : overridePlan(shared, overrides)
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
  const counters = new Map<string, Counter>()
  for await (const admission of parts.usageLog.admissions(fromMs, 1)) {
    const plan = await planOf(admission.tenantId)
    for (const limit of plan?.limits ?? []) {
      // What was in flight when the process ended is not any more.
      if (limit.counts === 'concurrent') continue
      const amount = limit.counts === 'units' ? admission.units : admission.requests
      const counter = counterOf(limit, admission, counters)
      if (counter !== undefined && amount > 0) {
        await parts.counters.restore(counter, admission.timestampMs, amount)
      }
    }
  }
}

/** The counter an admission belongs to; made once, for its name is hashed. */
function counterOf(limit: Limit, admission: Admission, made: Map<string, Counter>): Counter | undefined {
  if (limit.amount === null) return undefined
  const key = `${admission.tenantId}\t${admission.keyId}\t${admission.routeId}\t${limit.id}`
  let counter = made.get(key)
  if (counter === undefined) {
    counter = windowCounter(limit, limit.amount, 1, { ...admission, cost: 1 })
    made.set(key, counter)
  }
  return counter
}

/** Counts quotas again, from the ledger. */
export async function restoreQuotas(
  parts: Omit<RestoreParts, 'usageLog'>,
  plans: readonly Plan[],
): Promise<void> {
  const planOf = planFinder(parts, plans)
  const nowMs = parts.clock.nowMs()
  const blocking = plans.flatMap((plan) => plan.quotas.filter((quota) => quota.onExceed === 'block'))
  const spans = new Map(blocking.map((quota) => [`${quota.meter}-${quota.per}`, quota]))
  for (const span of spans.values()) {
    const period = periodAt(span.per, parts.timezone, nowMs)
    const meter = span.meter === 'units' ? 'units' : 'calls'
    for (const use of await parts.store.ledger.usedByTenant(meter, period.startMs, period.endMs)) {
      const plan = await planOf(use.tenantId)
      for (const quota of plan?.quotas ?? []) {
        if (quota.onExceed !== 'block' || quota.meter !== span.meter || quota.per !== span.per) continue
        const call = { tenantId: use.tenantId, keyId: '', routeId: '', cost: 1 }
        await parts.counters.restore(
          quotaCounter(quota, 1, call, () => period),
          nowMs,
          use.used,
        )
      }
    }
  }
}
