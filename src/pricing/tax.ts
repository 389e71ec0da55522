import { toMinor } from '../model/money.ts'
import { type Rational, sumOf, times } from '../model/rational.ts'

/**
 * The tax of one rate on the lines of a bill, in the smallest unit of the currency: on their exact sum, rounded once.
 *
 * Rounded line by line it would be off by as many units as there are lines. `rate` is a part: 0.2 for 20 %.
 */
export function taxMinor(lines: readonly Rational[], rate: Rational, currency: string): bigint {
  return toMinor(times(sumOf(lines), rate), currency)
}
