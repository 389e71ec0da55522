import { randomUUID } from 'node:crypto'
import { createWriteStream, rmSync } from 'node:fs'
import { realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { GatezError } from '../../errors/gatez-error.ts'
import { makeFolder } from '../../lib/make-folder.ts'
import { whenStopped } from '../../lib/when-stopped.ts'

/**
 * Writes a file that is there whole or not at all, readable by its owner only (0600).
 *
 * `write` fills a file beside it, which takes the name at the very end, after it is on disk; until then
 * a file that had the name stays as it was. Of a command (`isCommand`) that is stopped by a signal it is taken away. What is no file (`/dev/stdout`, a pipe) is written to directly.
 * Throws `folder-not-writable` or `invalid-parameter` where `path` cannot be.
 */
export async function writeWholeFile(
  path: string,
  write: (sink: Writable) => Promise<void>,
  { isCommand = false }: { readonly isCommand?: boolean } = {},
): Promise<void> {
  const target = await targetOf(path)
  if (target.direct) return fill(target.path, 'w', write).catch((error) => refuse(error, path))

  const draft = join(dirname(target.path), `.gatez-${randomUUID()}`)
  using _stopped = isCommand ? whenStopped(() => rmSync(draft, { force: true })) : undefined
  try {
    await fill(draft, 'wx', write)
    await rename(draft, target.path)
  } catch (error) {
    // The first error is the one to tell of.
    await rm(draft, { force: true }).catch(() => {})
    refuse(error, path)
  }
}

/** Makes the folder that `--out` names, if it is missing. Throws `folder-not-writable` where it cannot be. */
export function makeOutFolder(path: string): void {
  try {
    makeFolder(path)
  } catch (error) {
    refuse(error, path)
  }
}

async function fill(
  path: string,
  flags: 'w' | 'wx',
  write: (sink: Writable) => Promise<void>,
): Promise<void> {
  const sink = createWriteStream(path, { flags, mode: 0o600, flush: flags === 'wx' })
  const closed = finished(sink)
  // An error of the file reaches us through `write` as well; nobody may be left to hear it twice.
  closed.catch(() => {})
  try {
    await write(sink)
    sink.end()
    await closed
  } finally {
    sink.destroy()
    // A file that was still being opened is there only now: who takes it away must not come before.
    await closed.catch(() => {})
  }
}

/** Where the file really goes: a link stays a link. */
async function targetOf(path: string): Promise<{ readonly path: string; readonly direct: boolean }> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) return { path, direct: false }
  if (found.isDirectory())
    throw new GatezError('invalid-parameter', `--out ${path} is a folder; name a file in it.`)
  return found.isFile() ? { path: await realpath(path), direct: false } : { path, direct: true }
}

function refuse(error: unknown, path: string): never {
  const reason = error instanceof Error && 'code' in error ? REASONS[String(error.code)] : undefined
  if (reason === undefined) throw error
  throw new GatezError('folder-not-writable', `--out ${path} cannot be written: ${reason}.`, { cause: error })
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the disk is read-only',
  ENOENT: 'its folder does not exist',
  EEXIST: 'a file is where a folder must be',
  ENOTDIR: 'its folder is a file',
  ENOSPC: 'the disk is full',
  ENAMETOOLONG: 'its name is too long',
}
