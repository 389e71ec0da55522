import type { UsageEvent } from '../../src/model/event.ts'

/** An event as a gateway would write it, with the parts a test cares about put in. */
export function usageEvent(parts: Partial<UsageEvent> = {}): UsageEvent {
  const seq = parts.seq ?? 1
  return {
    id: `01KJKT8Z00ABCDE0010${String(seq).padStart(7, '0')}`,
    timestampMs: Date.UTC(2026, 2, 1) + seq,
    tenantId: 'acme',
    keyId: 'key_1',
    apiId: 'dataforge',
    routeId: 'search',
    planId: 'pro',
    planVersion: 1,
    subscriptionId: 'sub_1',
    method: 'GET',
    endpoint: '/v1/search',
    statusCode: 200,
    outcome: 'ok',
    refusal: '',
    billable: true,
    responseTimeMs: 12,
    bytesSent: 512,
    bytesReceived: 0,
    usageUnits: 1,
    quantities: {},
    dimensions: {},
    clientIp: '',
    requestId: `req-${seq}`,
    nodeId: 'node-1',
    epoch: 1,
    seq,
    source: 'gateway',
    count: 1,
    ...parts,
  }
}
