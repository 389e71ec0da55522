import type { BillingCycle, Charge, Plan } from '../../model/plan.ts'
import { QUANTITY_PLACES } from '../../model/quantity.ts'
import {
  compare,
  exactly,
  formatExactly,
  isZero,
  plus,
  type Rational,
  rational,
  ZERO,
} from '../../model/rational.ts'
import { readPrice } from '../read-price.ts'
import { findCliffs } from './find-cliffs.ts'
import { findRises } from './find-rises.ts'
import { findUnreachable } from './find-unreachable.ts'
import type { Finding, LintedCharge, LintRule } from './finding.ts'

/**
 * Looks for what an operator can hardly have meant in the prices of a plan, charge by charge.
 *
 * `decimalMeters` are those whose quantities may have places; the others count whole units.
 */
export function lintPlan(plan: Plan, { period, decimalMeters }: LintPlace): readonly Finding[] {
  const charges = plan.charges.flatMap((charge) => readCharge(charge, decimalMeters))
  const found = charges.flatMap((charge) => [
    ...named('cliff', charge.id, findCliffs(charge)),
    ...named('gap', charge.id, endOfPrices(charge)),
    ...named('overlap', charge.id, twice(charge, charges)),
    ...named('overlap', charge.id, freeTwice(charge)),
    ...named('unreachable', charge.id, findUnreachable(charge, plan, period)),
    ...named('rise', charge.id, findRises(charge)),
    ...named('gap', charge.id, allowanceGap(charge, plan)),
  ])
  return [...found, ...named('gap', '', unbilledQuotas(plan, charges))].map((each) => ({
    plan: plan.id,
    ...each,
  }))
}

export interface LintPlace {
  /** How long a bill covers. */
  readonly period: BillingCycle
  readonly decimalMeters: ReadonlySet<string>
}

function readCharge(charge: Charge, decimalMeters: ReadonlySet<string>): readonly LintedCharge[] {
  if (charge.meter === null) return []
  const step = decimalMeters.has(charge.meter) ? rational(1n, 10n ** BigInt(QUANTITY_PLACES)) : rational(1n)
  return [{ id: charge.id, meter: charge.meter, price: readPrice(charge.price), step }]
}

function named(
  rule: LintRule,
  charge: string,
  messages: readonly string[],
): readonly Omit<Finding, 'plan'>[] {
  return messages.map((message) => ({ charge, rule, message }))
}

function endOfPrices({ price, meter }: LintedCharge): readonly string[] {
  const end = price.model === 'stairstep' ? price.tiers.at(-1)?.upTo : null
  if (end === null || end === undefined) return []
  return [
    `above ${formatExactly(plus(price.included, end))} ${meter} there is no price: end with a tier up_to: null`,
  ]
}

function twice({ id, meter }: LintedCharge, charges: readonly LintedCharge[]): readonly string[] {
  const first = charges.find((other) => other.meter === meter)
  return first === undefined || first.id === id
    ? []
    : [`prices ${meter}, as charge ${first.id} does: each is billed twice`]
}

function freeTwice({ price, meter }: LintedCharge): readonly string[] {
  const free = freeTier(price)
  if (isZero(free) || isZero(price.included)) return []
  const [included, both] = [formatExactly(price.included), formatExactly(plus(price.included, free))]
  return [
    `${included} ${meter} are included and the first ${formatExactly(free)} of the rest are free: ${both} in all`,
  ]
}

/** A quota that says where billing begins, and a price that begins elsewhere. */
function allowanceGap({ price, meter }: LintedCharge, plan: Plan): readonly string[] {
  const quota = plan.quotas.find((each) => each.meter === meter && each.onExceed === 'bill')
  if (quota === undefined) return []
  const free = plus(price.included, freeTier(price))
  const order = compare(free, exactly(quota.included))
  if (order === 0) return []
  const freely = isZero(free) ? 'none are free' : `the first ${formatExactly(free)} are free`
  const what = `quota ${quota.id} includes ${quota.included} ${meter}, but ${freely}`
  return [order < 0 ? `${what}: included ones are billed` : `${what}: those between are never billed`]
}

function unbilledQuotas(plan: Plan, charges: readonly LintedCharge[]): readonly string[] {
  return plan.quotas.flatMap(({ id, meter, included, onExceed }) => {
    if (onExceed !== 'bill' || charges.some((charge) => charge.meter === meter)) return []
    return [
      `quota ${id} lets more than ${included} ${meter} through to be billed, but no charge prices ${meter}`,
    ]
  })
}

/** How many units the first tier gives for nothing. */
function freeTier(price: LintedCharge['price']): Rational {
  if (price.model !== 'graduated') return ZERO
  const first = price.tiers[0]
  return first?.upTo != null && isZero(first.unit) && isZero(first.flat) ? first.upTo : ZERO
}
