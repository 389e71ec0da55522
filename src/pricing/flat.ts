import type { FlatPrice } from './price.ts'
import type { PriceLine } from './price-line.ts'

/** The same amount whatever was used: a fee. */
export function priceFlat({ amount }: FlatPrice): readonly PriceLine[] {
  return [{ part: 'flat', flat: amount, amount }]
}
