import { DigestSum } from '../lib/digest.ts'
import type { UsageEvent } from '../model/event.ts'
import { digestEvent } from '../model/event-digest.ts'
import { meterCounts } from '../model/meter.ts'
import { addQuantities } from '../model/quantity.ts'
import type { Seal, SealedMeter } from '../model/seal.ts'
import { BUCKET_MS } from '../storage/ports/ledger.ts'
import { type AggregationOf, addedUp } from './roll-up.ts'

/**
 * The seals of events on their way into the ledger: one for each bucket and run of a node. `aggregationOf` is
 * that of `rollUp`: a seal says how each meter was counted.
 *
 * What marks come to only the ledger can say, which knows what was there before.
 */
export function sealUp(events: Iterable<UsageEvent>, aggregationOf: AggregationOf = addedUp): Seal[] {
  const seals: GrowingSeal[] = []
  let last: GrowingSeal | undefined
  for (const event of events) {
    const bucketMs = event.timestampMs - (event.timestampMs % BUCKET_MS)
    // Events come in the order in which they ended: nearly all of a batch fall into one bucket.
    if (last === undefined || !last.isOf(event, bucketMs)) {
      last = seals.find((seal) => seal.isOf(event, bucketMs))
      if (last === undefined) {
        last = new GrowingSeal(event, bucketMs)
        seals.push(last)
      }
    }
    last.add(event, aggregationOf)
  }
  return seals.map((seal) => seal.seal())
}

class GrowingSeal {
  readonly #nodeId: string
  readonly #epoch: number
  readonly #bucketMs: number
  readonly #ids = new DigestSum()
  readonly #contents = new DigestSum()
  readonly #meters = new Map<string, SealedMeter>()
  #firstSeq = Number.POSITIVE_INFINITY
  #lastSeq = 0
  #events = 0
  #requests = 0
  #refused = 0
  #billable = 0
  #usageUnits = 0
  #bytesReceived = 0
  #bytesSent = 0
  #durationMs = 0

  constructor({ nodeId, epoch }: UsageEvent, bucketMs: number) {
    this.#nodeId = nodeId
    this.#epoch = epoch
    this.#bucketMs = bucketMs
  }

  isOf({ nodeId, epoch }: UsageEvent, bucketMs: number): boolean {
    return this.#bucketMs === bucketMs && this.#epoch === epoch && this.#nodeId === nodeId
  }

  add(event: UsageEvent, aggregationOf: AggregationOf): void {
    const { id, content } = digestEvent(event)
    this.#ids.add(id)
    this.#contents.add(content)
    this.#firstSeq = Math.min(this.#firstSeq, event.seq)
    this.#lastSeq = Math.max(this.#lastSeq, event.seq)
    this.#events += 1
    this.#requests += event.count
    if (event.outcome === 'refused') this.#refused += event.count
    if (event.billable) this.#billable += event.count
    this.#usageUnits += event.usageUnits
    this.#bytesReceived += event.bytesReceived
    this.#bytesSent += event.bytesSent
    this.#durationMs += event.responseTimeMs
    for (const meterId in event.quantities) {
      this.#addValue(event.seq, meterId, event.quantities[meterId] ?? '', aggregationOf)
    }
  }

  seal(): Seal {
    return {
      nodeId: this.#nodeId,
      epoch: this.#epoch,
      bucketMs: this.#bucketMs,
      firstSeq: this.#firstSeq,
      lastSeq: this.#lastSeq,
      events: this.#events,
      requests: this.#requests,
      refused: this.#refused,
      billable: this.#billable,
      usageUnits: this.#usageUnits,
      bytesReceived: this.#bytesReceived,
      bytesSent: this.#bytesSent,
      durationMs: this.#durationMs,
      meters: [...this.#meters.values()].sort((left, right) => (left.meterId < right.meterId ? -1 : 1)),
      ids: this.#ids.text,
      contents: this.#contents.text,
      marks: '',
    }
  }

  #addValue(seq: number, meterId: string, value: string, aggregationOf: AggregationOf): void {
    const known = this.#meters.get(meterId)
    const aggregation = known?.aggregation ?? aggregationOf(meterId)
    // What cannot be counted is a leak, and of the events' contents.
    const counts = meterCounts(aggregation, value)
    const added = !counts ? '0' : aggregation === 'sum' ? value : '1'
    const quantity = addQuantities(known?.quantity ?? '0', added)
    this.#meters.set(meterId, {
      meterId,
      aggregation,
      firstSeq: known?.firstSeq ?? seq,
      lastSeq: seq,
      quantity,
    })
  }
}
