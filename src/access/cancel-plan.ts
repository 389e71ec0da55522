import { GatezError } from '../errors/gatez-error.ts'
import { type Access, record, type Signed } from './access.ts'
import { type BillingRules, paidUntil } from './change-plan.ts'
import { findTenant } from './find-tenant.ts'
import { periodEndMs } from './subscription-change.ts'
import { isToCome, runsAt, type TenantView, viewTenant } from './tenant-view.ts'

/**
 * Ends the plan of a tenant when its billing period (or trial) ends, or now: from then on its calls answer 403.
 *
 * Its keys stay. A change set for later is taken back. Naming a plan again takes the end back, or begins anew.
 */
export async function cancelPlan(
  { store, clock, billing }: Access & { readonly billing: BillingRules },
  { actor, at, ...request }: CancelPlanRequest,
): Promise<TenantView> {
  const nowMs = clock.nowMs()
  return store.transaction(async (tables) => {
    const tenant = await findTenant(tables, request.tenant)
    await tables.tenants.lock(tenant.id)
    const subscriptions = await tables.subscriptions.list(tenant.id)
    const active = subscriptions.find((each) => runsAt(each, nowMs))
    if (active === undefined) {
      throw new GatezError('no-plan', `Tenant ${tenant.id} has no plan that could be cancelled.`)
    }
    const paidMs = await paidUntil(tables, active, { nowMs, timezone: billing.timezone })
    const endMs = at === 'now' ? nowMs : periodEndMs(active, { nowMs, billing, paidUntilMs: paidMs })
    const toCome = subscriptions.filter((each) => isToCome(each, nowMs))
    for (const each of toCome) await tables.subscriptions.end(each.id, each.startMs)
    if (active.endMs !== endMs || toCome.length > 0) {
      await tables.subscriptions.end(active.id, endMs)
      const subject = `tenant:${tenant.id}`
      const detail = { plan: active.planId, end_ms: endMs }
      await record(tables, { atMs: nowMs, actor, action: 'tenant.plan_cancelled', subject, detail })
    }
    return viewTenant(tables, tenant, nowMs)
  })
}

export interface CancelPlanRequest extends Signed {
  /** Id or external id. */
  readonly tenant: string
  readonly at: 'now' | 'period-end'
}
