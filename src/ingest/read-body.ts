import { type ExactJson, isExactObject } from '../lib/exact-json.ts'
import { parseStrictJson, UnclearJson } from '../lib/strict-json.ts'

/** A request to `POST /v1/events`, as far as it says what is in it. */
export interface EventsBody {
  /** The value of `Content-Type`; empty when there is none. */
  readonly contentType: string
  /** Attributes of a CloudEvent in binary mode: `ce-` fields, lower case, without the prefix. */
  readonly attributes: Readonly<Record<string, string>>
  readonly bytes: Uint8Array
}

/** What is in it. */
export interface ReadBody {
  readonly items: readonly ExactJson[]
  /** Whether it was one event by itself: the answer is then about that one alone. */
  readonly single: boolean
}

/** Why it cannot be read. */
export interface BodyProblem {
  readonly code: 'invalid-json' | 'unsupported-media-type' | 'invalid-event' | 'body-too-large'
  readonly detail: string
}

/** Most events in one request: so many take some 30 ms, for which others wait. */
export const EVENTS_MAX = 1_000

/**
 * Takes a body apart: one event or an array of events as `application/json`, a CloudEvent or a batch of them,
 * or a CloudEvent whose attributes are header fields.
 */
export function readBody({ contentType, attributes, bytes }: EventsBody): ReadBody | BodyProblem {
  const form = formOf(contentType)
  if (form === undefined) return UNSUPPORTED
  const body = parse(bytes)
  if ('detail' in body) return body
  const [{ value }, binary] = [body, attributes.specversion !== undefined]
  if (binary && form === 'json') return { items: [{ ...attributes, data: value }], single: true }
  if (!Array.isArray(value)) {
    if (form === 'batch') return problem('A batch of CloudEvents must be a JSON array.')
    if (form === 'cloudevent' && !(isExactObject(value) && 'specversion' in value)) return NO_CLOUD_EVENT
    return { items: [value], single: true }
  }
  if (form === 'cloudevent')
    return problem('A CloudEvent is one JSON object; a batch has its own Content-Type.')
  const items: readonly ExactJson[] = value
  if (items.length === 0) return problem('The batch is empty.')
  if (items.length > EVENTS_MAX) {
    const detail = `The request has ${items.length} events; at most ${EVENTS_MAX} are taken at once.`
    return { code: 'body-too-large', detail }
  }
  if (form === 'batch' && !items.every((item) => isExactObject(item) && 'specversion' in item))
    return NO_CLOUD_EVENT
  return { items, single: false }
}

type Form = 'json' | 'cloudevent' | 'batch'

function formOf(contentType: string): Form | undefined {
  const [type = '', ...parameters] = contentType.toLowerCase().split(';')
  const charset = parameters.map((each) => each.trim()).find((each) => each.startsWith('charset='))
  if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset)) return undefined
  return FORMS[type.trim()]
}

const FORMS: Readonly<Record<string, Form | undefined>> = Object.assign(Object.create(null), {
  'application/json': 'json',
  'application/cloudevents+json': 'cloudevent',
  'application/cloudevents-batch+json': 'batch',
})

function parse(bytes: Uint8Array): { readonly value: ExactJson } | BodyProblem {
  try {
    return { value: parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) }
  } catch (thrown) {
    if (!(thrown instanceof UnclearJson)) return NOT_JSON
    return { code: 'invalid-json', detail: `The request body is not read. ${thrown.message}` }
  }
}

function problem(detail: string): BodyProblem {
  return { code: 'invalid-event', detail }
}

const UNSUPPORTED: BodyProblem = {
  code: 'unsupported-media-type',
  detail:
    'Events are taken as application/json, application/cloudevents+json or application/cloudevents-batch+json, in UTF-8.',
}

const NOT_JSON: BodyProblem = {
  code: 'invalid-json',
  detail: 'The request body is not well-formed JSON in UTF-8.',
}

const NO_CLOUD_EVENT = problem('A CloudEvent must have its specversion.')
