import { isDeepStrictEqual } from 'node:util'
import { heldPlan, type QuotaRules, quotaPeriodAt } from '../model/billing-calendar.ts'
import { overridePlan } from '../model/overrides.ts'
import type { Limit, Plan, Quota } from '../model/plan.ts'
import type { Subscription } from '../model/tenant.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { isCounted } from './call-counters.ts'
import { planHeld } from './plan-held.ts'

/** What the counters of a gateway go by. */
export interface CountedRules {
  readonly plans: readonly Plan[]
  readonly billing: QuotaRules
}

/** Limits and quotas of a tenant whose counters may lack what was let through before they came to be. */
export interface WantedCounters {
  readonly subscription: Subscription
  readonly limits: readonly Limit[]
  readonly quotas: readonly Quota[]
}

type Tables = Pick<ControlTables, 'subscriptions' | 'tenants'>

/**
 * What may be new to tenants that something changed for: windows and periods that reach back to before they had the
 * plan, and limits the operator set for them. Who never had another plan lacks nothing, and a limit that the plan
 * before had too was counted all along: reading the usage log is spared.
 */
export async function wantedByTenants(
  store: Tables,
  { plans, billing }: CountedRules,
  tenantIds: readonly string[],
  nowMs: number,
): Promise<readonly WantedCounters[]> {
  const wanted: WantedCounters[] = []
  for (const tenantId of tenantIds) {
    const subscriptions = await store.subscriptions.list(tenantId)
    const subscription = subscriptions.find((each) => each.startMs <= nowMs && nowMs < endOf(each))
    const shared = plans.find(({ id }) => id === subscription?.planId)
    if (subscription === undefined || shared === undefined) continue
    const held = heldPlan(subscription)
    const cameMs = held.planSinceMs ?? subscription.startMs
    const hadAnother = subscriptions.some((each) => each.startMs < cameMs && endOf(each) > each.startMs)
    const overrides = (await store.tenants.find(tenantId))?.overrides ?? null
    const plan = overridePlan(shared, overrides)
    const before = subscriptions.findLast(
      (each) => each.startMs < subscription.startMs && endOf(each) > each.startMs,
    )
    const counted = plans.find(({ id }) => id === before?.planId)?.limits ?? []
    const limits = plan.limits.filter((limit) => {
      const isNew = hadAnother && cameMs > nowMs - limit.windowMs
      const isCountedAllAlong = counted.some((each) => countsAsMuch(each, limit))
      return (isNew && !isCountedAllAlong) || Object.hasOwn(overrides?.limits ?? {}, limit.id)
    })
    const quotas = plan.quotas.filter((quota) => {
      return hadAnother && cameMs > quotaPeriodAt(billing, quota.per, nowMs, held).startMs
    })
    add(wanted, { subscription, limits, quotas })
  }
  return wanted
}

/** What is new to the subscribers of plans that have more limits or quotas than before, or count by other periods. */
export async function wantedByRules(
  store: Tables,
  { before, after }: { readonly before: CountedRules; readonly after: CountedRules },
  nowMs: number,
): Promise<readonly WantedCounters[]> {
  const isRecut = !isDeepStrictEqual(before.billing, after.billing)
  const gained = new Map<string, Gained>()
  for (const plan of after.plans) {
    const old = before.plans.find(({ id }) => id === plan.id)
    const limits = plan.limits.filter((limit) => !old?.limits.some((each) => countsAsMuch(each, limit)))
    const quotas = plan.quotas.filter((quota) => isRecut || !old?.quotas.some((each) => isAlike(each, quota)))
    if (limits.length > 0 || quotas.length > 0)
      gained.set(plan.id, { limits: ids(limits), quotas: ids(quotas) })
  }
  if (gained.size === 0) return []
  const wanted: WantedCounters[] = []
  for (const subscription of await store.subscriptions.during(nowMs, nowMs + 1)) {
    const more = gained.get(subscription.planId)
    const plan = more && (await planHeld(store, after.plans, subscription))
    if (plan === undefined || more === undefined) continue
    const limits = plan.limits.filter(({ id }) => more.limits.includes(id))
    add(wanted, { subscription, limits, quotas: plan.quotas.filter(({ id }) => more.quotas.includes(id)) })
  }
  return wanted
}

/** Ids of the limits and quotas that a plan has more than before. */
interface Gained {
  readonly limits: readonly string[]
  readonly quotas: readonly string[]
}

function add(wanted: WantedCounters[], { subscription, ...found }: WantedCounters): void {
  // Calls in flight are counted where they are, and what has no limit is not counted.
  const limits = found.limits.filter(({ counts, amount }) => counts !== 'concurrent' && amount !== null)
  const quotas = found.quotas.filter(isCounted)
  if (limits.length > 0 || quotas.length > 0) wanted.push({ subscription, limits, quotas })
}

function countsAsMuch(one: Limit, other: Limit): boolean {
  const isSame = one.id === other.id && one.scope === other.scope && one.counts === other.counts
  return isSame && one.amount !== null && one.windowMs >= other.windowMs
}

function isAlike(one: Quota, other: Quota): boolean {
  return one.id === other.id && one.per === other.per && one.meter === other.meter
}

function ids(items: readonly { readonly id: string }[]): readonly string[] {
  return items.map(({ id }) => id)
}

function endOf({ endMs }: Subscription): number {
  return endMs ?? Number.POSITIVE_INFINITY
}
