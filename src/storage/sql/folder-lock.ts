import { join } from 'node:path'
import Database from 'better-sqlite3'
import { GatezError } from '../../errors/gatez-error.ts'
import { sqliteProblem } from './sqlite-problem.ts'

/** A folder that only this process may serve from, until disposed or the process ends, however it ends. */
export interface FolderLock extends Disposable {
  readonly dir: string
}

/**
 * Takes the folder for this process; `data-folder-locked` when another one has it.
 *
 * The lock is SQLite's own on a file `serve.lock`: the operating system drops it when the process
 * dies, so a crash never leaves a stale one behind.
 */
export function lockFolder(dir: string): FolderLock {
  const path = join(dir, 'serve.lock')
  let database: Database.Database | undefined
  try {
    database = new Database(path, { timeout: 0 })
    database.pragma('locking_mode = EXCLUSIVE')
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
      throw new GatezError('data-folder-locked', `Another gatez serve works in ${dir}.`, { cause: error })
    }
    throw sqliteProblem(error, path)
  }
  const held = database
  return { dir, [Symbol.dispose]: () => held.close() }
}
