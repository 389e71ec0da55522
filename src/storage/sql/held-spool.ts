import type Database from 'better-sqlite3'
import type { HeldBatch, HeldSpool } from '../ports/held-stores.ts'

/** The spool inside a read transaction of the caller. */
export class HeldSqliteSpool implements HeldSpool {
  readonly lastBatchId: number
  readonly #database: Database.Database

  constructor(database: Database.Database) {
    this.#database = database
    this.lastBatchId = database.prepare<[], number>(LAST).pluck().get() ?? 0
  }

  *batches(): Generator<HeldBatch> {
    yield* this.#database.prepare<[], HeldBatch>(BATCHES).iterate()
  }
}

// SQLite counts batches itself, and does not count back when one goes.
const LAST = "SELECT seq FROM sqlite_sequence WHERE name = 'batches'"

const BATCHES = `
  SELECT batch_id AS batchId, epoch, first_seq AS firstSeq, count, lines, written_ms AS writtenMs, thread, digest
  FROM batches ORDER BY batch_id`
