import { chmodSync } from 'node:fs'
import Database from 'better-sqlite3'
import { type Clock, systemClock } from '../lib/clock.ts'
import { failPoint } from '../lib/fail-point.ts'
import { digestBatch, makeSpoolTable } from './spool-table.ts'

/**
 * One file of the durable hand-over from the gateway to the ledger: batches of events, appended and later
 * removed.
 *
 * SQLite in WAL mode. With `disk` every commit is synced before it returns and survives power loss;
 * with `process` it survives the end of the process. Used by the meter thread alone.
 */
export class Spool {
  readonly #database: Database.Database
  readonly #insert: Database.Statement<[number, number, number, Uint8Array, number, number, string]>
  readonly #remove: Database.Statement<[number]>
  readonly #epoch: number
  readonly #clock: Clock
  #nextSeq: number
  #lastBatchId = 0
  /** About how many pages the write-ahead log holds. */
  #logPages = 0

  constructor(options: SpoolOptions) {
    this.#epoch = options.epoch
    this.#clock = options.clock ?? systemClock
    this.#nextSeq = options.firstSeq ?? 1
    this.#database = new Database(options.path)
    try {
      chmodSync(options.path, 0o600)
      this.#database.pragma('journal_mode = WAL')
      this.#database.pragma(`synchronous = ${options.durability === 'disk' ? 'FULL' : 'NORMAL'}`)
      this.#database.pragma('busy_timeout = 5000')
      // See `tidyUp`.
      this.#database.pragma('wal_autocheckpoint = 0')
      makeSpoolTable(this.#database)
      this.#insert = this.#database.prepare(INSERT)
      this.#remove = this.#database.prepare(REMOVE)
      this.#lastBatchId = this.#database.prepare<[], number>(LAST).pluck().get() ?? 0
    } catch (error) {
      this.#database.close()
      throw error
    }
  }

  /** The place of the next event in the sequence of its epoch. */
  get nextSeq(): number {
    return this.#nextSeq
  }

  /** The newest batch; 0 when there is none. */
  get lastBatchId(): number {
    return this.#lastBatchId
  }

  /**
   * Appends batches in one transaction: all are durable when it returns, or none.
   *
   * Throws what SQLite throws (disk full, I/O error); the same batches may be appended again.
   * `shippedThrough` is the last batch that may go: it goes with the same commit. The newest one stays
   * whatever was shipped, so that a spool whose newest batch is missing can be told from one in order.
   */
  append(batches: readonly SpoolBatch[], shippedThrough: number): void {
    let seq = this.#nextSeq
    let batchId = this.#lastBatchId
    const writtenMs = this.#clock.nowMs()
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      for (const batch of batches) {
        const { lines, count, thread = 0 } = batch
        const digest = digestBatch({ epoch: this.#epoch, firstSeq: seq, count, lines, writtenMs, thread })
        const written = this.#insert.run(this.#epoch, seq, count, lines, writtenMs, thread, digest)
        batchId = Number(written.lastInsertRowid)
        seq += count
        this.#logPages += Math.ceil(lines.length / PAGE_BYTES)
      }
      this.#logPages += PAGES_A_COMMIT
      if (batches.length > 0) failPoint('inside-commit')
      if (shippedThrough > 0) {
        this.#remove.run(shippedThrough)
        failPoint('compaction')
      }
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#rollBack()
      throw error
    }
    this.#nextSeq = seq
    this.#lastBatchId = batchId
  }

  /**
   * Brings what stands in the write-ahead log into the file itself, when it is much. Throws what SQLite throws.
   *
   * SQLite would do it by itself as a part of a commit; but then the answers of that commit wait for it, and
   * when the disk refuses, nobody hears of it.
   */
  tidyUp(): void {
    if (this.#logPages < LOG_PAGES_MAX) return
    this.#logPages = 0
    this.#database.pragma('wal_checkpoint(PASSIVE)')
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

  #rollBack(): void {
    try {
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK')
    } catch {
      // Why the commit failed says more.
    }
  }
}

export interface SpoolOptions {
  readonly path: string
  readonly durability: 'disk' | 'process'
  readonly epoch: number
  /** The place of the first event in the sequence of its epoch: 1, unless an earlier file began it. */
  readonly firstSeq?: number
  /** The host's clock if not given. */
  readonly clock?: Clock
}

export interface SpoolBatch {
  /** As `encodeEvent` makes them, in UTF-8. */
  readonly lines: Uint8Array
  readonly count: number
  /** Which gateway thread it comes from, from 0. */
  readonly thread?: number
}

const PAGE_BYTES = 4096
/** What a commit writes beside the lines: the last page of the table, its index, the sequence of ids. */
const PAGES_A_COMMIT = 4
/**
 * 16 MB. What it brings into the file is the same few pages however often they were written: four times the log, a quarter
 * of the stalls.
 */
const LOG_PAGES_MAX = 4_000

const INSERT = `
INSERT INTO batches (epoch, first_seq, count, lines, written_ms, thread, digest) VALUES (?, ?, ?, CAST(? AS TEXT), ?, ?, ?)`

const LAST = 'SELECT max(batch_id) FROM batches'

const REMOVE = 'DELETE FROM batches WHERE batch_id <= ? AND batch_id < (SELECT max(batch_id) FROM batches)'
