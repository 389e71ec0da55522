import { GatezError } from '../errors/gatez-error.ts'
import type { Tenant } from '../model/tenant.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { type Access, record, type Signed } from './access.ts'
import { findTenant } from './find-tenant.ts'
import { type KeyViewState, stateAt } from './key-view.ts'
import { isToCome, type TenantView, viewTenant } from './tenant-view.ts'

/**
 * Deletes a tenant for good: its id is never used again, its numbers stay for reports.
 *
 * Refused with `tenant-in-use`, naming everything, while it has keys that work or wait, a plan, or invoices to pay.
 * With `force` keys and plan end with it, all at the same moment: keys are revoked, requests rejected, subscriptions
 * end. Invoices stay to be paid.
 */
export async function deleteTenant(
  { store, clock }: Access,
  { tenant: name, force, actor }: DeleteTenantRequest,
): Promise<TenantView> {
  const nowMs = clock.nowMs()
  return store.transaction(async (tables) => {
    const tenant = await findTenant(tables, name)
    await tables.tenants.lock(tenant.id)
    const blockers = await blockersOf(tables, tenant, nowMs)
    if (blockers.length > 0 && !force) {
      throw new GatezError('tenant-in-use', `Tenant ${tenant.id} has ${blockers.join(' and ')}.`, {
        extra: { blockers },
      })
    }
    await endKeys(tables, tenant, { actor, nowMs })
    await endSubscriptions(tables, tenant, nowMs)
    for (const member of await tables.tenants.listMembers(tenant.id)) {
      await tables.tenants.removeMember(member.id)
    }
    await tables.tenants.setState(tenant.id, 'deleted')
    const subject = `tenant:${tenant.id}`
    const detail = { ended: blockers }
    await record(tables, { atMs: nowMs, actor, action: 'tenant.deleted', subject, detail })
    return viewTenant(tables, { ...tenant, state: 'deleted' }, nowMs)
  })
}

export interface DeleteTenantRequest extends Signed {
  /** Id or external id. */
  readonly tenant: string
  readonly force: boolean
}

/** What keeps a tenant from being deleted, in words, as `2 active keys`; empty when nothing does. */
export async function tenantBlockers(
  { store, clock }: Access,
  request: { readonly tenant: string },
): Promise<TenantBlockers> {
  const tenant = await findTenant(store, request.tenant)
  return { id: tenant.id, blockers: await blockersOf(store, tenant, clock.nowMs()) }
}

export interface TenantBlockers {
  readonly id: string
  readonly blockers: readonly string[]
}

const BLOCKING_STATES: readonly KeyViewState[] = ['active', 'approved', 'requested']

async function blockersOf(tables: ControlTables, tenant: Tenant, nowMs: number): Promise<readonly string[]> {
  const keys = await tables.keys.list({ tenantId: tenant.id })
  const ofKeys = BLOCKING_STATES.flatMap((state) => {
    const count = keys.filter((key) => stateAt(key, nowMs) === state).length
    return count === 0 ? [] : [`${count} ${state} ${count === 1 ? 'key' : 'keys'}`]
  })
  const subscriptions = await tables.subscriptions.list(tenant.id)
  const ofPlans = subscriptions.flatMap((subscription) => {
    if (isToCome(subscription, nowMs)) return [`a change to plan ${subscription.planId} set for later`]
    const runs = subscription.endMs === null || subscription.endMs > nowMs
    return runs && subscription.startMs <= nowMs ? [`a subscription to plan ${subscription.planId}`] : []
  })
  const unpaid = await tables.invoices.list({ tenantId: tenant.id, states: ['draft', 'open', 'overdue'] })
  const invoices = `${unpaid.length} unpaid ${unpaid.length === 1 ? 'invoice' : 'invoices'}`
  return [...ofKeys, ...ofPlans, ...(unpaid.length === 0 ? [] : [invoices])]
}

async function endKeys(
  tables: ControlTables,
  tenant: Tenant,
  { actor, nowMs }: Signed & { readonly nowMs: number },
): Promise<void> {
  for (const key of await tables.keys.list({ tenantId: tenant.id })) {
    const state = stateAt(key, nowMs)
    if (!BLOCKING_STATES.includes(state)) continue
    const wasAsked = state === 'requested'
    const next = wasAsked
      ? ({ ...key, state: 'rejected', decidedBy: actor, decidedAtMs: nowMs } as const)
      : ({ ...key, state: 'revoked', revokedAtMs: nowMs } as const)
    await tables.keys.update({ ...next, decisionReason: REASON }, key.state)
    const action = wasAsked ? 'key.rejected' : 'key.revoked'
    const detail = { reason: REASON }
    await record(tables, { atMs: nowMs, actor, action, subject: `key:${key.id}`, detail })
  }
}

const REASON = 'tenant deleted'

async function endSubscriptions(tables: ControlTables, tenant: Tenant, nowMs: number): Promise<void> {
  for (const subscription of await tables.subscriptions.list(tenant.id)) {
    if (isToCome(subscription, nowMs)) await tables.subscriptions.end(subscription.id, subscription.startMs)
    else if (subscription.endMs === null || subscription.endMs > nowMs) {
      await tables.subscriptions.end(subscription.id, nowMs)
    }
  }
}
