import { plus, type Rational, times } from '../model/rational.ts'
import type { GraduatedPrice } from './price.ts'
import type { PriceLine } from './price-line.ts'
import { reachedTiers } from './tiers.ts'

/** Each unit at the price of the tier it falls in, and the flat amounts of the tiers that are reached. */
export function priceGraduated(quantity: Rational, { tiers }: GraduatedPrice): readonly PriceLine[] {
  return reachedTiers(quantity, tiers).map(({ tier: { upTo, unit, flat }, position, over, inside }) => ({
    part: 'tier',
    tier: position,
    over,
    upTo,
    quantity: inside,
    unit,
    flat,
    amount: plus(flat, times(inside, unit)),
  }))
}
