import { didYouMean } from '../lib/closest.ts'
import type { StatusRanges } from '../model/api.ts'
import { currencies, isCurrency } from '../model/currency.ts'
import { RESERVED_DIMENSIONS } from '../model/dimension.ts'
import { BUILT_IN_METERS } from '../model/meter.ts'
import type { Parsed } from './parsed.ts'

/** Ids of apis, routes, plans, features, limits: they stand in headers, counters and URLs. */
export function parseId(text: string): Parsed<string> {
  return parseSlug(text, /^[a-z0-9][a-z0-9_-]{0,63}$/, 'lower-case letters, digits, _ and -, at most 64')
}

/** Ids of meters: they are columns of exports and ends of header names as well. */
export function parseMeterId(text: string): Parsed<string> {
  if (BUILT_IN_METERS.some((id) => id === text)) return { problem: `${text} is built in; choose another id` }
  // Quantities are kept by meter id in plain objects, which know `constructor` from birth.
  if (text in {}) return { problem: `${text} is a word of JavaScript; choose another id` }
  return parseSlug(
    text,
    /^[a-z][a-z0-9_]{0,63}$/,
    'lower-case letters, digits and _, a letter first, at most 64',
  )
}

/** Where in a usage object a meter finds its quantity: `total_tokens`, `prompt_tokens_details.cached_tokens`. */
export function parseUsageField(text: string): Parsed<string> {
  if (/^[A-Za-z_]\w{0,63}(?:\.[A-Za-z_]\w{0,63}){0,3}$/.test(text)) return { value: text }
  return { problem: `must name a field of the usage object, as total_tokens, is ${JSON.stringify(text)}` }
}

/** Ids of dimensions: they are columns of reports as well. */
export function parseDimensionId(text: string): Parsed<string> {
  const parsed = parseMeterId(text)
  if ('problem' in parsed) return parsed
  return RESERVED_DIMENSIONS.includes(text)
    ? { problem: `${text} has a meaning of its own in reports; choose another id` }
    : parsed
}

/** The header field in which an upstream finds the secret it shares with gatez. */
export function parseSecretHeader(text: string): Parsed<string> {
  const name = text.toLowerCase()
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(name)) {
    return { problem: `must be the name of a header field, as x-gateway-secret, is ${JSON.stringify(text)}` }
  }
  if (name.startsWith('x-gatez-') || name.startsWith('x-forwarded-') || TAKEN_FIELDS.includes(name)) {
    return { problem: `${name} has a meaning of its own; choose another, as x-gateway-secret` }
  }
  return { value: name }
}

const TAKEN_FIELDS = [
  ...[
    'host',
    'connection',
    'content-length',
    'content-type',
    'transfer-encoding',
    'upgrade',
    'te',
    'trailer',
  ],
  ...['expect', 'forwarded', 'keep-alive', 'x-request-id', 'x-api-key', 'x-real-ip', 'date', 'cookie'],
]

/** A secret as a header field can carry it. What is wrong with it is said without showing it. */
export function parseSecretValue(text: string): Parsed<string> {
  if (/^[!-~]{16,512}$/.test(text)) return { value: text }
  return { problem: 'must be 16 to 512 visible ASCII characters without spaces' }
}

/** A decimal of 0 or more: at most 24 digits before the point and 15 after it. */
export function parseDecimal(text: string): Parsed<string> {
  if (!/^\d{1,24}(?:\.\d{1,15})?$/.test(text)) {
    return { problem: `must be a decimal such as "0.0005", is ${JSON.stringify(text)}` }
  }
  const [whole = '0', fraction = ''] = text.split('.')
  const places = fraction.replace(/0+$/, '')
  const units = whole.replace(/^0+(?=\d)/, '')
  return { value: places === '' ? units : `${units}.${places}` }
}

/** An ISO 4217 code of a currency in use. */
export function parseCurrency(text: string): Parsed<string> {
  if (isCurrency(text)) return { value: text }
  const hint = didYouMean(text, currencies())
  return { problem: `must be an ISO 4217 currency code, is ${JSON.stringify(text)}${hint}` }
}

/** An IANA time zone, as `Europe/Berlin` or `UTC`; aliases are known too. */
export function parseTimezone(text: string): Parsed<string> {
  // The usual one is not looked up: loading all that is known of time zones takes 20 ms of a start.
  if (text === 'UTC') return { value: text }
  try {
    const format = new Intl.DateTimeFormat('en', { timeZone: text })
    // Offsets such as +02:00 have no summer time: a billing day needs a place.
    if (!/^[+-]/.test(text)) return { value: format.resolvedOptions().timeZone }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  const known = ['UTC', ...Intl.supportedValuesOf('timeZone')]
  const meant = didYouMean(text, known) || zoneOfCity(text, known)
  return { problem: `must be an IANA time zone such as Europe/Berlin, is ${JSON.stringify(text)}${meant}` }
}

/** Base of the operator's own pages about errors. */
export function parseDocsUrl(text: string): Parsed<string> {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return { value: text.replace(/\/+$/, '') }
  return { problem: `must be a URL such as https://docs.example.com, is ${JSON.stringify(text)}` }
}

/** Statuses and ranges of them, as [101, "200-299"]. */
export function parseStatuses(written: readonly (number | string)[]): Parsed<StatusRanges> {
  const ranges: (readonly [number, number])[] = []
  for (const entry of written) {
    const parts = /^(\d{3})(?:-(\d{3}))?$/.exec(String(entry))
    const first = Number(parts?.[1])
    const last = Number(parts?.[2] ?? parts?.[1])
    if (!(first >= 100 && last <= 599 && first <= last)) {
      return {
        problem: `must be statuses from 100 to 599 or ranges such as "200-299", has ${JSON.stringify(entry)}`,
      }
    }
    ranges.push([first, last])
  }
  return { value: ranges }
}

function parseSlug(text: string, pattern: RegExp, rule: string): Parsed<string> {
  if (pattern.test(text)) return { value: text }
  const slug = text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^[_-]+|[_-]+$/g, '')
    .slice(0, 64)
  const hint = pattern.test(slug) ? ` (${slug} would do)` : ''
  return { problem: `must be an id of ${rule}, is ${JSON.stringify(text)}${hint}` }
}

function zoneOfCity(text: string, known: readonly string[]): string {
  const city = text.toLowerCase().replaceAll(' ', '_')
  const zone = known.find((name) => name.toLowerCase().endsWith(`/${city}`))
  return zone === undefined ? '' : ` (did you mean ${zone}?)`
}
