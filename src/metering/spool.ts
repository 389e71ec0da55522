import { chmodSync } from 'node:fs'
import Database from 'better-sqlite3'
import { assert } from '../lib/assert.ts'
import { type Clock, systemClock } from '../lib/clock.ts'
import { digestText } from '../lib/digest.ts'

/**
 * The durable hand-over from the gateway to the ledger: batches of events, appended and later removed.
 *
 * SQLite in WAL mode. With `disk` every commit is synced before it returns and survives power loss;
 * with `process` it survives the end of the process. Used by the meter thread alone for writing.
 */
export class Spool {
  readonly #database: Database.Database
  readonly #insert: Database.Statement<[number, number, number, string, number, number, string]>
  readonly #remove: Database.Statement<[number]>
  readonly #epoch: number
  readonly #clock: Clock
  #nextSeq = 1

  constructor(options: SpoolOptions) {
    this.#epoch = options.epoch
    this.#clock = options.clock ?? systemClock
    this.#database = new Database(options.path)
    chmodSync(options.path, 0o600)
    this.#database.pragma('journal_mode = WAL')
    this.#database.pragma(`synchronous = ${options.durability === 'disk' ? 'FULL' : 'NORMAL'}`)
    this.#database.pragma('busy_timeout = 5000')
    makeTable(this.#database)
    this.#insert = this.#database.prepare(INSERT)
    this.#remove = this.#database.prepare(REMOVE)
  }

  /**
   * Appends batches in one transaction: all are durable when it returns, or none.
   *
   * Throws what SQLite throws (disk full, I/O error); the same batches may be appended again.
   * `shippedThrough` is the last batch that may go: it goes with the same commit. The newest one stays
   * whatever was shipped, so that a spool whose newest batch is missing can be told from one in order.
   */
  append(batches: readonly SpoolBatch[], shippedThrough: number): void {
    const seqBefore = this.#nextSeq
    const writtenMs = this.#clock.nowMs()
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      for (const batch of batches) {
        const { lines, count, thread = 0 } = batch
        const [epoch, firstSeq] = [this.#epoch, this.#nextSeq]
        const digest = digestBatch({ epoch, firstSeq, count, lines, writtenMs, thread })
        this.#insert.run(epoch, firstSeq, count, lines, writtenMs, thread, digest)
        this.#nextSeq += count
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
    makeTable(this.#database)
    this.#next = this.#database.prepare<[number, number], SpoolRow>(NEXT)
  }

  /**
   * Batches after `batchId`, oldest first, at most `limit`.
   *
   * Throws when one is not as it was written: what was changed must not be billed.
   */
  after(batchId: number, limit: number): readonly SpoolRow[] {
    const rows = this.#next.all(batchId, limit)
    for (const row of rows) {
      assert(row.count > 0, 'a spool batch holds at least one event')
      if (isChanged(row)) throw new Error(`batch ${row.batchId} of the spool is not as it was written`)
    }
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
  /** The host's clock if not given. */
  readonly clock?: Clock
}

export interface SpoolBatch {
  readonly lines: string
  readonly count: number
  /** Which gateway thread it comes from, from 0. */
  readonly thread?: number
}

export interface SpoolRow extends Required<SpoolBatch> {
  readonly batchId: number
  readonly epoch: number
  readonly firstSeq: number
  /** When it was committed; 0 in a batch of an older gatez. */
  readonly writtenMs: number
  /** Of all of the above; empty in a batch of an older gatez. */
  readonly digest: string
}

/** Whether a batch is no longer what was written. */
export function isChanged(row: Omit<SpoolRow, 'batchId'>): boolean {
  return row.digest !== '' && row.digest !== digestBatch(row)
}

function digestBatch(row: Omit<SpoolRow, 'batchId' | 'digest'>): string {
  const { epoch, firstSeq, count, writtenMs, thread } = row
  return digestText(`${epoch}\t${firstSeq}\t${count}\t${writtenMs}\t${thread}\n${row.lines}`)
}

/** Makes the table where there is none, and adds the columns that an older gatez did not have. */
function makeTable(database: Database.Database): void {
  database.exec(SCHEMA)
  const columns = database.prepare<[], string>("SELECT name FROM pragma_table_info('batches')").pluck()
  if (columns.all().includes('digest')) return
  const add = database.transaction(() => {
    if (columns.all().includes('digest')) return
    for (const column of LATER_COLUMNS) database.exec(`ALTER TABLE batches ADD COLUMN ${column}`)
  })
  add.immediate()
}

const LATER_COLUMNS = [
  'written_ms INTEGER NOT NULL DEFAULT 0',
  'thread INTEGER NOT NULL DEFAULT 0',
  "digest TEXT NOT NULL DEFAULT ''",
]

// AUTOINCREMENT: a batch id is never used again after the newest batch was removed.
const SCHEMA = `
CREATE TABLE IF NOT EXISTS batches (
  batch_id   INTEGER PRIMARY KEY AUTOINCREMENT,
  epoch      INTEGER NOT NULL,
  first_seq  INTEGER NOT NULL,
  count      INTEGER NOT NULL,
  lines      TEXT NOT NULL,
  ${LATER_COLUMNS.join(',\n  ')},
  UNIQUE (epoch, first_seq)
)`

const INSERT = `
INSERT INTO batches (epoch, first_seq, count, lines, written_ms, thread, digest) VALUES (?, ?, ?, ?, ?, ?, ?)`

const REMOVE = 'DELETE FROM batches WHERE batch_id <= ? AND batch_id < (SELECT max(batch_id) FROM batches)'

const NEXT = `
SELECT batch_id AS batchId, epoch, first_seq AS firstSeq, count, lines, written_ms AS writtenMs, thread, digest
FROM batches WHERE batch_id > ? ORDER BY batch_id LIMIT ?`
