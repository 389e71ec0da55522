import { assert } from '../lib/assert.ts'
import { larger, minus, over, type Rational, rational, smaller, times, ZERO } from '../model/rational.ts'

/** The part of a fee that falls on `left` of `whole` days, or seconds: fee × left ÷ whole. */
export function prorateByTime(fee: Rational, { left, whole }: Share): Rational {
  return times(fee, partOf({ left, whole }))
}

/**
 * What is given back of a fee by what was consumed of it, time or allowance, whichever is more.
 *
 * A customer who used 7,000 of 10,000 calls in half the month gets 30 % back, not 50 %: else the cheapest way to use a
 * plan would be to leave it as soon as its allowance is used.
 */
export function creditByConsumption(fee: Rational, { time, used }: Consumption): Rational {
  const timeGone = minus(ONE, partOf(time))
  const allowanceGone = smaller(ONE, over(used.quantity, used.allowance))
  return times(fee, minus(ONE, larger(timeGone, allowanceGone)))
}

export interface Share {
  readonly left: bigint
  readonly whole: bigint
}

export interface Consumption {
  readonly time: Share
  readonly used: { readonly quantity: Rational; readonly allowance: Rational }
}

const ONE = rational(1n)

function partOf({ left, whole }: Share): Rational {
  assert(left >= 0n && left <= whole && whole > 0n, 'what is left is a part of the whole')
  return left === 0n ? ZERO : rational(left, whole)
}
