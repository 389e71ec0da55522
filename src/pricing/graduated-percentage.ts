import { plus, type Rational, times } from '../model/rational.ts'
import type { GraduatedPercentagePrice } from './price.ts'
import type { PriceLine } from './price-line.ts'
import { reachedTiers } from './tiers.ts'

/** Of each part of an amount the rate of the tier it falls in, and the flat amounts of the tiers that are reached. */
export function priceGraduatedPercentage(
  quantity: Rational,
  { tiers }: GraduatedPercentagePrice,
): readonly PriceLine[] {
  return reachedTiers(quantity, tiers).map(({ tier: { upTo, rate, flat }, position, over, inside }) => ({
    part: 'tier',
    tier: position,
    over,
    upTo,
    quantity: inside,
    rate,
    flat,
    amount: plus(flat, times(inside, rate)),
  }))
}
