import { assert } from '../lib/assert.ts'
import { toMinor } from '../model/money.ts'
import {
  compare,
  formatExactly,
  isZero,
  larger,
  minus,
  plus,
  type Rational,
  smaller,
  sumOf,
  times,
  ZERO,
} from '../model/rational.ts'
import { priceFlat } from './flat.ts'
import { priceGraduated } from './graduated.ts'
import { priceGraduatedPercentage } from './graduated-percentage.ts'
import { pricePackage } from './package.ts'
import { pricePerUnit } from './per-unit.ts'
import { needsEvents, pricePercentage, pricePercentageOfSum } from './percentage.ts'
import type { Price } from './price.ts'
import type { PriceLine } from './price-line.ts'
import { priceStairstep } from './stairstep.ts'
import { holds } from './tiers.ts'
import { priceVolume } from './volume.ts'

/**
 * What usage costs, exactly: included quantity, then the model, then discount, then maximum, then minimum.
 *
 * A later bill of the same period gives `previous`, the quantity that earlier ones billed: it costs what the
 * period costs so far less what was billed, never the price of what is new alone. The minimum is settled by the
 * last bill of the period. Ask `unpriceable` first.
 */
export function priceUsage(price: Price, usage: Usage): PricedUsage {
  assert(unpriceable(price, usage) === undefined, 'the price reaches as far as the usage')
  const { previous, isLast = true } = usage
  const total = totalOf(usage)
  const lines = [...linesUpTo(price, total, usage.events)]
  const soFar = sumOf(lines.map(({ amount }) => amount))
  const before = previous === undefined ? ZERO : sumOf(linesUpTo(price, previous).map(({ amount }) => amount))
  if (!isZero(before)) lines.push({ part: 'billed', quantity: previous ?? ZERO, amount: minus(ZERO, before) })

  const least = isLast ? larger(soFar, price.minimum) : soFar
  if (compare(least, soFar) > 0) {
    lines.push({ part: 'minimum', flat: price.minimum, amount: minus(least, soFar) })
  }
  return { lines, before, soFar, least, exact: minus(least, before) }
}

/**
 * The amount of a bill, rounded once, in the smallest unit of its currency.
 *
 * What the period comes to and what was billed before are rounded, not their difference: so the bills of a period add
 * up to what one bill at its end would have said.
 */
export function dueMinor({ least, before }: PricedUsage, currency: string): bigint {
  return toMinor(least, currency) - toMinor(before, currency)
}

/** What was used, in units of the meter. */
export interface Usage {
  /** What is new; with `events` the sum of their amounts. */
  readonly quantity: Rational
  /** What earlier bills of the period billed; not there = this is its first. 0 = they billed nothing used. */
  readonly previous?: Rational | undefined
  /** The amounts of single events, all of the period, in their order. Only a percentage looks at them. */
  readonly events?: readonly Rational[] | undefined
  /** Whether the period ends with this bill; it does if not said. */
  readonly isLast?: boolean | undefined
}

export interface PricedUsage {
  /** How it was reached; their amounts add up to `exact`. */
  readonly lines: readonly PriceLine[]
  /** What earlier bills of the period came to. */
  readonly before: Rational
  /** What the period comes to by usage alone, with what was billed before. */
  readonly soFar: Rational
  /** The same, no less than the minimum. */
  readonly least: Rational
  /** What this bill comes to: `least` less `before`. */
  readonly exact: Rational
}

/** Why this usage has no price, as the end of "quantity …"; undefined when it has one. */
export function unpriceable(price: Price, usage: Usage): string | undefined {
  if (price.model === 'percentage' && usage.events === undefined && needsEvents(price)) {
    return 'is a sum, but fixed, free_events, min and max are about single events: give events'
  }
  if (price.model !== 'stairstep') return undefined
  const last = price.tiers.at(-1)
  assert(last !== undefined, 'a price with tiers has one')
  const charged = chargedOf(price, totalOf(usage))
  if (holds(last, charged)) return undefined
  const end = formatExactly(last.upTo ?? ZERO)
  return `comes to ${formatExactly(charged)}, above the last tier, which ends at ${end}`
}

function totalOf({ quantity, previous }: Usage): Rational {
  return previous === undefined ? quantity : plus(previous, quantity)
}

function chargedOf({ included }: Price, total: Rational): Rational {
  return larger(ZERO, minus(total, included))
}

/** How a period is priced that has used so much, without its minimum. */
function linesUpTo(price: Price, total: Rational, events?: readonly Rational[]): readonly PriceLine[] {
  const free = smaller(total, price.included)
  const lines: PriceLine[] = isZero(free) ? [] : [{ part: 'included', quantity: free, amount: ZERO }]
  lines.push(...modelLines(price, chargedOf(price, total), events))

  const full = sumOf(lines.map(({ amount }) => amount))
  const off = times(full, price.discount)
  if (!isZero(off)) lines.push({ part: 'discount', rate: price.discount, amount: minus(ZERO, off) })
  const reduced = minus(full, off)
  const { maximum } = price
  if (maximum !== null && compare(reduced, maximum) > 0) {
    lines.push({ part: 'maximum', flat: maximum, amount: minus(maximum, reduced) })
  }
  return lines
}

function modelLines(
  price: Price,
  quantity: Rational,
  events: readonly Rational[] | undefined,
): readonly PriceLine[] {
  switch (price.model) {
    case 'per_unit':
      return pricePerUnit(quantity, price)
    case 'package':
      return pricePackage(quantity, price)
    case 'graduated':
      return priceGraduated(quantity, price)
    case 'volume':
      return priceVolume(quantity, price)
    case 'stairstep':
      return priceStairstep(quantity, price)
    case 'flat':
      return priceFlat(price)
    case 'percentage':
      return events === undefined ? pricePercentageOfSum(quantity, price) : pricePercentage(events, price)
    case 'graduated_percentage':
      return priceGraduatedPercentage(quantity, price)
  }
}
