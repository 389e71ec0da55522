import type { Charge, Plan } from './plan.ts'

/**
 * What one tenant gets beside its plan, by the operator's word: amounts in place of the plan's, features
 * on top of them.
 *
 * Kept with the tenant, not with the plan: it stays when the tenant moves, and counts wherever the plan it
 * is on has a limit or quota of that id.
 */
export interface Overrides {
  /** Limit id → amount; null = unlimited. */
  readonly limits: Readonly<Record<string, number | null>>
  /** Quota id → what is included, a decimal string. */
  readonly quotas: Readonly<Record<string, string>>
  /** Ids of features the tenant has whatever its plan says. */
  readonly features: readonly string[]
  /** How many keys the tenant may hold; null = any number, not there = as many as its plan says. */
  readonly keysMax?: number | null
  /** Charge id → its price for this tenant, as in the file; not there = none. */
  readonly prices?: Readonly<Record<string, Charge['price']>>
  /** What a billing period may cost before tax, a decimal: from then on no call passes; not there = no end. */
  readonly spendCap?: string
}

/** No override at all. */
export const NO_OVERRIDES: Overrides = { limits: {}, quotas: {}, features: [] }

/**
 * The plan as it holds for a tenant with these overrides; the plan itself when there are none.
 *
 * An override of an id the plan does not have changes nothing. Ids and windows stay, so what was counted
 * before still counts.
 */
export function overridePlan(plan: Plan, overrides: Overrides | null): Plan {
  if (overrides === null) return plan
  const added = overrides.features.filter((feature) => !plan.features.includes(feature))
  return {
    ...plan,
    keys: overrides.keysMax === undefined ? plan.keys : { ...plan.keys, max: overrides.keysMax },
    features: [...plan.features, ...added],
    charges: plan.charges.map((charge) => {
      const price = own(overrides.prices ?? {}, charge.id)
      return price === undefined ? charge : { ...charge, price }
    }),
    limits: plan.limits.map((limit) => {
      const amount = own(overrides.limits, limit.id)
      return amount === undefined ? limit : { ...limit, amount }
    }),
    quotas: plan.quotas.map((quota) => {
      const included = own(overrides.quotas, quota.id)
      return included === undefined ? quota : { ...quota, included }
    }),
  }
}

/** Whether nothing is overridden. */
export function overridesNothing({
  limits,
  quotas,
  features,
  keysMax,
  spendCap,
  prices = {},
}: Overrides): boolean {
  const amounts = { ...limits, ...quotas, ...prices }
  const count = Object.keys(amounts).length + features.length
  return count === 0 && keysMax === undefined && spendCap === undefined
}

// An id may be a name that every object has, as `constructor`.
function own<Value>(record: Readonly<Record<string, Value>>, id: string): Value | undefined {
  return Object.hasOwn(record, id) ? record[id] : undefined
}
