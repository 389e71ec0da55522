import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { GatezError } from '../../errors/gatez-error.ts'
import { sqliteProblem } from './sqlite-problem.ts'

/**
 * Opens an SQLite file the way every store of gatez needs it; creates it (0600) and its folder (0700).
 *
 * WAL, so readers and the one writer do not wait for each other; `synchronous=FULL`, so what was
 * committed survives a power loss; foreign keys on. `:memory:` gives a private store for tests. `cache` is how
 * much of the file it holds in memory: `usual` is 16 MB, `small` 2 MB, for who reads it once from end to end.
 */
export function openSqliteFile(path: string, cache: FileCache = 'usual'): Database.Database {
  try {
    if (path !== MEMORY) createFile(path)
    const database = new Database(path, { timeout: BUSY_TIMEOUT_MS })
    try {
      database.pragma('journal_mode = WAL')
      database.pragma('synchronous = FULL')
      database.pragma('foreign_keys = ON')
      if (cache === 'small') database.pragma(`cache_size = -${SMALL_CACHE_KIB}`)
      return database
    } catch (error) {
      database.close()
      throw error
    }
  } catch (error) {
    throw sqliteProblem(error, path)
  }
}

/** Opens an existing SQLite file for reading only. Sees what others commit while it is open. */
export function openSqliteFileForReading(path: string): Database.Database {
  if (!existsSync(path)) throw new GatezError('store-unavailable', `The store ${path} does not exist yet.`)
  try {
    return new Database(path, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS })
  } catch (error) {
    throw sqliteProblem(error, path)
  }
}

export type FileCache = 'usual' | 'small'

const SMALL_CACHE_KIB = 2_000

/** How long a writer waits for another before it gives up with `store-unavailable`. */
export const BUSY_TIMEOUT_MS = 5_000

const MEMORY = ':memory:'

// SQLite gives -wal and -shm the mode of the file itself, so the mode must be right from the start.
function createFile(path: string): void {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  closeSync(openSync(path, 'a', 0o600))
}

// Not `recursive: true`: where a file system refuses with ENOENT, as /proc does, Node tries for ever.
function makeFolder(path: string): void {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!existsSync(path)) throw error
  }
}
