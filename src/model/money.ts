import { assert } from '../lib/assert.ts'
import { currencyDigits } from './currency.ts'
import { exactly, type Rational, roundHalfAway } from './rational.ts'

/**
 * An exact amount in the smallest unit of its currency, half away from zero.
 *
 * The one place where money is rounded, once for each line of a bill: 286 USD are 28600, 0.005 USD are 1.
 */
export function toMinor(amount: Rational, currency: string): bigint {
  return roundHalfAway(amount, currencyDigits(currency))
}

/** An amount of smallest units as a decimal with all its digits: `286.00` USD, `286` JPY, `-0.05` EUR. */
export function formatMinor(minor: bigint, currency: string): string {
  const places = currencyDigits(currency)
  const digits = (minor < 0n ? -minor : minor).toString().padStart(places + 1, '0')
  const sign = minor < 0n ? '-' : ''
  if (places === 0) return `${sign}${digits}`
  return `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`
}

/** The smallest units of an amount that `formatMinor` wrote. */
export function parseMinor(amount: string, currency: string): bigint {
  return toMinor(exactly(amount), currency)
}

/**
 * Shares an amount by weight so that the parts add up to it, to the smallest unit (largest remainder).
 *
 * Each part is its exact share, rounded towards zero; what is left over goes, one unit each, to those that lost
 * most, of equals to the first. No part is a unit or more away from its exact share. Weights are not negative; when
 * all are 0, all of the amount goes to the first part.
 */
export function splitMinor(minor: bigint, weights: readonly bigint[]): readonly bigint[] {
  assert(weights.length > 0 || minor === 0n, 'there is someone to share it')
  assert(
    weights.every((weight) => weight >= 0n),
    'weights are not negative',
  )
  const total = weights.reduce((sum, weight) => sum + weight, 0n)
  if (total === 0n) return weights.map((_, index) => (index === 0 ? minor : 0n))

  const [size, unit] = minor < 0n ? [-minor, -1n] : [minor, 1n]
  const shares = weights.map((weight, index) => {
    return { index, part: (size * weight) / total, lost: (size * weight) % total }
  })
  const left = size - shares.reduce((sum, { part }) => sum + part, 0n)
  const byLoss = shares.toSorted((one, other) => (one.lost > other.lost ? -1 : one.lost < other.lost ? 1 : 0))
  const luckier = new Set(byLoss.slice(0, Number(left)).map(({ index }) => index))
  return shares.map(({ index, part }) => unit * (luckier.has(index) ? part + 1n : part))
}
