import { prefixedId } from '../lib/id.ts'
import { periodAt } from '../model/period.ts'
import type { BillingCycle, PlanVersion } from '../model/plan.ts'
import type { Subscription, Tenant } from '../model/tenant.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { type Access, record, type Signed } from './access.ts'
import { findPlan } from './find-plan.ts'
import { findTenant } from './find-tenant.ts'
import { isToCome, type TenantView, viewTenant } from './tenant-view.ts'

/**
 * Moves a tenant to another plan, now or when its billing period ends.
 *
 * The latest word holds: a change set for later is taken back first, so naming the present plan again
 * keeps it. A tenant without a plan gets the new one at once, whatever `at` says. The new subscription
 * has the plan's newest version.
 */
export async function changePlan(
  { store, clock, billing }: Access & { readonly billing: BillingRules },
  request: ChangePlanRequest,
): Promise<TenantView> {
  const nowMs = clock.nowMs()
  const periodEndMs = periodAt(billing.period, billing.timezone, nowMs).endMs

  return store.transaction(async (tables) => {
    const tenant = await findTenant(tables, request.tenant)
    await tables.tenants.lock(tenant.id)
    const plan = await findPlan(tables, request.planId)
    const active = await tables.subscriptions.activeAt(tenant.id, nowMs)
    const wasChanging = await takeBackChanges(tables, tenant, nowMs)
    const keepsPlan = active?.planId === request.planId
    const startMs = request.at === 'period-end' && active !== undefined ? periodEndMs : nowMs

    if (keepsPlan) await tables.subscriptions.end(active.id, null)
    else await moveTo(tables, { tenant, plan, active, startMs })

    if (!keepsPlan || wasChanging) {
      await record(tables, {
        atMs: nowMs,
        actor: request.actor,
        action: keepsPlan ? 'tenant.plan_kept' : 'tenant.plan_changed',
        subject: `tenant:${tenant.id}`,
        detail: {
          from: active?.planId ?? null,
          to: request.planId,
          version: plan.version,
          start_ms: startMs,
        },
      })
    }
    return viewTenant(tables, tenant, nowMs)
  })
}

export interface ChangePlanRequest extends Signed {
  /** Id or external id. */
  readonly tenant: string
  readonly planId: string
  readonly at: 'now' | 'period-end'
}

/** How long a billing period is, and where its days begin. */
export interface BillingRules {
  readonly period: BillingCycle
  readonly timezone: string
}

/** Takes back what was set for later; true when there was something. */
async function takeBackChanges(tables: ControlTables, tenant: Tenant, nowMs: number): Promise<boolean> {
  const subscriptions = await tables.subscriptions.list(tenant.id)
  const toCome = subscriptions.filter((subscription) => isToCome(subscription, nowMs))
  for (const subscription of toCome) await tables.subscriptions.end(subscription.id, subscription.startMs)
  return toCome.length > 0
}

async function moveTo(tables: ControlTables, { tenant, plan, active, startMs }: Move): Promise<void> {
  if (active !== undefined) await tables.subscriptions.end(active.id, startMs)
  await tables.subscriptions.insert({
    id: prefixedId('sub'),
    tenantId: tenant.id,
    planId: plan.plan.id,
    planVersion: plan.version,
    startMs,
    endMs: null,
  })
}

interface Move {
  readonly tenant: Tenant
  readonly plan: PlanVersion
  readonly active: Subscription | undefined
  readonly startMs: number
}
