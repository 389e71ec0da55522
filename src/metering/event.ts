import { assert } from '../lib/assert.ts'
import type { Outcome } from '../model/event.ts'
import { withoutSecrets } from '../model/key.ts'

/**
 * An event on its way from a gateway thread to the ledger: one line of tab-separated fields.
 *
 * Text, because joining strings and handing them to another thread costs less than any binary
 * encoder in JavaScript, and because a person can read a spool. No field can hold a tab or a line
 * end: paths and request ids are checked when a request is accepted, the rest is ours or JSON. Some
 * clients put their key into the path: it is cut out here.
 */
export function encodeEvent(event: EventFields): string {
  const { quantities, dimensions, clientIp, count } = event
  const rare =
    quantities === '' && dimensions === '' && clientIp === ''
      ? '\t\t\t\t'
      : `\t${quantities}\t${dimensions}\t${clientIp}\t`
  const what = `${event.apiId}\t${event.routeId}\t${event.method}\t${withoutSecrets(event.endpoint)}`
  const how = `${number(event.statusCode)}\t${OUTCOME_CODES[event.outcome]}\t${event.refusal}${event.billable ? '\t1' : '\t0'}`
  const sizes = number(event.responseTimeMs) + number(event.bytesSent) + number(event.bytesReceived)
  const end = rare + event.requestId + (count === 1 ? '\t1\n' : `\t${count}\n`)
  return `${event.id}\t${event.timestampMs}\t${event.caller}\t${what}${how}${sizes}${number(event.usageUnits)}${end}`
}

/**
 * A tab and a whole number. Making text of a number costs more than looking up a small one.
 *
 * Anything else, which only a fault of ours can make, counts as what it must at least be: a line that nobody can read
 * would hold up the events of all.
 */
function number(value: number): string {
  return SMALL_NUMBERS[value] ?? `\t${value > 0 ? Math.floor(value) : 0}`
}

const SMALL_NUMBERS: readonly string[] = Array.from({ length: 1024 }, (_, value) => `\t${value}`)

/** What differs from one event to the next; `caller` is the part that `encodeCaller` made once. */
export interface EventFields {
  readonly id: string
  readonly timestampMs: number
  readonly caller: string
  readonly apiId: string
  readonly routeId: string
  readonly method: string
  readonly endpoint: string
  readonly statusCode: number
  readonly outcome: Outcome
  readonly refusal: string
  readonly billable: boolean
  readonly responseTimeMs: number
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly usageUnits: number
  /** JSON of meter → decimal string (`encodeQuantities`); empty if none. */
  readonly quantities: string
  /** JSON of dimension → value; empty if none. */
  readonly dimensions: string
  readonly clientIp: string
  readonly requestId: string
  readonly count: number
}

/** What was metered, and what should have been and could not, as one field of an event. */
export function encodeQuantities(quantities: Texts, leaks: Texts): string {
  if (isEmpty(leaks)) return isEmpty(quantities) ? '' : JSON.stringify(quantities)
  return JSON.stringify([quantities, leaks])
}

/** Ids of meters, each with a decimal. */
export type Texts = Readonly<Record<string, string>>

function isEmpty(texts: Texts): boolean {
  for (const _ in texts) return false
  return true
}

/** The fields that all calls of one key share, joined once. */
export function encodeCaller(caller: EventCaller): string {
  return `${caller.source}\t${caller.tenantId}\t${caller.keyId}\t${caller.planId}\t${caller.planVersion}\t${caller.subscriptionId}`
}

export interface EventCaller {
  readonly source: string
  readonly tenantId: string
  readonly keyId: string
  readonly planId: string
  readonly planVersion: number
  readonly subscriptionId: string
}

const OUTCOME_CODES = {
  ok: 'o',
  open: 'p',
  client_aborted: 'a',
  upstream_truncated: 't',
  upstream_error: 'e',
  refused: 'r',
} as const satisfies Record<Outcome, string>

const OUTCOMES: ReadonlyMap<string, Outcome> = new Map([
  ['o', 'ok'],
  ['p', 'open'],
  ['a', 'client_aborted'],
  ['t', 'upstream_truncated'],
  ['e', 'upstream_error'],
  ['r', 'refused'],
])

/** The outcome that is written so. */
export function outcomeOf(code: string): Outcome {
  const outcome = OUTCOMES.get(code)
  assert(outcome !== undefined, 'a spool line names a known outcome')
  return outcome
}
