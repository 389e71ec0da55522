import { GatezError } from '../errors/gatez-error.ts'
import { overridePlan } from '../model/overrides.ts'
import type { Plan } from '../model/plan.ts'
import type { Tenant } from '../model/tenant.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'

/**
 * The plan whose key rules hold for the tenant, with what it has beside its plan; throws `no-plan` when it has none.
 *
 * Key rules move with the plan: the newest version holds, not the one whose prices the tenant has.
 */
export async function planOf(tables: ControlTables, tenant: Tenant, nowMs: number): Promise<Plan> {
  const subscription = await tables.subscriptions.activeAt(tenant.id, nowMs)
  const version = subscription === undefined ? undefined : await tables.plans.find(subscription.planId)
  if (version !== undefined) return overridePlan(version.plan, tenant.overrides)

  const ids = (await tables.plans.current()).map(({ plan }) => plan.id)
  const next =
    ids.length === 0
      ? 'gatez apply brings in the plans'
      : `gatez tenants plan ${tenant.id} ${ids[0]} gives it one`
  throw new GatezError('no-plan', `Tenant ${tenant.id} has no plan, so it can have no key: ${next}.`)
}

/**
 * Throws `key-limit-reached` unless the plan leaves room for one more key.
 *
 * Lock the tenant first: then what was counted still holds when the key is written.
 */
export async function checkRoom(tables: ControlTables, tenant: Tenant, plan: Plan): Promise<void> {
  const { max } = plan.keys
  if (max === null) return
  const held = await tables.keys.countHeld(tenant.id)
  if (held < max) return

  const larger = (await tables.plans.current())
    .filter((other) => other.plan.keys.max === null || other.plan.keys.max > max)
    .map((other) => `${other.plan.id} (${other.plan.keys.max ?? 'any number'})`)
  const way = larger.length === 0 ? '' : ` More are in ${larger.join(', ')}.`
  throw new GatezError(
    'key-limit-reached',
    `Plan ${plan.id} allows ${max} ${max === 1 ? 'key' : 'keys'}, tenant ${tenant.id} holds ${held}.${way}`,
  )
}
