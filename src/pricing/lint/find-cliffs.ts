import {
  compare,
  floorOf,
  formatExactly,
  minus,
  over,
  plus,
  type Rational,
  rational,
} from '../../model/rational.ts'
import { priceUsage } from '../price-usage.ts'
import type { LintedCharge } from './finding.ts'

/**
 * Where a little more costs less, as sentences: at the end of a tier whose next one is cheaper for all.
 *
 * Asked of the whole price, so a cliff that included units, maximum or minimum hide is none.
 */
export function findCliffs(charge: LintedCharge): readonly string[] {
  const { price } = charge
  if (price.model !== 'volume' && price.model !== 'stairstep') return []
  const ends = price.tiers.map(({ upTo }) => (upTo === null ? null : plus(price.included, upTo)))
  return ends.slice(0, -1).flatMap((end, index) => {
    if (end === null) return []
    const last = stepAtOrBelow(end, charge.step)
    const next = plus(last, charge.step)
    const [before, after] = [costOf(charge, last), costOf(charge, next)]
    if (compare(after, before) >= 0) return []
    return [sentence(charge, { last, next, before, after, tierEnd: ends[index + 1] ?? null })]
  })
}

interface Cliff {
  readonly last: Rational
  readonly next: Rational
  readonly before: Rational
  readonly after: Rational
  /** Where the cheaper tier ends. */
  readonly tierEnd: Rational | null
}

function sentence(charge: LintedCharge, cliff: Cliff): string {
  const { last, next, before, after } = cliff
  const costs = `${formatExactly(last)} ${charge.meter} cost ${formatExactly(before)}`
  // A step of 10⁻¹⁵ would hide the sentence behind zeros.
  const more = charge.step.denominator === 1n ? formatExactly(next) : 'the least bit more'
  return `${costs}, ${more} cost ${formatExactly(after)}, and up to ${worthUpTo(charge, cliff)} cost no more than ${formatExactly(last)}`
}

/** The last whole quantity in the cheaper tier that costs no more than the end of the one before. */
function worthUpTo(charge: LintedCharge, { next, before, tierEnd }: Cliff): string {
  const slope = minus(costOf(charge, plus(next, ONE)), costOf(charge, next))
  const end = tierEnd === null ? null : floorOf(tierEnd)
  if (slope.numerator <= 0n) return end === null ? 'any number' : `${end}`
  const even = floorOf(plus(next, over(minus(before, costOf(charge, next)), slope)))
  return `${end !== null && end < even ? end : even}`
}

const ONE = rational(1n)

function costOf({ price }: LintedCharge, quantity: Rational): Rational {
  return priceUsage(price, { quantity }).exact
}

function stepAtOrBelow(quantity: Rational, step: Rational): Rational {
  return step.denominator === 1n ? rational(floorOf(quantity)) : quantity
}
