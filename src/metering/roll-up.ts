import type { UsageEvent } from '../model/event.ts'
import { addQuantities } from '../model/quantity.ts'
import { BUCKET_MS, type RollupEntry } from '../storage/ports/ledger.ts'

/** Sums events into the rollups of the ledger. Order, batching and splitting do not matter. */
export function rollUp(events: readonly UsageEvent[]): RollupEntry[] {
  const sums = new Map<string, Sum>()
  for (const event of events) {
    const bucketMs = Math.floor(event.timestampMs / BUCKET_MS) * BUCKET_MS
    const statusClass = Math.floor(event.statusCode / 100)
    const key = `${bucketMs}\t${event.tenantId}\t${event.keyId}\t${event.routeId}\t${event.planId}\t${event.planVersion}\t${event.subscriptionId}\t${statusClass}\t${event.billable}\t${event.apiId}`
    let sum = sums.get(key)
    if (sum === undefined) {
      sum = startSum(event, bucketMs, statusClass)
      sums.set(key, sum)
    }
    addEvent(sum, event)
  }
  return [...sums.values()]
}

/** A rollup while it grows. */
type Sum = { -readonly [Field in keyof RollupEntry]: RollupEntry[Field] }

function startSum(event: UsageEvent, bucketMs: number, statusClass: number): Sum {
  return {
    bucketMs,
    tenantId: event.tenantId,
    keyId: event.keyId,
    apiId: event.apiId,
    routeId: event.routeId,
    planId: event.planId,
    planVersion: event.planVersion,
    subscriptionId: event.subscriptionId,
    statusClass,
    billable: event.billable,
    requests: 0,
    refused: 0,
    usageUnits: 0,
    bytesReceived: 0,
    bytesSent: 0,
    durationMs: 0,
    quantities: {},
  }
}

function addEvent(sum: Sum, event: UsageEvent): void {
  sum.requests += event.count
  if (event.outcome === 'refused') sum.refused += event.count
  sum.usageUnits += event.usageUnits
  sum.bytesReceived += event.bytesReceived
  sum.bytesSent += event.bytesSent
  sum.durationMs += event.responseTimeMs
  for (const [meter, quantity] of Object.entries(event.quantities)) {
    const before = sum.quantities[meter]
    const after = before === undefined ? quantity : addQuantities(before, quantity)
    sum.quantities = { ...sum.quantities, [meter]: after }
  }
}
