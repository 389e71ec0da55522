import { assert } from '../lib/assert.ts'

/**
 * An exact number: a fraction in lowest terms, its denominator above 0.
 *
 * Inside a bill nothing is rounded, so that sums do not depend on the order in which they are made.
 */
export interface Rational {
  readonly numerator: bigint
  readonly denominator: bigint
}

/** Nothing. */
export const ZERO: Rational = { numerator: 0n, denominator: 1n }

/** The number `numerator / denominator`. */
export function rational(numerator: bigint, denominator = 1n): Rational {
  assert(denominator !== 0n, 'nothing is divided by zero')
  const divisor = greatestDivisor(abs(numerator), abs(denominator))
  const sign = denominator < 0n ? -1n : 1n
  return { numerator: (sign * numerator) / divisor, denominator: (sign * denominator) / divisor }
}

/** The number a decimal text such as `-0.25` stands for, of any length. Asserts its form: it was checked before. */
export function exactly(decimal: string): Rational {
  const [, sign, whole, places = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(decimal) ?? []
  assert(whole !== undefined, 'an exact number is read from a decimal')
  const digits = BigInt(whole + places)
  return rational(sign === '-' ? -digits : digits, 10n ** BigInt(places.length))
}

/** left + right. */
export function plus(left: Rational, right: Rational): Rational {
  return rational(
    left.numerator * right.denominator + right.numerator * left.denominator,
    left.denominator * right.denominator,
  )
}

/** left − right. */
export function minus(left: Rational, right: Rational): Rational {
  return plus(left, { numerator: -right.numerator, denominator: right.denominator })
}

/** left × right. */
export function times(left: Rational, right: Rational): Rational {
  return rational(left.numerator * right.numerator, left.denominator * right.denominator)
}

/** left ÷ right; `right` is not 0. */
export function over(left: Rational, right: Rational): Rational {
  return rational(left.numerator * right.denominator, left.denominator * right.numerator)
}

/** The sum of all. */
export function sumOf(numbers: readonly Rational[]): Rational {
  return numbers.reduce(plus, ZERO)
}

/** Negative, 0 or positive as `left` is below, equal to or above `right`. */
export function compare(left: Rational, right: Rational): number {
  const difference = left.numerator * right.denominator - right.numerator * left.denominator
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** The smaller of the two. */
export function smaller(left: Rational, right: Rational): Rational {
  return compare(left, right) <= 0 ? left : right
}

/** The larger of the two. */
export function larger(left: Rational, right: Rational): Rational {
  return compare(left, right) >= 0 ? left : right
}

/** Whether it is exactly 0. */
export function isZero({ numerator }: Rational): boolean {
  return numerator === 0n
}

/** The largest whole number that is not above it. */
export function floorOf({ numerator, denominator }: Rational): bigint {
  const towardsZero = numerator / denominator
  return numerator < 0n && numerator % denominator !== 0n ? towardsZero - 1n : towardsZero
}

/** The smallest whole number that is not below it. */
export function ceilingOf({ numerator, denominator }: Rational): bigint {
  return -floorOf({ numerator: -numerator, denominator })
}

/** How many units of 10⁻ᵖˡᵃᶜᵉˢ it is, half a unit away from zero: 0.125 at 2 places is 13, −0.125 is −13. */
export function roundHalfAway({ numerator, denominator }: Rational, places: number): bigint {
  const size = abs(numerator) * 10n ** BigInt(places)
  const rounded = (2n * size + denominator) / (2n * denominator)
  return numerator < 0n ? -rounded : rounded
}

/** Exactly: a decimal without trailing zeros, or `2/3` where no decimal is exact. */
export function formatExactly({ numerator, denominator }: Rational): string {
  const places = decimalPlaces(denominator)
  if (places === undefined) return `${numerator}/${denominator}`
  const digits = ((abs(numerator) * 10n ** BigInt(places)) / denominator).toString().padStart(places + 1, '0')
  const whole = digits.slice(0, digits.length - places)
  const sign = numerator < 0n ? '-' : ''
  return places === 0 ? `${sign}${whole}` : `${sign}${whole}.${digits.slice(-places)}`
}

/** How many places a decimal needs to be exact: as many as 2s or 5s are in the denominator, and nothing else is. */
function decimalPlaces(denominator: bigint): number | undefined {
  let rest = denominator
  const count = (factor: bigint): number => {
    let found = 0
    while (rest % factor === 0n) {
      rest /= factor
      found += 1
    }
    return found
  }
  const places = Math.max(count(2n), count(5n))
  return rest === 1n ? places : undefined
}

function greatestDivisor(left: bigint, right: bigint): bigint {
  let [large, small] = [left, right]
  while (small !== 0n) [large, small] = [small, large % small]
  return large
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value
}
