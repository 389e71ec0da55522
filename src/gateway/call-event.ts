import type { Clock } from '../lib/clock.ts'
import { encodeEvent } from '../metering/event.ts'
import { COUNTED_STATUSES, statusCounts } from '../model/api.ts'
import type { Meter } from '../model/meter.ts'
import type { Ending } from './ending.ts'
import type { Limited } from './exchange.ts'
import { readQuantities } from './quantities.ts'

/** The event of a call that was let through, encoded, and whether it is billable. */
export interface CallEvent {
  readonly line: string
  readonly billable: boolean
}

/**
 * Makes the one event of a call that was let through, however it ended (design 6).
 *
 * Billable when it ended by itself or by its client, with a status that some meter counts, for a live key.
 */
export function callEvent(
  limited: Limited,
  ending: Ending,
  meters: readonly Meter[],
  clock: Clock,
): CallEvent {
  const { accepted, call } = limited.planned
  const { exchange, target } = accepted
  const { quantities, anyCounts } = readQuantities(meters, ending)
  const finished = ending.outcome === 'ok' || ending.outcome === 'client_aborted'
  const counts = finished && (anyCounts || statusCounts(COUNTED_STATUSES, ending.status))
  const billable = counts && call.caller.billed
  const line = encodeEvent({
    id: exchange.eventId,
    timestampMs: exchange.startMs,
    caller: call.caller.origin,
    apiId: call.matched.api.id,
    routeId: call.matched.route.id,
    method: exchange.request.method ?? '',
    endpoint: target.path,
    statusCode: ending.status,
    outcome: ending.outcome,
    refusal: ending.refusal?.code ?? '',
    billable,
    responseTimeMs: Math.round(clock.monotonicMs() - exchange.startMonotonicMs),
    bytesSent: ending.bytesSent,
    bytesReceived: ending.bytesReceived,
    usageUnits: call.matched.route.cost,
    quantities,
    dimensions: '',
    clientIp: exchange.clientIp,
    requestId: exchange.requestId,
    count: 1,
  })
  return { line, billable }
}
