import { overridePlan } from '../model/overrides.ts'
import type { Plan } from '../model/plan.ts'
import type { Subscription } from '../model/tenant.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'

/** The plan of a subscription, as it is for its tenant; undefined without one, or if the plan is none of `plans`. */
export async function planHeld(
  { tenants }: Pick<ControlTables, 'tenants'>,
  plans: readonly Plan[],
  subscription: Subscription | undefined,
): Promise<Plan | undefined> {
  const shared = plans.find(({ id }) => id === subscription?.planId)
  if (shared === undefined || subscription === undefined) return undefined
  const tenant = await tenants.find(subscription.tenantId)
  return overridePlan(shared, tenant?.overrides ?? null)
}
