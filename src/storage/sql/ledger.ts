import type { Kysely } from 'kysely'
import { assert } from '../../lib/assert.ts'
import { failPoint } from '../../lib/fail-point.ts'
import { readDimensions } from '../../model/dimension.ts'
import type { Seal } from '../../model/seal.ts'
import type {
  DimensionValues,
  LedgerBreadth,
  LedgerStore,
  Level,
  LevelFilter,
  NodePlace,
  Rollup,
  RollupEntry,
  RollupFilter,
  RunMark,
  SealedRun,
  Strays,
  TenantUse,
  UseFilter,
  WatermarkAdvance,
} from '../ports/ledger.ts'
import { readBreadth, readUsedMeters } from './ledger-breadth.ts'
import type { LedgerNumbers } from './ledger-numbers.ts'
import { readLevels, readRollups } from './ledger-read.ts'
import { addSeals, countSealed, readSealedRuns, readSeals, sealedThrough } from './ledger-seals.ts'
import type { LedgerStatements } from './ledger-statements.ts'
import { readStrays } from './ledger-strays.ts'
import { readUse } from './ledger-use.ts'
import { addRollups } from './ledger-write.ts'
import type { ControlSchema } from './schema.ts'
import { noteUse } from './use-notes.ts'

/** Rollups and watermarks, in SQL. */
export class SqlLedgerStore implements LedgerStore {
  readonly #db: Kysely<ControlSchema>
  readonly #shared: LedgerShared

  constructor(db: Kysely<ControlSchema>, shared: LedgerShared) {
    this.#db = db
    this.#shared = shared
  }

  async apply(
    entries: readonly RollupEntry[],
    advance: WatermarkAdvance,
    seals: readonly Seal[] = [],
  ): Promise<boolean> {
    if (!(await this.#moveWatermark(advance))) return false
    failPoint('inside-ledger')
    const marks = await addRollups({ db: this.#db, ...this.#shared }, entries)
    await addSeals(this.#db, seals, marks)
    await noteUse(this.#db, this.#shared.statements, entries)
    return true
  }

  async watermark(place: NodePlace): Promise<number> {
    const row = await this.#db
      .selectFrom('watermarks')
      .select('seq')
      .where('node_id', '=', place.nodeId)
      .where('epoch', '=', place.epoch)
      .executeTakeFirst()
    return Math.max(row?.seq ?? 0, await sealedThrough(this.#db, place))
  }

  async watermarks(): Promise<readonly RunMark[]> {
    const rows = await this.#db
      .selectFrom('watermarks')
      .selectAll()
      .orderBy('node_id')
      .orderBy('epoch')
      .execute()
    return rows.map(({ node_id, epoch, seq }) => ({ nodeId: node_id, epoch, seq }))
  }

  seals(fromMs: number, toMs: number): AsyncIterable<Seal> {
    return readSeals(this.#db, fromMs, toMs)
  }

  sealedEvents(fromMs: number, toMs: number): Promise<number> {
    return countSealed(this.#db, fromMs, toMs)
  }

  sealedRuns(): Promise<readonly SealedRun[]> {
    return readSealedRuns(this.#db)
  }

  rollups(filter: RollupFilter): AsyncIterable<Rollup> {
    return readRollups(this.#db, filter)
  }

  strays(fromMs: number, toMs: number): Promise<Strays> {
    return readStrays(this.#db, fromMs, toMs)
  }

  levels(filter: LevelFilter): Promise<readonly Level[]> {
    return readLevels(this.#db, filter)
  }

  usedMeters(fromMs: number, toMs: number): Promise<readonly string[]> {
    return readUsedMeters(this.#db, fromMs, toMs)
  }

  breadth(): Promise<LedgerBreadth> {
    return readBreadth(this.#db)
  }

  async dimensionValues(tenantId: string): Promise<DimensionValues> {
    const rows = await this.#db
      .selectFrom('rollup_callers')
      .innerJoin('rollup_tenants', 'rollup_tenants.tenant_no', 'rollup_callers.tenant_no')
      .select('dimensions')
      .distinct()
      .where('tenant_id', '=', tenantId)
      .where('dimensions', '!=', '')
      .execute()
    const values = new Map<string, Set<string>>()
    for (const { dimensions } of rows) {
      for (const [id, value] of Object.entries(readDimensions(dimensions))) {
        values.set(id, (values.get(id) ?? new Set()).add(value))
      }
    }
    return values
  }

  usedByTenant(
    meter: 'calls' | 'units',
    fromMs: number,
    toMs: number,
    only?: UseFilter,
  ): Promise<readonly TenantUse[]> {
    return readUse(this.#db, { meter, fromMs, toMs, only })
  }

  /**
   * False when the watermark is not at `afterSeq`. The row stays locked to the end of the transaction.
   *
   * The seals are asked as well: a watermark that was lost or set back must not let a batch in twice, and
   * is put right by the next batch.
   */
  async #moveWatermark({ nodeId, epoch, afterSeq, throughSeq }: WatermarkAdvance): Promise<boolean> {
    assert(throughSeq > afterSeq && afterSeq >= 0, 'a watermark moves forward')
    const sealed = await sealedThrough(this.#db, { nodeId, epoch })
    if (sealed > afterSeq) return false
    if (sealed < afterSeq) {
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
      .onConflict((conflict) =>
        conflict
          .columns(['node_id', 'epoch'])
          .doUpdateSet({ seq: throughSeq })
          .where('watermarks.seq', afterSeq === 0 ? '<' : '<=', afterSeq),
      )
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
