import { assert } from '../lib/assert.ts'
import type { Outcome, UsageEvent } from '../model/event.ts'
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
  return `${event.id}\t${event.timestampMs}\t${event.caller}\t${event.apiId}\t${event.routeId}\t${event.method}\t${withoutSecrets(event.endpoint)}\t${event.statusCode}\t${OUTCOME_CODES[event.outcome]}\t${event.refusal}\t${event.billable ? 1 : 0}\t${event.responseTimeMs}\t${event.bytesSent}\t${event.bytesReceived}\t${event.usageUnits}\t${event.quantities}\t${event.dimensions}\t${event.clientIp}\t${event.requestId}\t${event.count}\n`
}

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
  /** JSON of meter → decimal string; empty if none. */
  readonly quantities: string
  /** JSON of dimension → value; empty if none. */
  readonly dimensions: string
  readonly clientIp: string
  readonly requestId: string
  readonly count: number
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

/** Reads the lines of one spool batch back; `firstSeq` is the position of its first event. */
export function decodeEvents(
  lines: string,
  place: { readonly nodeId: string; readonly epoch: number; readonly firstSeq: number },
): UsageEvent[] {
  const events: UsageEvent[] = []
  let start = 0
  while (start < lines.length) {
    const end = lines.indexOf('\n', start)
    assert(end !== -1, 'a spool batch ends with a whole line')
    events.push(decodeLine(lines.slice(start, end), place, place.firstSeq + events.length))
    start = end + 1
  }
  return events
}

function decodeLine(
  line: string,
  place: { readonly nodeId: string; readonly epoch: number },
  seq: number,
): UsageEvent {
  const fields = line.split('\t')
  assert(fields.length === FIELD_COUNT, `a spool line has ${FIELD_COUNT} fields`)
  const [id = '', timestamp, source = '', tenantId = '', keyId = '', planId = '', planVersion] = fields
  const [subscriptionId = '', apiId = '', routeId = '', method = '', endpoint = ''] = fields.slice(7)
  const [status, outcome = '', refusal = '', billable, responseTime, sent, received] = fields.slice(12)
  const [units, quantities = '', dimensions = '', clientIp = '', requestId = '', count] = fields.slice(19)
  return {
    id,
    timestampMs: Number(timestamp),
    tenantId,
    keyId,
    apiId,
    routeId,
    planId,
    planVersion: Number(planVersion),
    subscriptionId,
    method,
    endpoint,
    statusCode: Number(status),
    outcome: outcomeOf(outcome),
    refusal,
    billable: billable === '1',
    responseTimeMs: Number(responseTime),
    bytesSent: Number(sent),
    bytesReceived: Number(received),
    usageUnits: Number(units),
    quantities: quantities === '' ? NOTHING : JSON.parse(quantities),
    dimensions: dimensions === '' ? NOTHING : JSON.parse(dimensions),
    clientIp,
    requestId,
    nodeId: place.nodeId,
    epoch: place.epoch,
    seq,
    source,
    count: Number(count),
  }
}

const FIELD_COUNT = 25

const NOTHING: Readonly<Record<string, string>> = Object.freeze({})

const OUTCOME_CODES = {
  ok: 'o',
  client_aborted: 'a',
  upstream_truncated: 't',
  upstream_error: 'e',
  refused: 'r',
} as const satisfies Record<Outcome, string>

const OUTCOMES: ReadonlyMap<string, Outcome> = new Map([
  ['o', 'ok'],
  ['a', 'client_aborted'],
  ['t', 'upstream_truncated'],
  ['e', 'upstream_error'],
  ['r', 'refused'],
])

function outcomeOf(code: string): Outcome {
  const outcome = OUTCOMES.get(code)
  assert(outcome !== undefined, 'a spool line names a known outcome')
  return outcome
}
