import { existsSync } from 'node:fs'
import { openSqliteFileForReading } from './sqlite-file.ts'
import { sqliteProblem } from './sqlite-problem.ts'

/** The runs of a node whose events lie in its spool, each with the last position there; none without a spool. */
export function spooledRuns(path: string): readonly SpooledRun[] {
  if (!existsSync(path)) return []
  const database = openSqliteFileForReading(path)
  try {
    const has = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'batches'").get()
    return has === undefined ? [] : database.prepare<[], SpooledRun>(RUNS).all()
  } catch (error) {
    throw sqliteProblem(error, path)
  } finally {
    database.close()
  }
}

/** A run of the node, and how far its spool goes. */
export interface SpooledRun {
  readonly epoch: number
  readonly lastSeq: number
}

const RUNS = 'SELECT epoch, max(first_seq + count - 1) AS lastSeq FROM batches GROUP BY epoch'
