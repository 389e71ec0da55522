import type { BillingCycle, Plan } from '../../model/plan.ts'
import { compare, exactly, formatExactly, plus, type Rational, rational, ZERO } from '../../model/rational.ts'
import type { Tier } from '../price.ts'
import { priceUsage } from '../price-usage.ts'
import type { LintedCharge } from './finding.ts'

/** Tiers that no bill ever sees, as sentences: behind what a limit or quota lets through, or behind the maximum. */
export function findUnreachable(charge: LintedCharge, plan: Plan, period: BillingCycle): readonly string[] {
  const { price } = charge
  if (!('tiers' in price)) return []
  const tiers: readonly Tier[] = price.tiers
  const most = mostUsed(charge.meter, plan, period)
  return tiers.flatMap((_, index) => {
    const begin = plus(price.included, tiers[index - 1]?.upTo ?? ZERO)
    if (index === 0) return []
    const name = `tier ${index + 1}, above ${formatExactly(begin)} ${charge.meter}, is never reached`
    if (most !== undefined && compare(begin, most.quantity) >= 0) return [`${name}: ${most.why}`]
    return behindMaximum(charge, begin) ? [`${name}: the maximum is reached before it`] : []
  })
}

interface Most {
  readonly quantity: Rational
  readonly why: string
}

/** The least of all that holds usage back, in one billing period. */
function mostUsed(meter: string, plan: Plan, period: BillingCycle): Most | undefined {
  const all = [
    ...plan.quotas.flatMap((quota) => mostOfQuota(quota, meter, period)),
    ...mostOfLimits(plan, meter, period),
  ]
  return all.toSorted((one, other) => compare(one.quantity, other.quantity))[0]
}

function mostOfQuota(quota: Plan['quotas'][number], meter: string, period: BillingCycle): readonly Most[] {
  if (quota.meter !== meter || quota.onExceed !== 'block') return []
  const { numerator, denominator } = exactly(quota.included)
  const quantity = rational(numerator * BigInt(PERIODS[period][quota.per]), denominator)
  return [{ quantity, why: `quota ${quota.id} blocks at ${quota.included} a ${quota.per}` }]
}

/** A window counts what is admitted; of that at most all is billed. */
function mostOfLimits(plan: Plan, meter: string, period: BillingCycle): readonly Most[] {
  const counts = { calls: 'requests', units: 'units' }[meter]
  return plan.limits.flatMap(({ id, counts: counted, amount, windowMs, per, scope }) => {
    if (counted !== counts || amount === null || scope !== 'tenant' || windowMs === 0) return []
    // A window may lie over each end of the period.
    const windows = BigInt(Math.floor(LENGTH_MS[period] / windowMs) + 1)
    const quantity = rational(BigInt(amount) * windows)
    return [
      {
        quantity,
        why: `limit ${id} lets ${amount} through in a ${per}, ${quantity.numerator} in a ${period} at most`,
      },
    ]
  })
}

function behindMaximum({ price }: LintedCharge, begin: Rational): boolean {
  const grows = price.model === 'graduated' || price.model === 'graduated_percentage'
  if (!grows || price.maximum === null) return false
  return compare(priceUsage(price, { quantity: begin }).soFar, price.maximum) >= 0
}

/** How many periods of a quota a billing period can touch. */
const PERIODS: Readonly<Record<BillingCycle, Readonly<Record<BillingCycle, number>>>> = {
  day: { day: 1, week: 1, month: 1, year: 1 },
  week: { day: 7, week: 1, month: 2, year: 2 },
  month: { day: 31, week: 6, month: 1, year: 1 },
  year: { day: 366, week: 54, month: 12, year: 1 },
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** The longest that each can be: with the hour that a clock is set back. */
const LENGTH_MS: Readonly<Record<BillingCycle, number>> = {
  day: DAY_MS + HOUR_MS,
  week: 7 * DAY_MS + HOUR_MS,
  month: 31 * DAY_MS + HOUR_MS,
  year: 366 * DAY_MS,
}
