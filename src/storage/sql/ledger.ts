import { type Kysely, sql } from 'kysely'
import { assert } from '../../lib/assert.ts'
import type {
  LedgerStore,
  NodePlace,
  Rollup,
  RollupEntry,
  RollupFilter,
  TenantUse,
  WatermarkAdvance,
} from '../ports/ledger.ts'
import { readRollups } from './ledger-read.ts'
import type { LedgerStatements } from './ledger-statements.ts'
import { addRollups } from './ledger-write.ts'
import type { ControlSchema } from './schema.ts'

/** Rollups and watermarks, in SQL. */
export class SqlLedgerStore implements LedgerStore {
  readonly #db: Kysely<ControlSchema>
  readonly #statements: LedgerStatements

  /** `statements` may be shared by all ledgers of one store: building them is what costs. */
  constructor(db: Kysely<ControlSchema>, statements: LedgerStatements) {
    this.#db = db
    this.#statements = statements
  }

  async apply(entries: readonly RollupEntry[], advance: WatermarkAdvance): Promise<boolean> {
    if (!(await this.#moveWatermark(advance))) return false
    await addRollups({ db: this.#db, statements: this.#statements }, entries)
    return true
  }

  async watermark({ nodeId, epoch }: NodePlace): Promise<number> {
    const row = await this.#db
      .selectFrom('watermarks')
      .select('seq')
      .where('node_id', '=', nodeId)
      .where('epoch', '=', epoch)
      .executeTakeFirst()
    return row?.seq ?? 0
  }

  rollups(filter: RollupFilter): AsyncIterable<Rollup> {
    return readRollups(this.#db, filter)
  }

  async usedByTenant(meter: 'calls' | 'units', fromMs: number, toMs: number): Promise<readonly TenantUse[]> {
    const column = meter === 'calls' ? 'requests' : 'usage_units'
    return this.#db
      .selectFrom('rollups')
      .select(['tenant_id as tenantId', sql<number>`cast(sum(${sql.ref(column)}) as bigint)`.as('used')])
      .where('bucket_ms', '>=', fromMs)
      .where('bucket_ms', '<', toMs)
      .where('billable', '=', 1)
      .where('tenant_id', '!=', '')
      .groupBy('tenant_id')
      .orderBy('tenant_id')
      .execute()
  }

  /** False when the watermark is not at `afterSeq`. The row stays locked to the end of the transaction. */
  async #moveWatermark({ nodeId, epoch, afterSeq, throughSeq }: WatermarkAdvance): Promise<boolean> {
    assert(throughSeq > afterSeq && afterSeq >= 0, 'a watermark moves forward')
    if (afterSeq > 0) {
      const result = await this.#db
        .updateTable('watermarks')
        .set({ seq: throughSeq })
        .where('node_id', '=', nodeId)
        .where('epoch', '=', epoch)
        .where('seq', '=', afterSeq)
        .executeTakeFirst()
      return result.numUpdatedRows === 1n
    }
    const result = await this.#db
      .insertInto('watermarks')
      .values({ node_id: nodeId, epoch, seq: throughSeq })
      .onConflict((conflict) => conflict.columns(['node_id', 'epoch']).doNothing())
      .executeTakeFirst()
    return result.numInsertedOrUpdatedRows === 1n
  }
}
