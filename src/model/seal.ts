import type { Aggregation } from './mark.ts'
import { addQuantities } from './quantity.ts'

/**
 * What the ledger remembers of the events it took from one run of a node into one bucket.
 *
 * Written in the transaction that adds those events to their rollups, so it says for ever what was
 * there: `gatez reconcile` counts every store again and holds it against this.
 */
export interface Seal extends SealPlace, SealSums {
  /** The lowest and the highest position among the events. */
  readonly firstSeq: number
  readonly lastSeq: number
  /** A `DigestSum` of the ids, as text. */
  readonly ids: string
  /** A `DigestSum` of all that the events hold, as text. */
  readonly contents: string
  /**
   * A `DigestSum` of the marks that these events made in the rollups of the bucket, less those they replaced, as
   * text. Those of all runs come to the marks that are there.
   */
  readonly marks: string
}

export interface SealPlace {
  readonly nodeId: string
  readonly epoch: number
  readonly bucketMs: number
}

/** Sums over the events of a seal, billable or not. */
export interface SealSums {
  /** Rows of the usage log. */
  readonly events: number
  /** What they stand for: a row of refusals may stand for many. */
  readonly requests: number
  readonly refused: number
  readonly billable: number
  readonly usageUnits: number
  readonly bytesReceived: number
  readonly bytesSent: number
  readonly durationMs: number
  /** Custom meters, in the order of their ids, then positions. */
  readonly meters: readonly SealedMeter[]
}

/**
 * How the values of one meter were counted, from one event that has a value to another. The file may change
 * how; the positions of a meter never overlap.
 */
export interface SealedMeter {
  readonly meterId: string
  readonly aggregation: Aggregation
  readonly firstSeq: number
  readonly lastSeq: number
  /** A decimal: the sum of the values, or how many they are where the meter is no `sum`. */
  readonly quantity: string
}

/** How a value of a meter was counted, by a seal of its run and bucket; undefined where it knows of none. */
export function sealedAggregation(
  { meters }: Pick<Seal, 'meters'>,
  meterId: string,
  seq: number,
): Aggregation | undefined {
  return meters.find((each) => each.meterId === meterId && seq >= each.firstSeq && seq <= each.lastSeq)
    ?.aggregation
}

/** What is known of the meters of `earlier` events and of those that came `later`, as one. */
export function joinSealedMeters(
  earlier: readonly SealedMeter[],
  later: readonly SealedMeter[],
): readonly SealedMeter[] {
  const joined = [...earlier]
  for (const each of later) {
    const at = joined.findLastIndex(({ meterId }) => meterId === each.meterId)
    const last = joined[at]
    if (last?.aggregation === each.aggregation) {
      const quantity = addQuantities(last.quantity, each.quantity)
      joined[at] = { ...last, lastSeq: each.lastSeq, quantity }
    } else joined.push(each)
  }
  return joined.sort(byMeter)
}

function byMeter(left: SealedMeter, right: SealedMeter): number {
  if (left.meterId !== right.meterId) return left.meterId < right.meterId ? -1 : 1
  return left.firstSeq - right.firstSeq
}
