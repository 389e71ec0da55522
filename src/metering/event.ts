import { assert } from '../lib/assert.ts'
import { ByteText } from '../lib/byte-text.ts'
import type { Outcome } from '../model/event.ts'
import { withoutSecrets } from '../model/key.ts'

/**
 * An event on its way from a gateway thread to the ledger: one line of tab-separated fields.
 *
 * Text, because a person can read a spool. No field can hold a tab or a line end: paths and request ids are checked
 * when a request is accepted, the rest is ours or JSON. Some clients put their key into the path: it is cut out here.
 */
export function encodeEvent(event: EventFields): string {
  writeEvent(WRITTEN, event)
  return Buffer.from(WRITTEN.take()).toString()
}

/** Writes that line behind others, as the bytes that the spool keeps (UTF-8). */
export function writeEvent(to: ByteText, event: EventFields): void {
  to.text(event.id)
  addNumber(to, event.timestampMs)
  addText(to, event.caller)
  addText(to, event.apiId)
  addText(to, event.routeId)
  addText(to, event.method)
  addText(to, withoutSecrets(event.endpoint))
  addNumber(to, event.statusCode)
  addText(to, OUTCOME_CODES[event.outcome])
  addText(to, event.refusal)
  addText(to, event.billable ? '1' : '0')
  addNumber(to, event.responseTimeMs)
  addNumber(to, event.bytesSent)
  addNumber(to, event.bytesReceived)
  addNumber(to, event.usageUnits)
  addText(to, event.quantities)
  addText(to, event.dimensions)
  addText(to, event.clientIp)
  addText(to, event.requestId)
  addNumber(to, event.count)
  to.byte(LINE_END)
}

function addText(to: ByteText, text: string): void {
  to.byte(TAB)
  to.text(text)
}

/**
 * A whole number that is not negative. What is none, which only a fault of ours can make, counts as what it must at
 * least be: a line that nobody can read would hold up the events of all.
 */
function addNumber(to: ByteText, value: number): void {
  to.byte(TAB)
  to.number(value > 0 ? Math.min(Math.floor(value), Number.MAX_SAFE_INTEGER) : 0)
}

const TAB = 0x09
const LINE_END = 0x0a
const WRITTEN = new ByteText(4096)

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
