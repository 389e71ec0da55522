import type { TenantView } from '../access/tenant-view.ts'

/** Says which plan a tenant is on, and what is set for later. */
export function tenantPlanText(tenant: TenantView): string {
  const { id, plan, next_plan: next, next_plan_at: nextAt, plan_until: until, trial_until: trial } = tenant
  if (plan === null) return `Tenant ${id} is on no plan.`
  if (trial !== null && next === plan) return `Tenant ${id} is on plan ${plan}, on trial until ${trial}.`
  const end =
    next !== null ? ` until ${nextAt}, then ${next}` : until === null ? '' : ` until ${until}, then none`
  return `Tenant ${id} is on plan ${plan}${end}.`
}
