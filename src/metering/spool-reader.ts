import { closeSync, existsSync, fdatasyncSync, openSync } from 'node:fs'
import Database from 'better-sqlite3'
import { assert } from '../lib/assert.ts'
import { type SpoolFile, type SpoolPlace, spoolFileAt, spoolFiles } from './spool-files.ts'
import { BATCH_COLUMNS, isChanged, makeSpoolTable, type StoredBatch } from './spool-table.ts'

/** Reads what a spool holds, beside the thread that writes it. */
export class SpoolReader {
  readonly #path: string
  readonly #open = new Map<number, OpenFile>()

  /** `path` is that of the first file. */
  constructor(path: string) {
    this.#path = path
  }

  /**
   * Batches behind a place, oldest first, at most `limit`; all are of one file. None when none is left.
   *
   * Throws when one is not as it was written: what was changed must not be billed.
   */
  after(place: SpoolPlace, limit: number): readonly SpoolRow[] {
    // A file gets nothing more once a later one is there: looked for first, so that nothing is passed over.
    const files = spoolFiles(this.#path).filter(({ number }) => number >= place.file)
    this.#closeAllBut(files)
    for (const file of files) {
      const batchId = file.number === place.file ? place.batchId : 0
      const rows = this.#opened(file)?.next.all(batchId, limit) ?? []
      for (const row of rows) {
        assert(row.count > 0, 'a spool batch holds at least one event')
        if (isChanged(row)) throw new Error(`batch ${row.batchId} of ${file.path} is not as it was written`)
      }
      if (rows.length > 0) return rows.map((row) => ({ ...row, file: file.number }))
    }
    return []
  }

  /** The highest epoch it holds anything of; 0 when it holds nothing. */
  lastEpoch(): number {
    const files = spoolFiles(this.#path)
    return Math.max(0, ...files.map((file) => this.#opened(file)?.lastEpoch.get() ?? 0))
  }

  /**
   * Makes what was read of a file survive a power cut. Throws what the disk refuses.
   *
   * Without it a store could know of events that the spool forgot before the other store had them.
   */
  sync(file: number): void {
    // What is not in the log any more was synced when it left it.
    const log = `${spoolFileAt(this.#path, file)}-wal`
    if (!existsSync(log)) return
    const descriptor = openSync(log, 'r+')
    try {
      fdatasyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  }

  close(): void {
    this.#closeAllBut([])
  }

  /** Undefined while the file is being made. */
  #opened(file: SpoolFile): OpenFile | undefined {
    const known = this.#open.get(file.number)
    if (known !== undefined) return known
    const database = new Database(file.path, { fileMustExist: true })
    try {
      if (database.prepare(HAS_TABLE).get() !== undefined) {
        makeSpoolTable(database)
        const next = database.prepare<[number, number], StoredBatch>(NEXT)
        const opened = { database, next, lastEpoch: database.prepare<[], number>(LAST_EPOCH).pluck() }
        this.#open.set(file.number, opened)
        return opened
      }
    } catch (error) {
      database.close()
      throw error
    }
    database.close()
    return undefined
  }

  #closeAllBut(files: readonly SpoolFile[]): void {
    for (const [number, { database }] of this.#open) {
      if (files.some((file) => file.number === number)) continue
      this.#open.delete(number)
      database.close()
    }
  }
}

export interface SpoolRow extends StoredBatch {
  readonly file: number
}

interface OpenFile {
  readonly database: Database.Database
  readonly next: Database.Statement<[number, number], StoredBatch>
  readonly lastEpoch: Database.Statement<[], number>
}

const HAS_TABLE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'batches'"

const NEXT = `SELECT ${BATCH_COLUMNS} FROM batches WHERE batch_id > ? ORDER BY batch_id LIMIT ?`

// Each batch is of the epoch of the one before, or a later one.
const LAST_EPOCH = 'SELECT epoch FROM batches ORDER BY batch_id DESC LIMIT 1'
