import type { UsageEvent } from '../model/event.ts'
import { addQuantities } from '../model/quantity.ts'
import { BUCKET_MS, type RollupEntry } from '../storage/ports/ledger.ts'

/** Sums events into the rollups of the ledger. Order, batching and splitting do not matter. */
export function rollUp(events: readonly UsageEvent[]): RollupEntry[] {
  const sums: Sum[] = []
  // The two fields that differ most find the few sums to compare with: cheaper than a text of all ten.
  const byKeyAndRoute = new Map<string, Sum[]>()
  for (const event of events) {
    const bucketMs = event.timestampMs - (event.timestampMs % BUCKET_MS)
    const statusClass = Math.floor(event.statusCode / 100)
    const name = `${event.keyId}\t${event.routeId}`
    const candidates = byKeyAndRoute.get(name)
    let sum = candidates?.find((each) => isSumOf(each, event, bucketMs, statusClass))
    if (sum === undefined) {
      sum = startSum(event, bucketMs, statusClass)
      sums.push(sum)
      if (candidates === undefined) byKeyAndRoute.set(name, [sum])
      else candidates.push(sum)
    }
    addEvent(sum, event)
  }
  return sums
}

function isSumOf(sum: Sum, event: UsageEvent, bucketMs: number, statusClass: number): boolean {
  return (
    sum.bucketMs === bucketMs &&
    sum.statusClass === statusClass &&
    sum.billable === event.billable &&
    sum.routeId === event.routeId &&
    sum.keyId === event.keyId &&
    sum.tenantId === event.tenantId &&
    sum.planId === event.planId &&
    sum.planVersion === event.planVersion &&
    sum.subscriptionId === event.subscriptionId &&
    sum.apiId === event.apiId
  )
}

/** A rollup while it grows. */
type Sum = { -readonly [Field in keyof Omit<RollupEntry, 'quantities'>]: RollupEntry[Field] } & {
  readonly quantities: Record<string, string>
}

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
  for (const meter in event.quantities) {
    const quantity = event.quantities[meter] ?? '0'
    const before = sum.quantities[meter]
    sum.quantities[meter] = before === undefined ? quantity : addQuantities(before, quantity)
  }
}
