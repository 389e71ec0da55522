import { DigestSum } from '../lib/digest.ts'
import type { UsageEvent } from '../model/event.ts'
import { digestEvent } from '../model/event-digest.ts'
import { addQuantities } from '../model/quantity.ts'
import type { Seal } from '../model/seal.ts'
import { BUCKET_MS } from '../storage/ports/ledger.ts'

/** The seals of events on their way into the ledger: one for each bucket and run of a node. */
export function sealUp(events: readonly UsageEvent[]): Seal[] {
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
    last.add(event)
  }
  return seals.map((seal) => seal.seal())
}

class GrowingSeal {
  readonly #nodeId: string
  readonly #epoch: number
  readonly #bucketMs: number
  readonly #ids = new DigestSum()
  readonly #contents = new DigestSum()
  readonly #quantities: Record<string, string> = {}
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

  add(event: UsageEvent): void {
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
    for (const meter in event.quantities) {
      const before = this.#quantities[meter] ?? '0'
      this.#quantities[meter] = addQuantities(before, event.quantities[meter] ?? '0')
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
      quantities: this.#quantities,
      ids: this.#ids.text,
      contents: this.#contents.text,
    }
  }
}
