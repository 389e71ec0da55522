/**
 * How numbers are written for people, in the viewer's own way.
 *
 * Amounts and quantities come as decimal strings and are never made floating-point numbers: what is shown is what is
 * billed, to the last digit. `Intl` takes such strings as they are.
 */
export function money(amount: string, currency: string, locale?: string): string {
  const style = { style: 'currency', currency, maximumFractionDigits: PLACES_MAX } as const
  return isDecimal(amount) ? new Intl.NumberFormat(locale, style).format(amount) : `${amount} ${currency}`
}

/** A quantity or a count, with its thousands apart and every digit it has. */
export function quantity(value: string | number, locale?: string): string {
  const text = String(value)
  return isDecimal(text)
    ? new Intl.NumberFormat(locale, { maximumFractionDigits: PLACES_MAX }).format(text)
    : text
}

/** Bytes in the largest unit that leaves a number of one or more: 1 GB is a billion of them. */
export function bytes(count: number, locale?: string): string {
  const step = BYTE_UNITS.findLast(({ size }) => count >= size) ?? BYTE_UNITS[0]
  const style = { style: 'unit', unit: step.unit, ...(step.size === 1 ? WHOLE : SHORT) } as const
  return new Intl.NumberFormat(locale, style).format(count / step.size)
}

/** How much of `all` a part is, in percent: whole, and 100 only when nothing is left. */
export function percent(part: string, all: string): number {
  const [one, whole] = [micros(part), micros(all)]
  if (whole <= 0n) return 0
  return Number((one * 100n) / whole)
}

/** The sum of decimal strings, exactly. */
export function sum(values: readonly string[]): string {
  return decimal(values.reduce((total, value) => total + scaled(value), 0n))
}

/** Whether an amount is nothing, however many places it is written with. */
export function isZero(amount: string): boolean {
  return /^-?0(?:\.0*)?$/.test(amount)
}

/** A whole number times a decimal, exactly. */
export function times(factor: number, value: string): string {
  return decimal(BigInt(factor) * scaled(value))
}

/** For the length of a bar or the height of a line only: never shown as a figure. */
export function plotted(value: string | number): number {
  return Number(value)
}

/** Whether `text` is a decimal number as the API writes them. */
export function isDecimal(text: string): text is `${number}` {
  return /^-?\d+(?:\.\d+)?$/.test(text)
}

const WHOLE = { unitDisplay: 'long', maximumFractionDigits: 0 } as const
const SHORT = { unitDisplay: 'short', maximumFractionDigits: 1 } as const
const PLACES_MAX = 15
const SCALE = 10n ** BigInt(PLACES_MAX)

const BYTE_UNITS = [
  { unit: 'byte', size: 1 },
  { unit: 'kilobyte', size: 1e3 },
  { unit: 'megabyte', size: 1e6 },
  { unit: 'gigabyte', size: 1e9 },
  { unit: 'terabyte', size: 1e12 },
] as const

function scaled(text: string): bigint {
  if (!isDecimal(text)) return 0n
  const [, sign, whole = '0', part = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  const value = BigInt(whole) * SCALE + BigInt(part.padEnd(PLACES_MAX, '0').slice(0, PLACES_MAX))
  return sign === '-' ? -value : value
}

function decimal(value: bigint): string {
  const digits = (value < 0n ? -value : value).toString().padStart(PLACES_MAX + 1, '0')
  const part = digits.slice(-PLACES_MAX).replace(/0+$/, '')
  return `${value < 0n ? '-' : ''}${digits.slice(0, -PLACES_MAX)}${part === '' ? '' : `.${part}`}`
}

function micros(text: string): bigint {
  return scaled(text) / 10n ** 9n
}
