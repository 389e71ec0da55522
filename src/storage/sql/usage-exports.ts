import type { Kysely } from 'kysely'
import type { ExportedPiece, ExportSpan, UsageExportStore } from '../ports/usage-exports.ts'
import { chunksOf } from './chunks.ts'
import type { ControlSchema } from './schema.ts'

/** What was handed to other systems, in SQL. */
export class SqlUsageExportStore implements UsageExportStore {
  readonly #db: Kysely<ControlSchema>

  constructor(db: Kysely<ControlSchema>) {
    this.#db = db
  }

  async list(span: ExportSpan): Promise<readonly ExportedPiece[]> {
    return (await this.#select(span).execute()).map(toPiece)
  }

  async listUnwritten(span: ExportSpan): Promise<readonly ExportedPiece[]> {
    return (await this.#select(span).where('written_at_ms', 'is', null).execute()).map(toPiece)
  }

  async insertAll(target: string, pieces: readonly ExportedPiece[]): Promise<void> {
    for (const chunk of chunksOf(pieces, 64)) {
      await this.#db
        .insertInto('usage_exports')
        .values(chunk.map((piece) => toRow(target, piece)))
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    }
  }

  async claim(span: ExportSpan, batch: string): Promise<readonly ExportedPiece[]> {
    const { target, fromMs, toMs, tenantId, meters } = span
    let update = this.#db
      .updateTable('usage_exports')
      .set({ batch })
      .where('target', '=', target)
      .where('bucket_ms', '>=', fromMs)
      .where('bucket_ms', '<', toMs)
      .where('written_at_ms', 'is', null)
      .where('meter', 'in', meters)
    if (tenantId !== undefined) update = update.where('tenant_id', '=', tenantId)
    await update.execute()
    const rows = await this.#select(span)
      .where('batch', '=', batch)
      .where('written_at_ms', 'is', null)
      .execute()
    return rows.map(toPiece)
  }

  async markWritten(target: string, batch: string, atMs: number): Promise<void> {
    await this.#db
      .updateTable('usage_exports')
      .set({ written_at_ms: atMs })
      .where('target', '=', target)
      .where('batch', '=', batch)
      .where('written_at_ms', 'is', null)
      .execute()
  }

  #select({ target, fromMs, toMs, tenantId, meters }: ExportSpan) {
    const query = this.#db
      .selectFrom('usage_exports')
      .selectAll()
      .where('target', '=', target)
      .where('bucket_ms', '>=', fromMs)
      .where('bucket_ms', '<', toMs)
      .where('meter', 'in', meters)
      .orderBy('bucket_ms')
      .orderBy('tenant_id')
      .orderBy('meter')
      .orderBy('revision')
    return tenantId === undefined ? query : query.where('tenant_id', '=', tenantId)
  }
}

/** A piece of usage that was, or is to be, handed over. */
export interface UsageExportRow {
  readonly target: string
  readonly tenant_id: string
  readonly meter: string
  readonly bucket_ms: number
  readonly revision: number
  /** A whole number as text: as long as it has to be. */
  readonly quantity: string
  /** The run that handed it over last; null before any did. */
  readonly batch: string | null
  readonly written_at_ms: number | null
}

function toRow(
  target: string,
  { tenantId, meter, bucketMs, revision, quantity }: ExportedPiece,
): UsageExportRow {
  const key = { target, tenant_id: tenantId, meter, bucket_ms: bucketMs, revision }
  return { ...key, quantity, batch: null, written_at_ms: null }
}

function toPiece({
  tenant_id: tenantId,
  meter,
  bucket_ms: bucketMs,
  revision,
  quantity,
}: UsageExportRow): ExportedPiece {
  return { tenantId, meter, bucketMs, revision, quantity }
}
