import { ceilingOf, floorOf, over, type Rational, rational, times } from '../model/rational.ts'
import type { PackagePrice } from './price.ts'
import type { PriceLine } from './price-line.ts'

/** Whole packages: with rounding `up` the one begun counts, with `down` only full ones do. */
export function pricePackage(quantity: Rational, price: PackagePrice): readonly PriceLine[] {
  const used = over(quantity, price.size)
  const packages = rational(price.rounding === 'up' ? ceilingOf(used) : floorOf(used))
  const amount = times(packages, price.amount)
  return [{ part: 'packages', quantity: packages, unit: price.amount, amount }]
}
