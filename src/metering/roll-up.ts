import { dimensionsText } from '../model/dimension.ts'
import type { UsageEvent } from '../model/event.ts'
import { type Aggregation, joinMarks, type Mark, markName, NO_MARKS } from '../model/mark.ts'
import { type Meter, meterCounts } from '../model/meter.ts'
import { addQuantities, canonicalQuantity } from '../model/quantity.ts'
import { BUCKET_MS, type RollupEntry, type RollupKey } from '../storage/ports/ledger.ts'

/**
 * Sums events into the rollups of the ledger. Order, batching and splitting do not matter.
 *
 * `aggregationOf` says how a meter becomes one number; what it does not know is added up.
 */
export function rollUp(events: Iterable<UsageEvent>, aggregationOf: AggregationOf = addedUp): RollupEntry[] {
  const sums: Sum[] = []
  // The fields that differ most find the few sums to compare with: cheaper than a text of all of them.
  const byField = new Map<string, Sum[]>()
  for (const event of events) {
    const bucketMs = event.timestampMs - (event.timestampMs % BUCKET_MS)
    const statusClass = Math.floor(event.statusCode / 100)
    const dimensions = dimensionsText(event.dimensions)
    const name = `${event.keyId}\t${event.routeId}${dimensions}`
    const candidates = byField.get(name)
    let sum = candidates?.find((each) => isSumOf(each, event, bucketMs, statusClass, dimensions))
    if (sum === undefined) {
      sum = new Sum(event, bucketMs, statusClass, dimensions)
      sums.push(sum)
      if (candidates === undefined) byField.set(name, [sum])
      else candidates.push(sum)
    }
    sum.add(event, aggregationOf)
  }
  return sums.map((sum) => sum.entry())
}

/** How the values of a meter become one number. */
export type AggregationOf = (meterId: string) => Aggregation

/** As the file declares it; a meter that it does not know is added up. */
export function declaredAggregations(meters: readonly Meter[]): AggregationOf {
  const known = new Map(meters.map(({ id, aggregation }) => [id, aggregation]))
  return (meterId) => known.get(meterId) ?? 'sum'
}

/** The same for every meter: it is added up. */
export function addedUp(): Aggregation {
  return 'sum'
}

function isSumOf(
  { key, dimensionsText: text }: Sum,
  event: UsageEvent,
  bucketMs: number,
  statusClass: number,
  dimensions: string,
): boolean {
  return (
    key.bucketMs === bucketMs &&
    key.statusClass === statusClass &&
    key.billable === event.billable &&
    key.routeId === event.routeId &&
    key.keyId === event.keyId &&
    key.tenantId === event.tenantId &&
    key.planId === event.planId &&
    key.planVersion === event.planVersion &&
    key.subscriptionId === event.subscriptionId &&
    key.apiId === event.apiId &&
    text === dimensions
  )
}

/** A rollup while it grows. */
class Sum {
  readonly key: RollupKey
  readonly dimensionsText: string
  #requests = 0
  #refused = 0
  #usageUnits = 0
  #bytesReceived = 0
  #bytesSent = 0
  #durationMs = 0
  readonly #quantities: Record<string, string> = {}
  #marks: Map<string, Mark> | undefined

  constructor(event: UsageEvent, bucketMs: number, statusClass: number, dimensions: string) {
    this.dimensionsText = dimensions
    this.key = {
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
      dimensions: event.dimensions,
    }
  }

  add(event: UsageEvent, aggregationOf: AggregationOf): void {
    this.#requests += event.count
    if (event.outcome === 'refused') this.#refused += event.count
    this.#usageUnits += event.usageUnits
    this.#bytesReceived += event.bytesReceived
    this.#bytesSent += event.bytesSent
    this.#durationMs += event.responseTimeMs
    for (const meterId in event.quantities) {
      this.#meter(event, meterId, event.quantities[meterId] ?? '', aggregationOf(meterId))
    }
    for (const meterId in event.leaks) this.#leak(meterId, event.leaks[meterId] ?? '')
  }

  entry(): RollupEntry {
    return {
      ...this.key,
      requests: this.#requests,
      refused: this.#refused,
      usageUnits: this.#usageUnits,
      bytesReceived: this.#bytesReceived,
      bytesSent: this.#bytesSent,
      durationMs: this.#durationMs,
      quantities: this.#quantities,
      marks: this.#marks === undefined ? NO_MARKS : [...this.#marks.values()],
    }
  }

  /** A value may be from before the file gave its meter another aggregation. */
  #meter(event: UsageEvent, meterId: string, value: string, aggregation: Aggregation): void {
    if (!meterCounts(aggregation, value)) {
      this.#leak(meterId, 'invalid')
      return
    }
    if (aggregation === 'sum' || aggregation === 'count') {
      const quantity = aggregation === 'count' ? '1' : value
      const before = this.#quantities[meterId]
      this.#quantities[meterId] = before === undefined ? quantity : addQuantities(before, quantity)
      return
    }
    const mark = { meterId, aggregation, member: '', atMs: 0, eventId: '', quantity: '1' }
    const { timestampMs: atMs, id: eventId } = event
    if (aggregation === 'unique_count') this.#keep({ ...mark, aggregation, member: value })
    else {
      const quantity = canonicalQuantity(value)
      if (aggregation === 'max') this.#keep({ ...mark, aggregation, quantity })
      else if (aggregation === 'latest') this.#keep({ ...mark, aggregation, atMs, eventId, quantity })
      else this.#keep({ ...mark, aggregation, member: String(atMs), atMs, eventId, quantity })
    }
  }

  #leak(meterId: string, reason: string): void {
    this.#keep({ meterId, aggregation: 'leak', member: reason, atMs: 0, eventId: '', quantity: '1' })
  }

  #keep(mark: Mark): void {
    this.#marks ??= new Map()
    const name = markName(mark)
    const before = this.#marks.get(name)
    this.#marks.set(name, before === undefined ? mark : joinMarks(before, mark))
  }
}
