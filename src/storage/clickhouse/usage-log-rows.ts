import { isoTime } from '../../lib/iso-time.ts'
import type { Outcome, UsageEvent } from '../../model/event.ts'
import type { Columns } from './connection.ts'

/** The columns that are written, in the order of `rowOf`. */
export const WRITTEN_COLUMNS: Columns = [
  'id',
  'timestamp',
  'tenant_id',
  'key_id',
  'api_id',
  'route_id',
  'plan_id',
  'plan_version',
  'subscription_id',
  'method',
  'endpoint',
  'status_code',
  'outcome',
  'refusal',
  'billable',
  'response_time_ms',
  'bytes_sent',
  'bytes_received',
  'usage_units',
  'quantities',
  'dimensions',
  'client_ip',
  'client_request_id',
  'node_id',
  'epoch',
  'seq',
  'source',
  'count',
  'leaks',
  'precedence',
]

/** What to select to get an `EventRow`. */
export const EVENT_COLUMNS = `
  id, toUnixTimestamp64Milli(timestamp), tenant_id, key_id, api_id, route_id, plan_id, plan_version,
  subscription_id, method, endpoint, status_code, outcome, refusal, billable, response_time_ms, bytes_sent,
  bytes_received, usage_units, quantities, dimensions, client_ip, request_id, node_id, epoch, seq, source, count,
  leaks, precedence`

/** An event as it comes back, in the order of `EVENT_COLUMNS`. */
export type EventRow = [
  id: string,
  timestamp: number,
  tenantId: string,
  keyId: string,
  apiId: string,
  routeId: string,
  planId: string,
  planVersion: number,
  subscriptionId: string,
  method: string,
  endpoint: string,
  statusCode: number,
  outcome: Outcome,
  refusal: string,
  billable: boolean,
  responseTimeMs: number,
  bytesSent: number,
  bytesReceived: number,
  usageUnits: number,
  quantities: Readonly<Record<string, string>>,
  dimensions: Readonly<Record<string, string>>,
  clientIp: string,
  requestId: string,
  nodeId: string,
  epoch: number,
  seq: number,
  source: string,
  count: number,
  leaks: Readonly<Record<string, string>>,
  precedence: number,
]

/**
 * Of two rows with one id the one with the higher precedence is the event: the one appended first. It falls
 * from append to append, and is what is missing from here to the position.
 */
export const PRECEDENCE_MAX = Number.MAX_SAFE_INTEGER

/** The values of `WRITTEN_COLUMNS` as a line of JSON, but for the last one, which differs in each writing. */
export function lineStart(event: UsageEvent): string {
  const line = JSON.stringify([
    event.id,
    dateTime(event.timestampMs),
    event.tenantId,
    event.keyId,
    event.apiId,
    event.routeId,
    event.planId,
    event.planVersion,
    event.subscriptionId,
    event.method,
    event.endpoint,
    event.statusCode,
    event.outcome,
    event.refusal,
    event.billable,
    event.responseTimeMs,
    event.bytesSent,
    event.bytesReceived,
    event.usageUnits,
    event.quantities,
    event.dimensions,
    event.clientIp,
    event.requestId === event.id ? null : event.requestId,
    event.nodeId,
    event.epoch,
    event.seq,
    event.source,
    event.count,
    event.leaks ?? {},
  ])
  return line.slice(0, -1)
}

/** The rest of the line of an event that comes to stand at `position`. */
export function lineEnd(position: number): string {
  return `,${PRECEDENCE_MAX - position}]`
}

/** The event a row stands for. */
export function eventOf(row: EventRow): UsageEvent {
  return {
    id: row[0],
    timestampMs: row[1],
    tenantId: row[2],
    keyId: row[3],
    apiId: row[4],
    routeId: row[5],
    planId: row[6],
    planVersion: row[7],
    subscriptionId: row[8],
    method: row[9],
    endpoint: row[10],
    statusCode: row[11],
    outcome: row[12],
    refusal: row[13],
    billable: row[14],
    responseTimeMs: row[15],
    bytesSent: row[16],
    bytesReceived: row[17],
    usageUnits: row[18],
    quantities: row[19],
    dimensions: row[20],
    clientIp: row[21],
    requestId: row[22],
    nodeId: row[23],
    epoch: row[24],
    seq: row[25],
    source: row[26],
    count: row[27],
    ...(hasEntries(row[28]) && { leaks: row[28] }),
  }
}

function hasEntries(record: Readonly<Record<string, string>>): boolean {
  for (const _ in record) return true
  return false
}

/** Where the event of a row stands in the log. */
export function positionOf(row: EventRow): number {
  return PRECEDENCE_MAX - row[29]
}

/** A moment as the server reads it in a row. */
function dateTime(ms: number): string {
  return isoTime(ms).slice(0, -1)
}
