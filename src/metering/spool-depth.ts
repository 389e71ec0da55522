import Database from 'better-sqlite3'
import { spoolFiles } from './spool-files.ts'

/** What of the spool the ledger does not have yet. */
export interface SpoolDepth {
  /** Events of this run behind the ledger. */
  readonly events: number
  /** When the oldest of them was committed; null when there is none. */
  readonly oldestMs: number | null
  /** What is in use of its files, also of what was shipped and not cleared away yet. */
  readonly bytes: number
}

/**
 * Looks how much waits in the spool, beside the threads that write and read it; holds none of them up.
 *
 * `path` is that of the first file, `throughSeq` how far the ledger has this run.
 */
export function readSpoolDepth(path: string, epoch: number, throughSeq: number): SpoolDepth {
  let [events, bytes] = [0, 0]
  let oldestMs: number | null = null
  for (const file of spoolFiles(path)) {
    const database = new Database(file.path, { readonly: true, fileMustExist: true })
    try {
      if (database.prepare(HAS_TABLE).get() === undefined) continue
      const last = database.prepare<[number], number>(LAST_SEQ).pluck().get(epoch) ?? 0
      const first = database.prepare<[number, number], Oldest>(OLDEST).get(epoch, throughSeq)
      if (first !== undefined) {
        events += last - first.firstSeq + 1
        oldestMs = oldestMs === null ? first.writtenMs : Math.min(oldestMs, first.writtenMs)
      }
      const [pages, free, size] = PRAGMAS.map((name) => Number(database.pragma(name, { simple: true })))
      bytes += ((pages ?? 0) - (free ?? 0)) * (size ?? 0)
    } finally {
      database.close()
    }
  }
  return { events, oldestMs, bytes }
}

interface Oldest {
  readonly firstSeq: number
  readonly writtenMs: number
}

const PRAGMAS = ['page_count', 'freelist_count', 'page_size'] as const

const HAS_TABLE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'batches'"

const LAST_SEQ = 'SELECT first_seq + count - 1 FROM batches WHERE epoch = ? ORDER BY first_seq DESC LIMIT 1'

const OLDEST = `SELECT first_seq AS firstSeq, written_ms AS writtenMs FROM batches
WHERE epoch = ? AND first_seq > ? ORDER BY first_seq LIMIT 1`
