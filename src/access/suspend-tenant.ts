import { type Access, record, type Signed } from './access.ts'
import { findTenant } from './find-tenant.ts'
import { type TenantView, viewTenant } from './tenant-view.ts'
import { checkedText, REASON_LENGTH_MAX } from './text.ts'

/**
 * Stops all calls of a tenant within a second; its keys, plan and numbers stay as they are.
 *
 * Suspending a suspended tenant changes nothing.
 */
export async function suspendTenant(
  { store, clock }: Access,
  request: SuspendTenantRequest,
): Promise<TenantView> {
  const nowMs = clock.nowMs()
  const reason =
    request.reason === undefined ? null : checkedText('reason', request.reason, REASON_LENGTH_MAX)

  return store.transaction(async (tables) => {
    const tenant = await findTenant(tables, request.tenant)
    if (tenant.state !== 'suspended') {
      await tables.tenants.setState(tenant.id, 'suspended')
      await record(tables, {
        atMs: nowMs,
        actor: request.actor,
        action: 'tenant.suspended',
        subject: `tenant:${tenant.id}`,
        detail: { reason },
      })
    }
    return viewTenant(tables, { ...tenant, state: 'suspended' }, nowMs)
  })
}

export interface SuspendTenantRequest extends Signed {
  /** Id or external id. */
  readonly tenant: string
  readonly reason?: string | undefined
}
