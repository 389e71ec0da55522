import type { BillingCycle, Plan } from '../model/plan.ts'
import { compare, plus, type Rational, rational, times, ZERO } from '../model/rational.ts'
import type { Price } from './price.ts'
import { priceUsage } from './price-usage.ts'
import { readPrice } from './read-price.ts'

/**
 * What a plan is worth in a month, whatever is used: its fees, and the least that its meters cost.
 *
 * A year has 12 months, 365 days and 52 weeks: 300 a year are 25 a month, and more than 20 a month.
 */
export function monthlyValue(plan: Pick<Plan, 'charges'>, period: BillingCycle): Rational {
  return plan.charges
    .map(({ price, per = period }) => times(leastOf(readPrice(price)), rational(PERIODS_A_YEAR[per], 12n)))
    .reduce(plus, ZERO)
}

function leastOf(price: Price): Rational {
  return price.model === 'flat' ? priceUsage(price, { quantity: ZERO }).exact : price.minimum
}

/** Whether a change of plan goes up or down, by monthly value. To a plan of the same value it goes up. */
export function directionOf(from: Rational, to: Rational): Direction {
  return compare(to, from) < 0 ? 'downgrade' : 'upgrade'
}

export type Direction = 'upgrade' | 'downgrade'

const PERIODS_A_YEAR = { day: 365n, week: 52n, month: 12n, year: 1n } as const
