import { GatezError } from '../errors/gatez-error.ts'
import { isoTime } from '../lib/iso-time.ts'
import type { QuotaRules } from '../model/billing-calendar.ts'
import { overridePlan } from '../model/overrides.ts'
import type { PlanVersion } from '../model/plan.ts'
import type { Subscription, Tenant } from '../model/tenant.ts'
import { paidUntilMs } from '../pricing/fee-cycles.ts'
import { type Direction, directionOf, monthlyValue } from '../pricing/monthly-value.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { type Access, record, type Signed } from './access.ts'
import { findPlan } from './find-plan.ts'
import { findTenant } from './find-tenant.ts'
import { changeSubscriptions, type SubscriptionChange } from './subscription-change.ts'
import { runsAt, type TenantView, viewTenant } from './tenant-view.ts'

/**
 * Moves a tenant to another plan: up at once, down when its billing period ends, unless `at` says otherwise.
 *
 * Until then the old limits hold. The latest word holds: a change set for later is taken back first, so naming the
 * present plan again keeps it. A tenant without a plan gets the new one at once. The new subscription has the plan's
 * newest version. With `trialDays` nothing is billed for so long; only who never had the plan may try it.
 */
export async function changePlan(
  { store, clock, billing }: Access & { readonly billing: BillingRules },
  request: ChangePlanRequest,
): Promise<TenantView> {
  const nowMs = clock.nowMs()
  return store.transaction(async (tables) => {
    const tenant = await findTenant(tables, request.tenant)
    await tables.tenants.lock(tenant.id)
    await movePlan(tables, tenant, { ...request, nowMs, billing })
    return viewTenant(tables, tenant, nowMs)
  })
}

export interface ChangePlanRequest extends Signed {
  /** Id or external id. */
  readonly tenant: string
  readonly planId: string
  /** By direction if not given. */
  readonly at?: 'now' | 'period-end' | undefined
  readonly trialDays?: number | undefined
}

/** How long a billing period is, where it begins, and where its days do. */
export type BillingRules = QuotaRules

/** The same in a transaction of the caller, which has locked the tenant. */
export async function movePlan(
  tables: ControlTables,
  tenant: Tenant,
  request: MovePlanRequest,
): Promise<SubscriptionChange> {
  const { nowMs } = request
  const { plan, change, direction } = await findChange(tables, tenant, request)
  for (const { id, endMs } of change.ends) await tables.subscriptions.end(id, endMs)
  for (const subscription of change.inserts) await tables.subscriptions.insert(subscription)
  if (change.wasChanging) {
    await record(tables, {
      atMs: nowMs,
      actor: request.actor,
      action: change.keepsPlan ? 'tenant.plan_kept' : 'tenant.plan_changed',
      subject: `tenant:${tenant.id}`,
      detail: {
        from: change.active?.planId ?? null,
        to: plan.plan.id,
        version: plan.version,
        start_ms: change.startMs,
        direction,
        ...(request.reason !== undefined && { reason: request.reason }),
      },
    })
  }
  return change
}

/** What moving would do; changes nothing. */
export async function findChange(
  tables: ControlTables,
  tenant: Tenant,
  { planId, at, trialDays, nowMs, billing }: Omit<MovePlanRequest, 'actor'>,
): Promise<FoundChange> {
  const plan = await findPlan(tables, planId)
  const subscriptions = await tables.subscriptions.list(tenant.id)
  const active = subscriptions.find((each) => runsAt(each, nowMs))
  if (trialDays !== undefined) refuseSecondTrial(tenant.id, planId, subscriptions)
  const direction = await findDirection(tables, tenant, { active, plan, billing })
  const paidMs = await paidUntil(tables, active, { nowMs, timezone: billing.timezone })
  const before = { tenantId: tenant.id, subscriptions, nowMs, billing, paidUntilMs: paidMs }
  const change = changeSubscriptions(before, { tenantId: tenant.id, plan, direction, at, trialDays })
  return { plan, subscriptions, change, direction }
}

export interface MovePlanRequest extends Signed, Omit<ChangePlanRequest, 'tenant' | 'actor'> {
  readonly nowMs: number
  readonly billing: BillingRules
  /** For the audit, where no one asked. */
  readonly reason?: string
}

export interface FoundChange {
  readonly plan: PlanVersion
  /** As they are before it. */
  readonly subscriptions: readonly Subscription[]
  readonly change: SubscriptionChange
  readonly direction: Direction
}

interface Move {
  readonly active: Subscription | undefined
  readonly plan: PlanVersion
  readonly billing: BillingRules
}

/** By what both plans are worth to this tenant, the old one in the version it is on. */
async function findDirection(
  tables: ControlTables,
  { overrides }: Tenant,
  { active, plan, billing }: Move,
): Promise<Direction> {
  const from = active === undefined ? undefined : await tables.plans.find(active.planId, active.planVersion)
  if (from === undefined) return 'upgrade'
  const [before, after] = [from, plan].map((each) =>
    monthlyValue(overridePlan(each.plan, overrides), billing.period),
  )
  return before === undefined || after === undefined ? 'upgrade' : directionOf(before, after)
}

/** Until when the fees of a subscription are paid, where they have a cycle of their own. */
export async function paidUntil(
  { plans }: Pick<ControlTables, 'plans'>,
  active: Subscription | undefined,
  at: { readonly nowMs: number; readonly timezone: string },
): Promise<number | undefined> {
  if (active === undefined) return undefined
  const version = await plans.find(active.planId, active.planVersion)
  return version === undefined ? undefined : paidUntilMs(version.plan.charges, active, at)
}

function refuseSecondTrial(tenantId: string, planId: string, subscriptions: readonly Subscription[]): void {
  const earlier = subscriptions.find((each) => each.planId === planId && each.endMs !== each.startMs)
  if (earlier === undefined) return
  throw new GatezError(
    'invalid-parameter',
    `trial is for who never had the plan, and tenant ${tenantId} has plan ${planId} since ${isoTime(earlier.startMs)} or had it then: leave --trial out.`,
  )
}
