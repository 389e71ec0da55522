import { didYouMean } from '../lib/closest.ts'
import { type ExactJson, exactJsonText, isExactObject, JsonNumber } from '../lib/exact-json.ts'
import { parseIsoTime } from '../lib/iso-time.ts'
import { contentOf, type EventFault, hashOf, type IncomingEvent } from './incoming-event.ts'

/**
 * Reads one event: `{tenant_id, metric, value, idempotency_key}` with perhaps `timestamp`, `properties` and
 * `source`, or a CloudEvent 1.0, told by its `specversion`.
 *
 * Of a CloudEvent `subject` is the tenant, `type` the metric, `time` the moment; `data` is the value, or an
 * object of properties with `value` among them. Unknown fields of our own form are refused: a mistyped one
 * would be money lost in silence.
 */
export function readEvent(item: ExactJson): IncomingEvent | EventFault {
  if (!isExactObject(item)) return invalid('the event must be a JSON object')
  try {
    const event = 'specversion' in item ? readCloudEvent(item) : readPlain(item)
    const content = contentOf(event)
    if (content.length > CONTENT_LENGTH_MAX)
      return invalid(`the event is longer than ${CONTENT_LENGTH_MAX} characters`)
    return { ...event, hash: hashOf(content) }
  } catch (thrown) {
    if (thrown instanceof FieldProblem) return invalid(thrown.message)
    throw thrown
  }
}

/** A fault with the code that most have. */
export function invalid(fault: string): EventFault {
  return { code: 'invalid-event', fault }
}

/** Longest metric, id and source. */
export const NAME_LENGTH_MAX = 256

const CONTENT_LENGTH_MAX = 65_536

type UnhashedEvent = Omit<IncomingEvent, 'hash'>
type Fields = { readonly [name: string]: ExactJson }

/** Inside this file only: carries what is wrong with a field up to where the event is given back. */
class FieldProblem extends Error {}

function readPlain(item: Fields): UnhashedEvent {
  for (const name of Object.keys(item)) {
    if (PLAIN_FIELDS.includes(name)) continue
    throw new FieldProblem(`there is no field ${shown(name)}${didYouMean(name, PLAIN_FIELDS)}`)
  }
  return {
    tenant: optionalName(item, 'tenant_id'),
    source: optionalName(item, 'source') ?? '',
    id: name(item, 'idempotency_key'),
    metric: name(item, 'metric'),
    value: amountOf(item.value, 'value'),
    timestampMs: timeOf(item, 'timestamp'),
    properties: propertiesOf(item.properties),
  }
}

const PLAIN_FIELDS = ['tenant_id', 'metric', 'value', 'idempotency_key', 'timestamp', 'properties', 'source']

function readCloudEvent(item: Fields): UnhashedEvent {
  if (item.specversion !== '1.0')
    throw new FieldProblem(`specversion is ${shown(item.specversion)}; it must be "1.0"`)
  if ('data_base64' in item) throw new FieldProblem('data_base64 is not read; send data as JSON')
  const type = item.datacontenttype
  if (type !== undefined && (typeof type !== 'string' || !JSON_TYPE.test(type)))
    throw new FieldProblem(`datacontenttype is ${shown(type)}; data must be JSON`)
  const data = item.data ?? null
  const { value, ...properties } = isExactObject(data) ? data : { value: data }
  return {
    tenant: optionalName(item, 'subject'),
    source: name(item, 'source'),
    id: name(item, 'id'),
    metric: name(item, 'type'),
    value: amountOf(value, 'data.value'),
    timestampMs: timeOf(item, 'time'),
    properties: propertiesOf(properties),
  }
}

const JSON_TYPE = /^(?:application|text)\/(?:[\w.-]+\+)?json\s*(?:;|$)/i

function name(item: Fields, field: string): string {
  const text = optionalName(item, field)
  if (text === undefined) throw new FieldProblem(`${field} is missing`)
  return text
}

/** One line of text: it stands in logs, tables and spools. */
function optionalName(item: Fields, field: string): string | undefined {
  const text = item[field]
  if (text === undefined || text === null) return undefined
  if (typeof text !== 'string') throw new FieldProblem(`${field} is ${shown(text)}; it must be text`)
  if (text.trim() === '') throw new FieldProblem(`${field} is empty`)
  if (text.length > NAME_LENGTH_MAX)
    throw new FieldProblem(`${field} is longer than ${NAME_LENGTH_MAX} characters`)
  if (!text.isWellFormed() || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(text))
    throw new FieldProblem(`${field} holds a line break or another control character`)
  return text
}

function amountOf(value: ExactJson | undefined, field: string): string | JsonNumber | undefined {
  if (value === undefined || value === null) return undefined
  if (value instanceof JsonNumber) return value
  if (typeof value !== 'string')
    throw new FieldProblem(`${field} is ${shown(value)}; it must be a number, or a decimal in quotes`)
  if (value === '' || value.length > NAME_LENGTH_MAX || /\p{Cc}/u.test(value) || !value.isWellFormed())
    throw new FieldProblem(`${field} is ${shown(value)}; it must be a number, or a decimal in quotes`)
  return value
}

function timeOf(item: Fields, field: string): number | undefined {
  const text = item[field]
  if (text === undefined || text === null) return undefined
  const ms = typeof text === 'string' ? parseIsoTime(text.toUpperCase()) : undefined
  if (ms === undefined || ms < OLDEST_MS)
    throw new FieldProblem(`${field} is ${shown(text)}; it must be a time such as "2026-03-01T12:00:00Z"`)
  return ms
}

/** 2000-01-01: what is older is seconds taken for milliseconds, or a clock that was never set. */
const OLDEST_MS = 946_684_800_000

function propertiesOf(value: ExactJson | undefined): Readonly<Record<string, ExactJson>> {
  if (value === undefined || value === null) return {}
  if (!isExactObject(value)) throw new FieldProblem(`properties is ${shown(value)}; it must be an object`)
  return value
}

/** As JSON, numbers as they were written, cut where it is long. */
function shown(value: ExactJson | undefined): string {
  if (value === undefined) return 'missing'
  const text = value instanceof JsonNumber ? value.text : exactJsonText(value)
  return text.length <= SHOWN_LENGTH_MAX ? text : `${text.slice(0, SHOWN_LENGTH_MAX)}…`
}

const SHOWN_LENGTH_MAX = 40
