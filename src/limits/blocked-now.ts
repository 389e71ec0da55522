import type { Route } from '../model/api.ts'
import { type HeldPlan, heldPlan, quotaPeriodAt } from '../model/billing-calendar.ts'
import { overridePlan } from '../model/overrides.ts'
import type { Plan } from '../model/plan.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import type { Counter, CounterStore } from '../storage/ports/counters.ts'
import { countersOf } from './call-counters.ts'
import { type RestoreParts, restoreCounters } from './restore-counters.ts'

export interface BlockedNowParts extends Omit<RestoreParts, 'store' | 'counters'> {
  readonly store: Pick<ControlTables, 'ledger' | 'subscriptions' | 'tenants' | 'keys'>
  readonly routes: readonly Route[]
  /** Makes an empty store of counters, of the kind the gateway asks. */
  readonly emptyCounters: () => CounterStore
}

/** A tenant whose next call a limit or quota would refuse. */
export interface Blocked {
  readonly tenantId: string
  /** Ids of the limits and quotas, each once. */
  readonly by: readonly string[]
}

/**
 * Who would be refused at this moment if `plans` were in force, by the use they have made so far.
 *
 * Counts again what was admitted, into counters of the kind that the gateway asks, and asks each.
 */
export async function blockedNow(
  parts: BlockedNowParts,
  plans: readonly Plan[],
): Promise<readonly Blocked[]> {
  await using counters = parts.emptyCounters()
  await restoreCounters({ ...parts, counters }, plans)
  const nowMs = parts.clock.nowMs()
  const byId = new Map(plans.map((plan) => [plan.id, plan]))
  const blocked: Blocked[] = []
  for (const { id, overrides } of await parts.store.tenants.list()) {
    const subscription = await parts.store.subscriptions.activeAt(id, nowMs)
    const shared = subscription === undefined ? undefined : byId.get(subscription.planId)
    if (shared === undefined) continue
    const plan = overridePlan(shared, overrides)
    const full = new Set<string>()
    for (const counter of await countersOfTenant(parts, id, plan, heldPlan(subscription))) {
      const { remaining } = await counters.peek([counter], nowMs)
      if ((remaining[0] ?? 0) < counter.cost) full.add(counter.id)
    }
    if (full.size > 0) blocked.push({ tenantId: id, by: [...full] })
  }
  return blocked
}

/** Every counter that any call of the tenant's keys could meet, each once. */
async function countersOfTenant(
  parts: BlockedNowParts,
  tenantId: string,
  plan: Plan,
  held: HeldPlan,
): Promise<readonly Counter[]> {
  const keys = await parts.store.keys.list({ tenantId, state: 'active' })
  const nowMs = parts.clock.nowMs()
  const opened = parts.routes.filter(({ id }) => plan.routes === 'all' || plan.routes.includes(id))
  const counters = new Map<string, Counter>()
  for (const { id: keyId } of keys) {
    for (const { id: routeId, cost } of opened) {
      const call = { tenantId, keyId, routeId, cost }
      const found = countersOf(plan, call, (cycle) => quotaPeriodAt(parts.billing, cycle, nowMs, held))
      for (const counter of found) {
        const known = counters.get(counter.name)
        // The cheapest call that meets it: who can make none is blocked.
        if (known === undefined || counter.cost < known.cost) counters.set(counter.name, counter)
      }
    }
  }
  return [...counters.values()]
}
