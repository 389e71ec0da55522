import { isoTime } from '../lib/iso-time.ts'
import type { UsageEvent } from '../model/event.ts'

/** An event as scripts and other programs read it: the columns of the usage log. */
export interface EventView {
  readonly id: string
  readonly request_id: string
  readonly timestamp: string
  readonly tenant_id: string
  readonly key_id: string
  readonly api_id: string
  readonly route_id: string
  readonly plan_id: string
  readonly plan_version: number
  readonly subscription_id: string
  readonly method: string
  readonly endpoint: string
  readonly status_code: number
  readonly outcome: string
  readonly refusal: string
  readonly billable: boolean
  readonly response_time_ms: number
  readonly bytes_sent: number
  readonly bytes_received: number
  readonly usage_units: number
  readonly quantities: Readonly<Record<string, string>>
  readonly dimensions: Readonly<Record<string, string>>
  /** Meters whose value could not be metered: id → reason; not there when there are none. */
  readonly leaks?: Readonly<Record<string, string>>
  readonly client_ip: string
  readonly node_id: string
  readonly epoch: number
  readonly seq: number
  readonly source: string
  readonly count: number
}

/** Shows an event under its public names. */
export function viewEvent(event: UsageEvent): EventView {
  return {
    id: event.id,
    request_id: event.requestId,
    timestamp: isoTime(event.timestampMs),
    tenant_id: event.tenantId,
    key_id: event.keyId,
    api_id: event.apiId,
    route_id: event.routeId,
    plan_id: event.planId,
    plan_version: event.planVersion,
    subscription_id: event.subscriptionId,
    method: event.method,
    endpoint: event.endpoint,
    status_code: event.statusCode,
    outcome: event.outcome,
    refusal: event.refusal,
    billable: event.billable,
    response_time_ms: event.responseTimeMs,
    bytes_sent: event.bytesSent,
    bytes_received: event.bytesReceived,
    usage_units: event.usageUnits,
    quantities: event.quantities,
    dimensions: event.dimensions,
    ...(event.leaks !== undefined && { leaks: event.leaks }),
    client_ip: event.clientIp,
    node_id: event.nodeId,
    epoch: event.epoch,
    seq: event.seq,
    source: event.source,
    count: event.count,
  }
}
