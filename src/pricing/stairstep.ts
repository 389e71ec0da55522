import type { Rational } from '../model/rational.ts'
import type { StairstepPrice } from './price.ts'
import type { PriceLine } from './price-line.ts'
import { tierOf } from './tiers.ts'

/** One price for each band, whatever the number in it. Above the last band there is no price. */
export function priceStairstep(quantity: Rational, { tiers }: StairstepPrice): readonly PriceLine[] {
  const { tier, position, over } = tierOf(quantity, tiers)
  const { upTo, flat } = tier
  return [{ part: 'tier', tier: position, over, upTo, quantity, flat, amount: flat }]
}
