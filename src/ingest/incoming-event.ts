import { hash } from 'node:crypto'
import type { ErrorCode } from '../errors/catalogue.ts'
import { type ExactJson, exactJsonText, type JsonNumber } from '../lib/exact-json.ts'
import { isoTime } from '../lib/iso-time.ts'
import { readDecimal } from '../model/quantity.ts'

/** An event as it was sent, in whatever form, read and checked as far as it speaks for itself. */
export interface IncomingEvent {
  /** Id or external id; undefined when it names none. */
  readonly tenant: string | undefined
  /** Where its id is unique; empty when it names no source. */
  readonly source: string
  readonly id: string
  /** What it reports: meters go by it. */
  readonly metric: string
  readonly value: string | JsonNumber | undefined
  /** When it happened; undefined = when it is taken in. */
  readonly timestampMs: number | undefined
  readonly properties: Readonly<Record<string, ExactJson>>
  /** Of all it says but who it is for and its id: equal for the same event sent again, in any form. */
  readonly hash: string
  /** When it came first, if it was kept meanwhile. */
  readonly keptSinceMs?: number | undefined
}

/** Why an event is not taken in. */
export interface EventFault {
  readonly code: EventFaultCode
  /** Public: names the field and the way out. */
  readonly fault: string
}

export type EventFaultCode = Extract<
  ErrorCode,
  'invalid-event' | 'foreign-tenant' | 'unknown-tenant' | 'idempotency-conflict'
>

/** The text that `hash` is made of. */
export function contentOf({ metric, value, timestampMs, properties }: EventContent): string {
  const amount = value === undefined ? null : canonical(value)
  const time = timestampMs === undefined ? '' : String(timestampMs)
  return exactJsonText([metric, amount, time, properties])
}

export type EventContent = Pick<IncomingEvent, 'metric' | 'value' | 'timestampMs' | 'properties'>

/** The hash of such a text: 128 bits are enough, for what it is compared with has the same id. */
export function hashOf(content: string): string {
  return hash('sha256', content, 'hex').slice(0, HASH_LENGTH)
}

/** The event as `POST /v1/events` takes it: what is kept of one that could not be counted. */
export function bodyOf(event: IncomingEvent): string {
  const { tenant, source, id, metric, value, timestampMs, properties } = event
  const fields: Record<string, ExactJson> = { metric, idempotency_key: id }
  if (tenant !== undefined) fields.tenant_id = tenant
  if (source !== '') fields.source = source
  if (value !== undefined) fields.value = canonical(value)
  if (timestampMs !== undefined) fields.timestamp = isoTime(timestampMs)
  if (Object.keys(properties).length > 0) fields.properties = properties
  return exactJsonText(fields)
}

const HASH_LENGTH = 32

/** 145, "145" and 1.45e2 are one value; "007" is a name, not a number. */
function canonical(value: string | JsonNumber): string {
  const text = typeof value === 'string' ? value : value.text
  return /^-?0\d/.test(text) ? text : (readDecimal(text) ?? text)
}
