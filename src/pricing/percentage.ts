import { assert } from '../lib/assert.ts'
import {
  compare,
  isZero,
  larger,
  minus,
  plus,
  type Rational,
  smaller,
  times,
  ZERO,
} from '../model/rational.ts'
import type { PercentagePrice } from './price.ts'
import type { PriceLine } from './price-line.ts'

/**
 * Of each event a part of its amount and a fixed amount, no less than `min` and no more than `max`.
 *
 * Free events and the free amount run out together: whichever ends first ends both. Of the event in which the
 * free amount ends the rest is charged, with the fixed amount; one that it covers whole is free. The order of
 * events matters only here.
 */
export function pricePercentage(events: readonly Rational[], price: PercentagePrice): readonly PriceLine[] {
  const { rate, fixed, min, max } = price
  return chargedParts(events, price).map((charged) => {
    if (charged === null) return { part: 'event', quantity: ZERO, rate, flat: ZERO, amount: ZERO }
    const full = plus(times(charged, rate), fixed)
    const least = min === null ? full : larger(full, min)
    const amount = max === null ? least : smaller(least, max)
    return { part: 'event', quantity: charged, rate, flat: fixed, amount }
  })
}

/** The same where single events do not matter: a part of the sum of their amounts, without what is free. */
export function pricePercentageOfSum(sum: Rational, price: PercentagePrice): readonly PriceLine[] {
  assert(!needsEvents(price), 'a price of single events is not asked for a sum')
  const charged = price.freeAmount === null ? sum : larger(ZERO, minus(sum, price.freeAmount))
  return [{ part: 'rate', quantity: charged, rate: price.rate, amount: times(charged, price.rate) }]
}

/** Whether the sum of all amounts is not enough to price them. */
export function needsEvents({ fixed, freeEvents, min, max }: PercentagePrice): boolean {
  return !isZero(fixed) || freeEvents !== null || min !== null || max !== null
}

/** What is charged of each event; null of one that is free. */
function chargedParts(
  events: readonly Rational[],
  { freeEvents, freeAmount }: PercentagePrice,
): readonly (Rational | null)[] {
  let eventsLeft = freeEvents ?? (freeAmount === null ? 0 : Number.POSITIVE_INFINITY)
  let amountLeft = freeAmount
  return events.map((amount) => {
    const isOpen = eventsLeft > 0 && (amountLeft === null || amountLeft.numerator > 0n)
    if (!isOpen) return amount
    eventsLeft -= 1
    if (amountLeft === null) return null
    const rest = minus(amount, amountLeft)
    amountLeft = larger(ZERO, minus(amountLeft, amount))
    return compare(rest, ZERO) <= 0 ? null : rest
  })
}
