import { type Rational, times } from '../model/rational.ts'
import type { PerUnitPrice } from './price.ts'
import type { PriceLine } from './price-line.ts'

/** Every unit at the same price. */
export function pricePerUnit(quantity: Rational, { unit }: PerUnitPrice): readonly PriceLine[] {
  return [{ part: 'units', quantity, unit, amount: times(quantity, unit) }]
}
