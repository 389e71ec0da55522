import type Database from 'better-sqlite3'
import { digestText } from '../lib/digest.ts'

/** A batch of events as it lies in a file of the spool. */
export interface StoredBatch {
  readonly batchId: number
  readonly epoch: number
  readonly firstSeq: number
  readonly count: number
  readonly lines: string
  /** When it was committed; 0 in a batch of an older gatez. */
  readonly writtenMs: number
  /** Which gateway thread it comes from, from 0. */
  readonly thread: number
  /** Of all of the above; empty in a batch of an older gatez. */
  readonly digest: string
}

/** Whether a batch is no longer what was written. */
export function isChanged(batch: Omit<StoredBatch, 'batchId'>): boolean {
  return batch.digest !== '' && batch.digest !== digestBatch(batch)
}

/** What tells a batch from any other; `lines` as they are read, or as they are written. */
export function digestBatch(batch: WrittenBatch): string {
  const { epoch, firstSeq, count, writtenMs, thread, lines } = batch
  return digestText(`${epoch}\t${firstSeq}\t${count}\t${writtenMs}\t${thread}\n`, lines)
}

interface WrittenBatch extends Omit<StoredBatch, 'batchId' | 'digest' | 'lines'> {
  readonly lines: string | Uint8Array
}

/** Makes the table where there is none, and adds the columns that an older gatez did not have. */
export function makeSpoolTable(database: Database.Database): void {
  database.exec(SCHEMA)
  const columns = database.prepare<[], string>("SELECT name FROM pragma_table_info('batches')").pluck()
  if (columns.all().includes('digest')) return
  const add = database.transaction(() => {
    if (columns.all().includes('digest')) return
    for (const column of LATER_COLUMNS) database.exec(`ALTER TABLE batches ADD COLUMN ${column}`)
  })
  add.immediate()
}

/** The columns of a batch, by their names here. */
export const BATCH_COLUMNS =
  'batch_id AS batchId, epoch, first_seq AS firstSeq, count, lines, written_ms AS writtenMs, thread, digest'

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
