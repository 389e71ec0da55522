import { type ExactJson, exactJsonText, isExactObject, JsonNumber } from '../lib/exact-json.ts'
import { parseIsoTime } from '../lib/iso-time.ts'
import { hashSecret } from '../model/key.ts'
import { hashOf } from './incoming-event.ts'

/** One call as another program logged it. */
export interface LogEntry {
  readonly timestampMs: number
  /** SHA-256 of `api_key`; undefined when there is none. */
  readonly keyHash: string | undefined
  /** `customer_id`: id or external id of a tenant; undefined when there is none. */
  readonly customer: string | undefined
  readonly method: string
  /** As logged, perhaps with a query. */
  readonly endpoint: string
  readonly statusCode: number
  readonly responseTimeMs: number
  readonly bytesSent: number
  readonly bytesReceived: number
  /** undefined: the route says what a call costs. */
  readonly usageUnits: number | undefined
  /** `id` or `request_id`: what tells it from all others; undefined when there is none. */
  readonly id: string | undefined
  /** Of all that is read of it. */
  readonly hash: string
}

/**
 * Reads a log entry with the fields `timestamp`, `api_key`, `endpoint`, `method`, `status_code`,
 * `response_time_ms`, `bytes_sent`, `bytes_received`, `customer_id`, `usage_units`; other fields are passed
 * over, for logs have many. Returns what is wrong with it, in words, otherwise.
 */
export function readLogEntry(item: ExactJson): LogEntry | string {
  if (!isExactObject(item)) return 'the entry must be a JSON object'
  try {
    const entry = {
      timestampMs: time(item.timestamp),
      keyHash: keyHash(item.api_key),
      customer: text(item, 'customer_id'),
      method: method(item),
      endpoint: needed(item, 'endpoint'),
      statusCode: status(item),
      responseTimeMs: whole(item, 'response_time_ms') ?? 0,
      bytesSent: whole(item, 'bytes_sent') ?? 0,
      bytesReceived: whole(item, 'bytes_received') ?? 0,
      usageUnits: whole(item, 'usage_units'),
      id: text(item, 'id') ?? text(item, 'request_id'),
    }
    const content = Object.values(entry).map((value) => (value === undefined ? null : String(value)))
    return { ...entry, hash: hashOf(exactJsonText(content)) }
  } catch (thrown) {
    if (thrown instanceof EntryProblem) return thrown.message
    throw thrown
  }
}

type Fields = { readonly [name: string]: ExactJson }

/** Inside this file only: carries what is wrong with a field up to where the entry is given back. */
class EntryProblem extends Error {}

function time(value: ExactJson | undefined): number {
  const ms = typeof value === 'string' ? parseIsoTime(value.toUpperCase()) : undefined
  if (ms !== undefined && ms >= 0) return ms
  throw new EntryProblem(`timestamp is ${shown(value)}; it must be a time such as "2026-03-01T12:00:00Z"`)
}

/** What is masked is no key, and none of ours is ever shown in an error. */
function keyHash(value: ExactJson | undefined): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string') throw new EntryProblem('api_key must be text')
  return hashSecret(value)
}

function method(item: Fields): string {
  const name = needed(item, 'method').toUpperCase()
  if (/^[A-Z-]{1,20}$/.test(name)) return name
  throw new EntryProblem(`method is ${shown(item.method)}; it must be one of HTTP, such as "GET"`)
}

function status(item: Fields): number {
  const code = whole(item, 'status_code')
  if (code !== undefined && code >= 100 && code <= 599) return code
  throw new EntryProblem(
    `status_code is ${shown(item.status_code)}; it must be a whole number from 100 to 599`,
  )
}

function needed(item: Fields, name: string): string {
  const value = text(item, name)
  if (value === undefined) throw new EntryProblem(`${name} is missing`)
  return value
}

function text(item: Fields, name: string): string | undefined {
  const value = item[name]
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string') throw new EntryProblem(`${name} is ${shown(value)}; it must be text`)
  if (value.length > TEXT_LENGTH_MAX || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(value) || !value.isWellFormed())
    throw new EntryProblem(`${name} is longer than ${TEXT_LENGTH_MAX} characters or holds control characters`)
  return value
}

/** Logs of some programs have numbers in quotes. */
function whole(item: Fields, name: string): number | undefined {
  const value = item[name]
  if (value === undefined || value === null) return undefined
  const digits = value instanceof JsonNumber ? value.text : value
  const number = typeof digits === 'string' && /^\d{1,15}(?:\.0+)?$/.test(digits) ? Number(digits) : undefined
  if (number !== undefined) return number
  throw new EntryProblem(`${name} is ${shown(value)}; it must be a whole number of 0 or more`)
}

function shown(value: ExactJson | undefined): string {
  return value === undefined ? 'missing' : exactJsonText(value).slice(0, 40)
}

const TEXT_LENGTH_MAX = 2_048
