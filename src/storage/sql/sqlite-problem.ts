import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { GatezError } from '../../errors/gatez-error.ts'

/**
 * Turns what the SQLite driver or the file system threw into a problem with a way out.
 *
 * The driver's own words go into `cause` only. What is neither the disk's nor another program's
 * doing (a broken constraint, wrong SQL) is our mistake and comes back as it is.
 */
export function sqliteProblem(thrown: unknown, path: string): unknown {
  if (thrown instanceof Database.SqliteError) {
    const kind = PROBLEMS.find(([prefix]) => thrown.code.startsWith(prefix))
    if (kind === undefined) return thrown
    const [, code, say] = kind
    return new GatezError(code, say(path), { cause: thrown })
  }
  if (isUnpackProblem(thrown)) return new GatezError('folder-not-writable', thrown.message, { cause: thrown })
  const errno = errnoOf(thrown)
  if (errno === undefined) return thrown
  const detail =
    errno === 'ENOTDIR' || errno === 'EEXIST'
      ? `The folder ${dirname(path)} cannot be made: a file stands in its way.`
      : `The store ${path} cannot be created: ${REASONS[errno] ?? 'the system refused it'}.`
  return new GatezError(errno === 'ENOSPC' ? 'store-unavailable' : 'folder-not-writable', detail, {
    cause: thrown,
  })
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EISDIR: 'a folder has that name',
  ENOENT: 'the folder cannot be made there',
}

type Row = readonly [
  prefix: string,
  code: 'store-unavailable' | 'folder-not-writable',
  say: (path: string) => string,
]

const MAYBE_READ_ONLY = 'the file, its folder or the disk is read-only for this user'

const PROBLEMS: readonly Row[] = [
  ['SQLITE_BUSY', 'store-unavailable', (path) => `The store ${path} is in use: its write lock stayed taken.`],
  ['SQLITE_LOCKED', 'store-unavailable', (path) => `The store ${path} is in use: its lock stayed taken.`],
  ['SQLITE_FULL', 'store-unavailable', (path) => `The store ${path} cannot grow: the disk is full.`],
  [
    'SQLITE_READONLY',
    'folder-not-writable',
    (path) => `The store ${path} cannot be written to: ${MAYBE_READ_ONLY}.`,
  ],
  [
    'SQLITE_CANTOPEN',
    'folder-not-writable',
    (path) => `The store ${path} cannot be opened: ${MAYBE_READ_ONLY}.`,
  ],
  ['SQLITE_PERM', 'folder-not-writable', (path) => `The store ${path} may not be opened by this user.`],
  ['SQLITE_AUTH', 'folder-not-writable', (path) => `The store ${path} may not be opened by this user.`],
  ['SQLITE_NOTADB', 'store-unavailable', (path) => `The file ${path} is not an SQLite database.`],
  ['SQLITE_CORRUPT', 'store-unavailable', (path) => `The store ${path} is damaged: restore a backup.`],
  ['SQLITE_IOERR', 'store-unavailable', (path) => `The disk failed while reading or writing ${path}.`],
]

/** The single binary found no folder for its SQLite engine: see bin/build/unpack-sqlite.cjs. */
function isUnpackProblem(thrown: unknown): thrown is Error {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'GATEZ_ENGINE_NOT_UNPACKED'
}

function errnoOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown) || !('syscall' in thrown)) return undefined
  return typeof thrown.code === 'string' ? thrown.code : undefined
}
