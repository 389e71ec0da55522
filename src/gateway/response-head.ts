import { STATUS_CODES } from 'node:http'
import type { FieldChanges } from '../model/route-policy.ts'
import { FieldKinds, FORWARD } from './field-kinds.ts'
import { removeNamed } from './request-head.ts'

/** What one pass over the header fields of an upstream's answer finds. */
export interface ResponseHead {
  /** Fields that go to the client: name, value, name, value … */
  readonly forward: string[]
  /** Custom meters the upstream reported: id → value as written; undefined if none. */
  readonly meters: Map<string, string> | undefined
}

/**
 * Sorts the fields of an answer: hop-by-hop ones go no further, `x-gatez-meter-<id>` is kept for the
 * meter and stripped, and fields that gatez answers itself (limits, request id) replace the upstream's.
 *
 * `headers` is undici's: names in lower case, several fields of one name as a list, in their order.
 */
export function readResponseHead(headers: UpstreamHeaders): ResponseHead {
  const fields: string[] = []
  for (const name in headers) {
    const value = headers[name]
    if (typeof value === 'string') fields.push(name, value)
    else if (value !== undefined) for (const each of value) fields.push(name, each)
  }
  return readResponseFields(fields)
}

/** The same for fields as a list: name in lower case, value, name, value … */
export function readResponseFields(fields: readonly string[]): ResponseHead {
  const forward: string[] = []
  let meters: Map<string, string> | undefined
  let connection = ''
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [name = '', value = ''] = [fields[index], fields[index + 1]]
    const kind = KINDS.of(name)
    if (kind === FORWARD) forward.push(name, value)
    else if (kind === CONNECTION) connection += `,${value}`
    else if (kind === METER) {
      meters ??= new Map()
      meters.set(name.slice(METER_PREFIX.length), value)
    }
  }
  if (connection !== '' && !PLAIN_CONNECTION.test(connection)) removeNamed(forward, connection)
  return { forward, meters }
}

/**
 * Sorts the fields behind the last chunk of an answer: meters are taken out, and what may only stand in
 * a head or the file takes out goes no further (RFC 9110, 6.5.1). Returned as pairs of name and value.
 */
export function readTrailers(trailers: UpstreamHeaders, changes: FieldChanges | null): Trailers {
  const { forward, meters } = readResponseHead(trailers)
  takeOut(forward, changes)
  const fields: [string, string][] = []
  for (let index = 0; index + 1 < forward.length; index += 2) {
    const name = forward[index] ?? ''
    if (!HEAD_ONLY.has(name)) fields.push([name, forward[index + 1] ?? ''])
  }
  return { fields, meters }
}

/** How many bytes the body of an answer will have; undefined where its head does not say. `bodyless` answers a HEAD. */
export function bodyLength(status: number, headers: UpstreamHeaders, bodyless: boolean): number | undefined {
  if (bodyless || status === 204 || status === 304) return 0
  const length = headers['content-length']
  return typeof length === 'string' ? Number(length) : undefined
}

/**
 * Whether an answer has a transfer coding that nobody undoes on its way: all but one `chunked`. Its body cannot be
 * passed on: how it is coded is said for this hop only.
 */
export function isCoded(headers: UpstreamHeaders): boolean {
  const coding = headers['transfer-encoding']
  return coding !== undefined && (typeof coding !== 'string' || coding.toLowerCase() !== 'chunked')
}

/** Takes `Content-Length` out of fields that no body can follow: before an answer, and in a `204` (RFC 9110, 8.6). */
export function withoutLength(fields: string[]): void {
  removeFields(fields, (name) => name === 'content-length')
}

/**
 * The reason phrase of an answer, if it is not the usual one: undefined then, and for one that holds
 * anything but visible ASCII, for it means nothing.
 */
export function readReason({ status, statusText }: AnswerHead): string | undefined {
  const isUsual = statusText === undefined || statusText === STATUS_CODES[status]
  return isUsual || !REASON.test(statusText) ? undefined : statusText
}

const REASON = /^[\t -~]*$/

/** Takes fields out and puts others in, as the file says. `fields` are name, value, name, value … */
export function changeFields(fields: string[], changes: FieldChanges): void {
  takeOut(fields, changes)
  for (const part of changes.set) fields.push(part)
}

/** The first half of it: for what is said before and behind an answer. */
export function takeOut(fields: string[], changes: FieldChanges | null): void {
  if (changes === null || changes.remove.length === 0) return
  removeFields(fields, (name) => changes.remove.includes(name))
}

/** Takes fields out of `fields` (name, value, …) whose name, lower case, is `wanted`, in place. */
export function removeFields(fields: string[], wanted: (name: string) => boolean): void {
  let kept = 0
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [name = '', value = ''] = [fields[index], fields[index + 1]]
    if (wanted(name.toLowerCase())) continue
    fields[kept] = name
    fields[kept + 1] = value
    kept += 2
  }
  fields.length = kept
}

/** What one pass over trailers finds. */
export interface Trailers {
  readonly fields: readonly [string, string][]
  readonly meters: Map<string, string> | undefined
}

/** Header fields as undici reads them; values hold one character per byte. */
export type UpstreamHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** The head of an upstream's answer. Its fields are looked up by few: they may be sorted by name when somebody asks. */
export interface AnswerHead {
  readonly status: number
  /** The reason phrase; undefined where none was read. */
  readonly statusText: string | undefined
  readonly headers: UpstreamHeaders
}

const PLAIN_CONNECTION = /^,\s*(?:keep-alive|close)?\s*$/i
const METER_PREFIX = 'x-gatez-meter-'

/** They say how to read, route or keep the message: behind it they would change what was already done. */
const HEAD_ONLY: ReadonlySet<string> = new Set([
  ...['content-length', 'content-encoding', 'content-type', 'content-range', 'content-location'],
  ...['host', 'authorization', 'www-authenticate', 'set-cookie', 'location', 'retry-after'],
  ...['age', 'cache-control', 'date', 'expires', 'pragma', 'vary', 'warning'],
  ...['expect', 'max-forwards', 'range'],
])

const DROP = 1
const CONNECTION = 2
const METER = 3

const KINDS = new FieldKinds(
  {
    connection: CONNECTION,
    'keep-alive': DROP,
    'proxy-connection': DROP,
    'proxy-authenticate': DROP,
    te: DROP,
    trailer: DROP,
    'transfer-encoding': DROP,
    upgrade: DROP,
    'x-request-id': DROP,
    ratelimit: DROP,
    'ratelimit-policy': DROP,
    'x-ratelimit-limit': DROP,
    'x-ratelimit-remaining': DROP,
    'x-ratelimit-reset': DROP,
  },
  [
    [METER_PREFIX, METER],
    ['x-gatez-', DROP],
    ['x-gatez_', DROP],
    ['x_gatez-', DROP],
    ['x_gatez_', DROP],
    ['gatez-', DROP],
    ['gatez_', DROP],
  ],
)
