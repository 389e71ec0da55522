import type { UsageEvent } from '../model/event.ts'
import type { Aggregation } from '../model/mark.ts'
import type { Period } from '../model/period.ts'
import { type SealedMeter, sealedAggregation } from '../model/seal.ts'
import { BUCKET_MS, type LedgerStore } from '../storage/ports/ledger.ts'
import { bucketOf } from './raw-events.ts'
import { runName } from './recount.ts'

/** Knows how the values of one meter were counted, whatever the file says by now. */
export class SealedMeters {
  readonly #meterId: string
  /** By bucket and run. */
  readonly #notes = new Map<string, readonly SealedMeter[]>()

  private constructor(meterId: string) {
    this.#meterId = meterId
  }

  /** Of the events of a span. */
  static async read(
    ledger: Pick<LedgerStore, 'seals'>,
    span: Period,
    meterId: string,
  ): Promise<SealedMeters> {
    const known = new SealedMeters(meterId)
    const toMs = bucketOf(span.endMs - 1) + BUCKET_MS
    for await (const seal of ledger.seals(bucketOf(span.startMs), toMs)) {
      const meters = seal.meters.filter((each) => each.meterId === meterId)
      if (meters.length > 0) known.#notes.set(`${seal.bucketMs}\n${runName(seal)}`, meters)
    }
    return known
  }

  /** What no seal knows of was added up. */
  aggregationOf(event: UsageEvent): Aggregation {
    const meters = this.#notes.get(`${bucketOf(event.timestampMs)}\n${runName(event)}`) ?? []
    return sealedAggregation({ meters }, this.#meterId, event.seq) ?? 'sum'
  }
}
