import type { Access } from './access.ts'
import { type TenantView, viewTenant } from './tenant-view.ts'

/** All tenants but the deleted ones, oldest first. */
export async function listTenants({ store, clock }: Access): Promise<readonly TenantView[]> {
  const nowMs = clock.nowMs()
  const views: TenantView[] = []
  for (const tenant of await store.tenants.list()) views.push(await viewTenant(store, tenant, nowMs))
  return views
}
