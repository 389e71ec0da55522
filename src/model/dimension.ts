/** What usage is told apart by, beside who called and what: declared in the file. */
export interface Dimension {
  readonly id: string
  /** Where its value comes from: a header field, or a property of an event that came in by itself. */
  readonly from: 'request-header' | 'response-header' | 'event'
  /** The field, lower case, or the property. */
  readonly name: string
  /** How many values one tenant may have; those beyond are kept as one. */
  readonly maxValues: number
}

/** Dimension id → value, of one call. */
export type Dimensions = Readonly<Record<string, string>>

/** Declared dimensions: each may multiply the rows of the ledger. */
export const DIMENSIONS_MAX = 8

/** Ids that reports have another meaning for. */
export const RESERVED_DIMENSIONS: readonly string[] = [
  ...['tenant', 'key', 'route', 'api', 'plan', 'status', 'day', 'week', 'month', 'period', 'meter'],
  ...['tenant_id', 'tenant_name', 'key_id', 'key_name', 'route_id', 'api_id', 'plan_id'],
  ...['period_start', 'period_end', 'requests', 'billable', 'refused', 'usage_units', 'quantities'],
  ...['bytes_received', 'bytes_sent', 'amount', 'currency', 'leaks'],
]

/** Characters of a value. */
export const DIMENSION_VALUE_LENGTH_MAX = 64

/** Stands for all values beyond `maxValues`. No value of a caller can begin with `(`. */
export const OTHER_VALUES = '(other)'

/** Stands for a value that is too long, or holds anything but visible ASCII and blanks between. */
export const INVALID_VALUE = '(invalid)'

/** A value as it is kept: without blanks around it; undefined when there is none. */
export function dimensionValue(written: string | undefined): string | undefined {
  const value = written?.trim() ?? ''
  if (value === '') return undefined
  return VALUE.test(value) && !value.startsWith('(') ? value : INVALID_VALUE
}

const VALUE = new RegExp(`^[ -~]{1,${DIMENSION_VALUE_LENGTH_MAX}}$`)

/** Dimensions as one text, the same for the same values; empty for none. */
export function dimensionsText(dimensions: Dimensions): string {
  if (dimensions === NO_DIMENSIONS) return ''
  const names = Object.keys(dimensions)
  if (names.length === 0) return ''
  return JSON.stringify(Object.fromEntries(names.sort().map((name) => [name, dimensions[name]])))
}

/** Reads what `dimensionsText` wrote. */
export function readDimensions(text: string): Dimensions {
  return text === '' ? NO_DIMENSIONS : JSON.parse(text)
}

/** Of calls without any. */
export const NO_DIMENSIONS: Dimensions = Object.freeze({})
