import { plus, type Rational, times } from '../model/rational.ts'
import type { VolumePrice } from './price.ts'
import type { PriceLine } from './price-line.ts'
import { tierOf } from './tiers.ts'

/**
 * All units at the price of the one tier that their number falls in, and its flat amount.
 *
 * So more can cost less than a little less: `gatez pricing lint` finds such cliffs.
 */
export function priceVolume(quantity: Rational, { tiers }: VolumePrice): readonly PriceLine[] {
  const { tier, position, over } = tierOf(quantity, tiers)
  const { upTo, unit, flat } = tier
  const amount = plus(flat, times(quantity, unit))
  return [{ part: 'tier', tier: position, over, upTo, quantity, unit, flat, amount }]
}
