/**
 * What of the usage was handed to another system, piece by piece: what was said once is never said otherwise.
 *
 * A piece is written down before it is handed over, and marked afterwards: a run that was killed between the two hands
 * over the same piece again.
 */
export interface UsageExportStore {
  /** All pieces whose bucket starts in the span, in the order of bucket, tenant, meter and revision. */
  list(span: ExportSpan): Promise<readonly ExportedPiece[]>
  /** Those of them that were not handed over. */
  listUnwritten(span: ExportSpan): Promise<readonly ExportedPiece[]>
  /** Adds pieces; one that is there stays as it is. */
  insertAll(target: string, pieces: readonly ExportedPiece[]): Promise<void>
  /** Gives the pieces of the span that were not handed over to `batch`, and returns those of `batch`. */
  claim(span: ExportSpan, batch: string): Promise<readonly ExportedPiece[]>
  /** The pieces of `batch` were handed over. */
  markWritten(target: string, batch: string, atMs: number): Promise<void>
}

export interface ExportSpan {
  /** Who gets it, as `stripe`. */
  readonly target: string
  readonly fromMs: number
  readonly toMs: number
  /** All tenants if not given. */
  readonly tenantId?: string | undefined
  /** Ids of meters. */
  readonly meters: readonly string[]
}

/** What one tenant used of one meter in one hour, or what changed of it since the revision before. */
export interface ExportedPiece {
  readonly tenantId: string
  readonly meter: string
  readonly bucketMs: number
  /** 0, 1, 2 … */
  readonly revision: number
  /** A whole number, below 0 where something was taken back. */
  readonly quantity: string
}
