import { GatezError } from '../../errors/gatez-error.ts'
import { currencyDigits } from '../../model/currency.ts'
import { parseMinor } from '../../model/money.ts'

/**
 * Reads an amount of money that a person wrote, above 0, as the smallest units of its currency.
 *
 * Throws `invalid-parameter`, naming `field`, for what is negative, no number, or finer than the currency.
 */
export function writtenAmount(field: string, text: string, currency: string): bigint {
  const digits = currencyDigits(currency)
  const [, places = ''] = /^\d{1,15}(?:\.(\d+))?$/.exec(text) ?? [undefined, undefined]
  const example = digits === 0 ? '286' : `286.${'0'.repeat(digits)}`
  const refuse = (what: string): never => {
    throw new GatezError(
      'invalid-parameter',
      `${field} ${what}, is ${JSON.stringify(text)}; write ${currency} as ${example}.`,
    )
  }
  if (!/^\d{1,15}(?:\.\d+)?$/.test(text)) refuse('must be an amount above 0')
  if (places.length > digits) refuse(`has more than ${digits} places after the point`)
  const minor = parseMinor(text, currency)
  if (minor === 0n) refuse('must be above 0')
  return minor
}
