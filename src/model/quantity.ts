import { GatezError } from '../errors/gatez-error.ts'
import { assert } from '../lib/assert.ts'

/** Places after the point a quantity may have. */
export const QUANTITY_PLACES = 15

/** Digits before the point a quantity that comes from outside may have; sums of ours may grow longer. */
export const QUANTITY_WHOLE_DIGITS_MAX = 24

const FEMTOS_PER_UNIT = 10n ** BigInt(QUANTITY_PLACES)
const DECIMAL_PATTERN = /^(-?)(\d+)(?:\.(\d+))?$/
const INPUT_PATTERN = new RegExp(`^\\d{1,${QUANTITY_WHOLE_DIGITS_MAX}}(?:\\.\\d{1,${QUANTITY_PLACES}})?$`)
const NUMBER_PATTERN = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]\+?(-?\d+))?$/
/** Longer ones are refused before they are looked at. */
const NUMBER_LENGTH_MAX = 200
const SHOWN_LENGTH_MAX = 40

/**
 * Reads a quantity that comes from outside, as whole femtos (10⁻¹⁵), exactly.
 *
 * Digits, then at most 15 places: no sign, no exponent, no blanks, no `NaN`, because a meter must never
 * guess what was meant. `name` says in the error whose value it is, as `x-gatez-meter-tokens`.
 */
export function parseQuantity(text: string, name: string): bigint {
  if (!isQuantity(text)) {
    const shown = JSON.stringify(text.slice(0, SHOWN_LENGTH_MAX))
    throw new GatezError(
      'invalid-parameter',
      `${name} is ${shown}; it must be a decimal of 0 or more like 12 or 0.25, with at most ` +
        `${QUANTITY_WHOLE_DIGITS_MAX} digits before the point and ${QUANTITY_PLACES} after it.`,
    )
  }
  return quantityFemtos(text)
}

/** Whether `text` is a quantity `parseQuantity` takes. For places that must not throw. */
export function isQuantity(text: string): boolean {
  return INPUT_PATTERN.test(text)
}

/** Whether `text` is a quantity, or one below zero. */
export function isDecimal(text: string): boolean {
  return isQuantity(text.startsWith('-') ? text.slice(1) : text)
}

/**
 * Reads a number as JSON writes it, exactly: `145`, `-0.25`, `1.5e3`. undefined for what is none, or has more
 * digits before or after the point than a quantity may.
 *
 * Returns the one decimal string that stands for it, as `formatQuantity` does.
 */
export function readDecimal(text: string): string | undefined {
  const [, sign, whole, places = '', exponent = '0'] = NUMBER_PATTERN.exec(text) ?? []
  if (whole === undefined || text.length > NUMBER_LENGTH_MAX) return undefined
  const digits = (whole + places).replace(/^0+/, '')
  const kept = digits.replace(/0+$/, '')
  if (kept === '') return '0'
  const shift = Number(exponent) - places.length + digits.length - kept.length
  const wholeDigits = kept.length + shift
  if (shift < -QUANTITY_PLACES || wholeDigits > QUANTITY_WHOLE_DIGITS_MAX) return undefined
  if (shift >= 0) return `${sign}${kept}${'0'.repeat(shift)}`
  return wholeDigits > 0
    ? `${sign}${kept.slice(0, wholeDigits)}.${kept.slice(wholeDigits)}`
    : `${sign}0.${'0'.repeat(-wholeDigits)}${kept}`
}

/**
 * Reads a quantity we wrote ourselves, as femtos: of any length, and negative where a correction is.
 *
 * Asserts where `parseQuantity` refuses: what is in our own stores was checked on its way in. Zeros past
 * the 15th place are let pass, since a store may pad what it returns.
 */
export function quantityFemtos(text: string): bigint {
  const [, sign, whole, places = ''] = DECIMAL_PATTERN.exec(text) ?? []
  assert(whole !== undefined, 'a stored quantity is a decimal')
  assert(/^0*$/.test(places.slice(QUANTITY_PLACES)), 'a stored quantity has at most 15 places')
  const femtos =
    BigInt(whole) * FEMTOS_PER_UNIT + BigInt(places.slice(0, QUANTITY_PLACES).padEnd(QUANTITY_PLACES, '0'))
  return sign === '-' ? -femtos : femtos
}

/** Femtos as the one decimal string that stands for them: no trailing zeros, no bare point, no `-0`. */
export function formatQuantity(femtos: bigint): string {
  const size = femtos < 0n ? -femtos : femtos
  const sign = femtos < 0n ? '-' : ''
  const places = (size % FEMTOS_PER_UNIT).toString().padStart(QUANTITY_PLACES, '0').replace(/0+$/, '')
  return `${sign}${size / FEMTOS_PER_UNIT}${places === '' ? '' : `.${places}`}`
}

/** The one form of a quantity of ours: 007.50 is 7.5. */
export function canonicalQuantity(text: string): string {
  return formatQuantity(quantityFemtos(text))
}

/** The exact sum of two quantities of ours, canonical. */
export function addQuantities(left: string, right: string): string {
  return formatQuantity(quantityFemtos(left) + quantityFemtos(right))
}

/** What is left of `left` without `right`, exactly. */
export function subtractQuantities(left: string, right: string): string {
  return formatQuantity(quantityFemtos(left) - quantityFemtos(right))
}

/** Negative, 0 or positive as `left` is below, equal to or above `right`: 1.50 equals 1.5. */
export function compareQuantities(left: string, right: string): number {
  const difference = quantityFemtos(left) - quantityFemtos(right)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}
