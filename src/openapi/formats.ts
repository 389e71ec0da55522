import { isIPv4, isIPv6 } from 'node:net'
import type { Format } from 'ajv/dist/2020.js'

/** The formats that are checked. Any other is taken as a note for people. */
export const FORMATS: Readonly<Record<string, Format>> = {
  date: isDate,
  'date-time': isDateTime,
  uuid: /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i,
  email: /^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)*$/,
  uri: (text: string) => URI.test(text) && URL.canParse(text),
  ipv4: isIPv4,
  ipv6: (text: string) => isIPv6(text) && !text.includes('%'),
  int32: { type: 'number', validate: (value: number) => isWhole(value, 2 ** 31) },
  // The largest whole number of 64 bits reads as 2 ** 63 in JavaScript.
  int64: { type: 'number', validate: (value: number) => isWhole(value, 2 ** 63) || value === 2 ** 63 },
}

/** A scheme, a colon, and visible ASCII. */
const URI = /^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/i

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/

const TIME = /^([01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function isDate(text: string): boolean {
  const [, year, month, day] = (DATE.exec(text) ?? []).map(Number)
  if (year === undefined || month === undefined || day === undefined) return false
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const days = month === 2 && isLeap ? 29 : (MONTH_DAYS[month - 1] ?? 0)
  return day >= 1 && day <= days
}

function isDateTime(text: string): boolean {
  return isDate(text.slice(0, 10)) && /^t$/i.test(text.charAt(10)) && TIME.test(text.slice(11))
}

function isWhole(value: number, end: number): boolean {
  return Number.isInteger(value) && value >= -end && value < end
}
