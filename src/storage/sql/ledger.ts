import { type Kysely, sql } from 'kysely'
import { assert } from '../../lib/assert.ts'
import { failPoint } from '../../lib/fail-point.ts'
import type {
  LedgerStore,
  NodePlace,
  Rollup,
  RollupEntry,
  RollupFilter,
  TenantUse,
  WatermarkAdvance,
} from '../ports/ledger.ts'
import type { LedgerNumbers } from './ledger-numbers.ts'
import { readRollups } from './ledger-read.ts'
import type { LedgerStatements } from './ledger-statements.ts'
import { addRollups } from './ledger-write.ts'
import type { ControlSchema } from './schema.ts'

/** Rollups and watermarks, in SQL. */
export class SqlLedgerStore implements LedgerStore {
  readonly #db: Kysely<ControlSchema>
  readonly #shared: LedgerShared

  constructor(db: Kysely<ControlSchema>, shared: LedgerShared) {
    this.#db = db
    this.#shared = shared
  }

  async apply(entries: readonly RollupEntry[], advance: WatermarkAdvance): Promise<boolean> {
    if (!(await this.#moveWatermark(advance))) return false
    failPoint('inside-ledger')
    await addRollups({ db: this.#db, ...this.#shared }, entries)
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
      .innerJoin('rollup_tenants', 'rollup_tenants.tenant_no', 'rollups.tenant_no')
      .innerJoin('rollup_kinds', 'rollup_kinds.kind_no', 'rollups.kind_no')
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

/** What all ledgers of one store share: building statements and looking up numbers is what costs. */
export interface LedgerShared {
  readonly statements: LedgerStatements
  /** For a transaction: its own view, kept after the commit. */
  readonly numbers: LedgerNumbers
}
