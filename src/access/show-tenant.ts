import type { Overrides } from '../model/overrides.ts'
import type { Access } from './access.ts'
import { type CustomerView, viewCustomer } from './customer.ts'
import { findTenant } from './find-tenant.ts'
import { type TenantView, viewTenant } from './tenant-view.ts'

/** One tenant, by id or external id, with how many keys it holds and may hold. */
export async function showTenant(
  { store, clock }: Access,
  request: { readonly tenant: string },
): Promise<TenantDetails> {
  const tenant = await findTenant(store, request.tenant)
  const view = await viewTenant(store, tenant, clock.nowMs())
  const plan = view.plan === null ? undefined : (await store.plans.find(view.plan))?.plan
  return {
    ...view,
    keys_held: await store.keys.countHeld(tenant.id),
    keys_max: plan === undefined ? 0 : plan.keys.max,
    overrides: tenant.overrides,
    customer: viewCustomer(tenant.customer),
  }
}

export interface TenantDetails extends TenantView {
  /** Approved and active keys. */
  readonly keys_held: number
  /** null = any number; 0 without a plan. */
  readonly keys_max: number | null
  /** What it gets beside its plan; null when nothing. */
  readonly overrides: Overrides | null
  /** What its invoices say of it; null when nothing beside its name. */
  readonly customer: CustomerView | null
}
