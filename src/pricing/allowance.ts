import {
  ceilingOf,
  isZero,
  larger,
  minus,
  plus,
  type Rational,
  rational,
  times,
  ZERO,
} from '../model/rational.ts'
import type { Price } from './price.ts'
import { prorateByTime, type Share } from './prorate.ts'

/** How much of a meter costs nothing: what is included, and the first tier of `graduated` where it is free. */
export function allowanceOf(price: Price): Rational {
  return plus(price.included, freeTier(price))
}

/**
 * The price with an allowance that is no larger than its own: taken off what is included, then off the free tier.
 *
 * A free tier of which nothing is left stays, up to 0: the first tier is always reached, so without it the flat amount of
 * the next would be charged where nothing is used.
 */
export function withAllowance(price: Price, allowance: Rational): Price {
  const lost = minus(allowanceOf(price), allowance)
  const included = larger(ZERO, minus(price.included, lost))
  const ofTier = minus(lost, minus(price.included, included))
  if (price.model !== 'graduated' || isZero(ofTier)) return { ...price, included }
  const tiers = price.tiers.map((tier) => {
    return { ...tier, upTo: tier.upTo === null ? null : minus(tier.upTo, ofTier) }
  })
  return { ...price, included, tiers }
}

/** The part of an allowance for a part of the period, rounded up to the places it is written with: no part of a call. */
export function prorateAllowance(allowance: Rational, share: Share): Rational {
  const unit = placesOf(allowance)
  return rational(ceilingOf(times(prorateByTime(allowance, share), rational(unit))), unit)
}

function freeTier(price: Price): Rational {
  const first = price.model === 'graduated' ? price.tiers[0] : undefined
  if (first === undefined || first.upTo === null) return ZERO
  return isZero(first.unit) && isZero(first.flat) ? first.upTo : ZERO
}

/** The smallest power of ten by which it is a whole number. It was written as a decimal, so there is one. */
function placesOf({ denominator }: Rational): bigint {
  let unit = 1n
  while (unit % denominator !== 0n) unit *= 10n
  return unit
}
