import { type Access, record, type Signed } from './access.ts'
import { findTenant } from './find-tenant.ts'
import { type TenantView, viewTenant } from './tenant-view.ts'

/** Lets a tenant call again that is suspended or unpaid, with the keys it had. Resuming an active one changes nothing. */
export async function resumeTenant(
  { store, clock }: Access,
  request: ResumeTenantRequest,
): Promise<TenantView> {
  const nowMs = clock.nowMs()
  return store.transaction(async (tables) => {
    const tenant = await findTenant(tables, request.tenant)
    if (tenant.state !== 'active') {
      await tables.tenants.setState(tenant.id, 'active')
      await record(tables, {
        atMs: nowMs,
        actor: request.actor,
        action: 'tenant.resumed',
        subject: `tenant:${tenant.id}`,
      })
    }
    return viewTenant(tables, { ...tenant, state: 'active' }, nowMs)
  })
}

export interface ResumeTenantRequest extends Signed {
  /** Id or external id. */
  readonly tenant: string
}
