import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join, parse } from 'node:path'

/** One file of a spool. A later file has a higher number. */
export interface SpoolFile {
  readonly number: number
  readonly path: string
}

/** A place in a spool: behind the batch `batchId` of the file `file`. */
export interface SpoolPlace {
  readonly file: number
  readonly batchId: number
}

/** Before the first batch of the first file. */
export const SPOOL_START: SpoolPlace = { file: 1, batchId: 0 }

/**
 * The files of a spool that are there, oldest first. `path` names the first one, `spool.db`.
 *
 * There is one file, as long as the disk is well: `spool-2.db` and so on follow after a fault of it.
 */
export function spoolFiles(path: string): readonly SpoolFile[] {
  const { dir, name, ext } = parse(path)
  if (!existsSync(dir)) return []
  return readdirSync(dir)
    .map((entry) => numberOf(entry, name, ext))
    .filter((number) => number !== undefined)
    .sort((one, other) => one - other)
    .map((number) => ({ number, path: spoolFileAt(path, number) }))
}

/** The path of the file with this number. */
export function spoolFileAt(path: string, number: number): string {
  if (number === 1) return path
  const { dir, name, ext } = parse(path)
  return join(dir, `${name}-${number}${ext}`)
}

/** Removes a file and what SQLite keeps beside it; false when the disk refuses. */
export function removeSpoolFile(path: string): boolean {
  try {
    for (const suffix of ['-wal', '-shm', '']) rmSync(path + suffix, { force: true })
    return true
  } catch {
    return false
  }
}

function numberOf(entry: string, name: string, ext: string): number | undefined {
  if (entry === name + ext) return 1
  if (!entry.startsWith(`${name}-`) || !entry.endsWith(ext)) return undefined
  const written = entry.slice(name.length + 1, entry.length - ext.length)
  return /^[1-9]\d*$/.test(written) ? Number(written) : undefined
}
