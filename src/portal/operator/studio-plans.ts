import type { InputOf, ItemOf } from '../../control/client.ts'

/** A plan as files have it: what is simulated and compared. */
export type FilePlan = InputOf<'simulatePrices'>['plans'][number]

/** One charge of it. */
export type FileCharge = FilePlan['charges'][number]

type PlanInForce = ItemOf<'listPlans'>

const SCOPES = ['tenant', 'key', 'route', 'key-route'] as const
const CYCLES = ['day', 'week', 'month', 'year'] as const
const ENDS = ['block', 'bill', 'notify', 'upgrade'] as const

/** A plan in force, written as the file would have it. */
export function filePlanOf(plan: PlanInForce): FilePlan {
  const { id, name, support, routes, features, keys, limits, quotas, charges } = plan
  return {
    ...{ id, name, support, keys },
    routes: routes === 'all' ? routes : [...routes],
    features: [...features],
    limits: limits.map(({ window_ms: windowMs, scope, ...limit }) => ({
      ...{ id: limit.id, counts: limit.counts, amount: limit.amount, per: limit.per, windowMs },
      scope: oneOf(SCOPES, scope, 'tenant'),
    })),
    quotas: quotas.map(({ per, on_exceed, upgrade_to, ...quota }) => ({
      ...{ id: quota.id, meter: quota.meter, included: quota.included },
      ...{ per: oneOf(CYCLES, per, 'month'), onExceed: oneOf(ENDS, on_exceed, 'block') },
      ...(upgrade_to !== undefined && { upgradeTo: upgrade_to }),
    })),
    charges: charges.map(({ price, ...charge }) => ({ ...charge, price: { ...price } })),
    ...(plan.on_store_failure !== undefined && { onStoreFailure: plan.on_store_failure }),
  }
}

/** The plans with one charge of one of them at another price. */
export function withPrice(
  plans: readonly FilePlan[],
  { plan: planId, charge: chargeId }: { readonly plan: string; readonly charge: string },
  price: FileCharge['price'],
): readonly FilePlan[] {
  return plans.map((plan) =>
    plan.id === planId
      ? {
          ...plan,
          charges: plan.charges.map((charge) => (charge.id === chargeId ? { ...charge, price } : charge)),
        }
      : plan,
  )
}

function oneOf<Name extends string>(names: readonly Name[], name: string, other: Name): Name {
  return names.find((each) => each === name) ?? other
}
