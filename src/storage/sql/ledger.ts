import type { Kysely } from 'kysely'
import { assert } from '../../lib/assert.ts'
import type { LedgerStore, Rollup, TenantUse } from '../ports/ledger.ts'
import type { ControlSchema } from './schema.ts'

/** Placeholder so that the control store opens; the ledger driver takes its place. */
export class SqlLedgerStore implements LedgerStore {
  constructor(db: Kysely<ControlSchema>) {
    assert(db, 'a ledger has a database')
  }

  async apply(): Promise<boolean> {
    throw new Error('no ledger yet')
  }

  async watermark(): Promise<number> {
    throw new Error('no ledger yet')
  }

  // biome-ignore lint/correctness/useYield: a placeholder yields nothing
  async *rollups(): AsyncIterable<Rollup> {
    throw new Error('no ledger yet')
  }

  async usedByTenant(): Promise<readonly TenantUse[]> {
    throw new Error('no ledger yet')
  }
}
