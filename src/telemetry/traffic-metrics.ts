import type { Exposition } from './exposition.ts'
import { STATUS_CLASSES, type TrafficTotals } from './traffic.ts'

/** Writes what the gateway threads counted. Labels are few and fixed: classes of statuses, codes of errors. */
export function writeTraffic(to: Exposition, totals: TrafficTotals): void {
  const { byStatus, refusedByStatus, refusedByCode } = totals
  to.counter(
    'gatez_responses_total',
    'Answers by the class of their status, those of gatez itself included; none = the call broke off before.',
    STATUS_CLASSES.map((status) => ({
      labels: { status },
      value: (byStatus.get(status) ?? 0) + (refusedByStatus.get(status) ?? 0),
    })),
  )
  to.counter('gatez_calls_total', 'Calls that were let through and are over.', totals.calls)
  to.counter('gatez_calls_durable_total', 'Calls whose event is on the disk.', totals.callsDurable)
  to.counter(
    'gatez_events_durable_total',
    'Events on the disk, of refusals and parts too.',
    totals.eventsDurable,
  )
  to.counter(
    'gatez_refusals_total',
    'Answers with a problem, by its code; upstreams that failed among them.',
    [...refusedByCode].filter(([, value]) => value > 0).map(([code, value]) => ({ labels: { code }, value })),
  )
  to.counter('gatez_request_bytes_total', 'Bytes of bodies from clients.', totals.bytesReceived)
  to.counter('gatez_response_bytes_total', 'Bytes of bodies to clients.', totals.bytesSent)
  to.counter('gatez_degraded_decisions_total', 'Calls decided without the counts that nodes share.', [
    { labels: { decision: 'admitted' }, value: totals.aloneAdmitted },
    { labels: { decision: 'refused' }, value: totals.aloneRefused },
  ])
  to.gauge('gatez_calls_in_flight', 'Calls under way.', totals.openNow)
  to.gauge(
    'gatez_metering_up',
    '1 while events can be made durable; 0: calls are refused.',
    totals.meteringUp ? 1 : 0,
  )
  to.histogram(
    'gatez_call_duration_seconds',
    'Calls that were let through, from the first byte in.',
    totals.latency,
  )
  to.histogram('gatez_upstream_duration_seconds', "Until the head of the upstream's answer.", totals.upstream)
  to.histogram(
    'gatez_commit_duration_seconds',
    'From an event handed over until it is on the disk.',
    totals.commit,
  )
  to.histogram('gatez_event_loop_lag_seconds', 'How late work is begun on gateway threads.', totals.lag)
}
