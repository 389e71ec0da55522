import { assert } from '../lib/assert.ts'
import { compare, minus, type Rational, smaller, ZERO } from '../model/rational.ts'
import type { Tier } from './price.ts'

/** A tier with what a quantity has in it. */
export interface ReachedTier<Of extends Tier> {
  readonly tier: Of
  /** From 1. */
  readonly position: number
  readonly over: Rational
  /** How much of the quantity lies in it. */
  readonly inside: Rational
}

/**
 * The tiers that a quantity reaches, in order, the last one being where it ends.
 *
 * `upTo` belongs to its tier: 5 is in "up to 5", 5.001 is in the next. The first tier is always reached, so its
 * flat amount is charged at 0 as well: who wants nothing charged then, begins with a tier up to 0.
 */
export function reachedTiers<Of extends Tier>(
  quantity: Rational,
  tiers: readonly Of[],
): readonly ReachedTier<Of>[] {
  assert(quantity.numerator >= 0n, 'a quantity is not negative')
  const reached: ReachedTier<Of>[] = []
  let over = ZERO
  for (const [index, tier] of tiers.entries()) {
    if (index > 0 && compare(quantity, over) <= 0) break
    const end = tier.upTo === null ? quantity : smaller(quantity, tier.upTo)
    reached.push({ tier, position: index + 1, over, inside: minus(end, over) })
    over = end
  }
  return reached
}

/** The tier that a quantity ends in. Asserts that there is one: `unpriceable` was asked before. */
export function tierOf<Of extends Tier>(quantity: Rational, tiers: readonly Of[]): ReachedTier<Of> {
  const last = reachedTiers(quantity, tiers).at(-1)
  assert(last !== undefined && holds(last.tier, quantity), 'the tiers reach as far as the quantity')
  return last
}

/** Whether the tier, or one before it, holds this quantity. */
export function holds({ upTo }: Tier, quantity: Rational): boolean {
  return upTo === null || compare(quantity, upTo) <= 0
}
