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
  /** Custom meters: id → decimal string. */
  readonly quantities: Readonly<Record<string, string>>
}
