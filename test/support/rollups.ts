import type { Rollup } from '../../src/storage/ports/ledger.ts'

/** Where the rollups of a test begin. */
export const MARCH = Date.UTC(2026, 2, 1)

/** A rollup of one call; `parts` say what differs. */
export function rollup(parts: Partial<Rollup>): Rollup {
  return {
    bucketMs: MARCH,
    tenantId: 'acme',
    keyId: 'key_1',
    apiId: 'dataforge',
    routeId: 'search',
    planId: 'pro',
    planVersion: 1,
    subscriptionId: 'sub_1',
    statusClass: 2,
    billable: true,
    dimensions: {},
    requests: 1,
    refused: 0,
    usageUnits: 1,
    bytesReceived: 10,
    bytesSent: 100,
    durationMs: 7,
    quantities: {},
    marks: [],
    ...parts,
  }
}

/** The sums of `times` rollups that differ in nothing a test looks at. */
export function sums(times: number) {
  return { usageUnits: times, bytesReceived: 10 * times, durationMs: 7 * times }
}
