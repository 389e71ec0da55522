/** A number of a JSON text as it is written there: `0.1` stays these three characters, whatever a double holds. */
export class JsonNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** What a JSON text can hold, with its numbers as written. */
export type ExactJson =
  | null
  | boolean
  | string
  | JsonNumber
  | readonly ExactJson[]
  | { readonly [name: string]: ExactJson }

/** Reads JSON without a number losing a digit. Throws `SyntaxError` when `text` is none. */
export function parseExactJson(text: string): ExactJson {
  return JSON.parse(text, keepNumber)
}

/** Whether a value is an object with named parts. */
export function isExactObject(value: ExactJson): value is { readonly [name: string]: ExactJson } {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)
  )
}

/**
 * The value as JSON in one form only: fields in the order of their names, no spaces, equal numbers alike.
 *
 * Two values have the same text exactly when they are equal: `1`, `1.0` and `1e0` are.
 */
export function exactJsonText(value: ExactJson): string {
  if (value instanceof JsonNumber) return numberText(value.text)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (!isExactObject(value)) return `[${value.map(exactJsonText).join(',')}]`
  const fields = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${exactJsonText(value[name] ?? null)}`)
  return `{${fields.join(',')}}`
}

/** The value as programs read it: numbers a double holds exactly as numbers, the others as texts. */
export function loosened(value: ExactJson): unknown {
  if (value instanceof JsonNumber) {
    const number = Number(value.text)
    return numberText(String(number)) === numberText(value.text) ? number : value.text
  }
  if (typeof value !== 'object' || value === null) return value
  if (!isExactObject(value)) return value.map(loosened)
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, loosened(part)]))
}

// Node hands over the source of numbers; the types of TypeScript do not know it yet.
function keepNumber(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' ? new JsonNumber(context?.source ?? String(value)) : value
}

/** Digits without zeros at either end, and where the point belongs. */
function numberText(text: string): string {
  const [, sign = '', whole = '0', places = '', exponent = '0'] = NUMBER.exec(text) ?? []
  const digits = (whole + places).replace(/^0+/, '')
  const kept = withoutZerosAtEnd(digits)
  if (kept === '') return '0'
  // An exponent may be longer than any integer type; none is ever computed with, only compared.
  const shift = BigInt(exponent) - BigInt(places.length) + BigInt(digits.length - kept.length)
  return shift === 0n ? `${sign}${kept}` : `${sign}${kept}e${shift}`
}

/** No pattern: one that looks for zeros at the end starts anew at each zero on the way there. */
function withoutZerosAtEnd(digits: string): string {
  let end = digits.length
  while (digits[end - 1] === '0') end -= 1
  return digits.slice(0, end)
}

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]\+?(-?\d+))?$/
