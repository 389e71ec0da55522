import { chmodSync } from 'node:fs'
import Database from 'better-sqlite3'
import { assert } from '../lib/assert.ts'

/**
 * The durable hand-over from the gateway to the ledger: batches of events, appended and later removed.
 *
 * SQLite in WAL mode. With `disk` every commit is synced before it returns and survives power loss;
 * with `process` it survives the end of the process. Used by the meter thread alone for writing.
 */
export class Spool {
  readonly #database: Database.Database
  readonly #insert: Database.Statement<[number, number, number, string]>
  readonly #remove: Database.Statement<[number]>
  readonly #epoch: number
  #nextSeq = 1

  constructor(options: SpoolOptions) {
    this.#epoch = options.epoch
    this.#database = new Database(options.path)
    chmodSync(options.path, 0o600)
    this.#database.pragma('journal_mode = WAL')
    this.#database.pragma(`synchronous = ${options.durability === 'disk' ? 'FULL' : 'NORMAL'}`)
    this.#database.pragma('busy_timeout = 5000')
    this.#database.exec(SCHEMA)
    this.#insert = this.#database.prepare(INSERT)
    this.#remove = this.#database.prepare(REMOVE)
  }

  /**
   * Appends batches in one transaction: all are durable when it returns, or none.
   *
   * Throws what SQLite throws (disk full, I/O error); the same batches may be appended again.
   * `shippedThrough` is the last batch that may go: it goes with the same commit.
   */
  append(batches: readonly SpoolBatch[], shippedThrough: number): void {
    const seqBefore = this.#nextSeq
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      for (const batch of batches) {
        this.#insert.run(this.#epoch, this.#nextSeq, batch.count, batch.lines)
        this.#nextSeq += batch.count
      }
      if (shippedThrough > 0) this.#remove.run(shippedThrough)
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#nextSeq = seqBefore
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  /** Bytes of the file's pages in use. */
  usedBytes(): number {
    const [pages, free, size] = ['page_count', 'freelist_count', 'page_size'].map((name) =>
      Number(this.#database.pragma(name, { simple: true })),
    )
    return ((pages ?? 0) - (free ?? 0)) * (size ?? 0)
  }

  close(): void {
    this.#database.close()
  }
}

/** Reads what a spool holds, beside the thread that writes it. */
export class SpoolReader {
  readonly #database: Database.Database
  readonly #next: Database.Statement<[number, number], SpoolRow>

  /** The file must exist. */
  constructor(path: string) {
    this.#database = new Database(path)
    this.#database.pragma('busy_timeout = 5000')
    this.#database.exec(SCHEMA)
    this.#next = this.#database.prepare<[number, number], SpoolRow>(NEXT)
  }

  /** Batches after `batchId`, oldest first, at most `limit`. */
  after(batchId: number, limit: number): readonly SpoolRow[] {
    const rows = this.#next.all(batchId, limit)
    for (const row of rows) assert(row.count > 0, 'a spool batch holds at least one event')
    return rows
  }

  close(): void {
    this.#database.close()
  }
}

export interface SpoolOptions {
  readonly path: string
  readonly durability: 'disk' | 'process'
  readonly epoch: number
}

export interface SpoolBatch {
  readonly lines: string
  readonly count: number
}

export interface SpoolRow {
  readonly batchId: number
  readonly epoch: number
  readonly firstSeq: number
  readonly count: number
  readonly lines: string
}

// AUTOINCREMENT: a batch id is never used again after the newest batch was removed.
const SCHEMA = `
CREATE TABLE IF NOT EXISTS batches (
  batch_id  INTEGER PRIMARY KEY AUTOINCREMENT,
  epoch     INTEGER NOT NULL,
  first_seq INTEGER NOT NULL,
  count     INTEGER NOT NULL,
  lines     TEXT NOT NULL,
  UNIQUE (epoch, first_seq)
)`

const INSERT = 'INSERT INTO batches (epoch, first_seq, count, lines) VALUES (?, ?, ?, ?)'

const REMOVE = 'DELETE FROM batches WHERE batch_id <= ?'

const NEXT = `
SELECT batch_id AS batchId, epoch, first_seq AS firstSeq, count, lines
FROM batches WHERE batch_id > ? ORDER BY batch_id LIMIT ?`
