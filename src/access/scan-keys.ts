import { lstat, readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { GatezError } from '../errors/gatez-error.ts'
import { maskSecret, secretsIn, withoutSecrets } from '../model/key.ts'
import { scanHistory } from './scan-history.ts'

/** A key found where none should lie, masked. */
export interface FoundKey {
  /** Path below the folder that was scanned; in history below the top of the repository. */
  readonly file: string
  /** From 1; 0 when the commit message holds it. */
  readonly line: number
  /** The oldest commit that added it; null when the file has it now. */
  readonly commit: string | null
  /** As `gz_live_ab12…wxyz`: gatez keys list shows the same. */
  readonly masked: string
}

/** What a scan saw. */
export interface KeyScan {
  readonly files: number
  /** Binary files and those over 16 MiB. */
  readonly skipped: number
  /** How many commits were read; null without history. */
  readonly commits: number | null
  readonly found: readonly FoundKey[]
}

/**
 * Looks for keys of gatez in a file or in all files of a folder and, if asked, in everything git ever
 * recorded of it.
 *
 * Only what has the form of a key and keeps its checksum is reported, so there is no false alarm. Links are
 * not followed; `.git` itself, binary files and those over 16 MiB are passed over. Needs no store and no
 * configuration: it can run anywhere.
 */
export async function scanKeys({ path, history }: ScanKeysRequest): Promise<KeyScan> {
  const files = await filesOf(path)
  const found: FoundKey[] = []
  let skipped = 0
  for (const file of files) {
    const text = await textOf(file)
    if (text === undefined) skipped += 1
    else found.push(...foundIn(text, relative(path, file) || file))
  }
  const recorded = history ? await scanHistory(path) : undefined
  return {
    files: files.length - skipped,
    skipped,
    commits: recorded?.commits ?? null,
    found: [...found, ...(recorded?.found ?? [])],
  }
}

export interface ScanKeysRequest {
  /** A file or folder. */
  readonly path: string
  readonly history: boolean
}

const FILE_BYTES_MAX = 16 * 1024 * 1024
/** Where a zero byte tells a binary file. */
const BINARY_BYTES = 8000

/** All plain files below `path`, in the order of their names. */
async function filesOf(path: string): Promise<readonly string[]> {
  const stat = await lstat(path).catch(() => undefined)
  if (stat === undefined)
    throw new GatezError('not-found', `There is no file or folder ${JSON.stringify(path)}.`)
  if (!stat.isDirectory()) return [path]

  const files: string[] = []
  const folders = [path]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined)
    if (entries === undefined) throw unreadable(folder)
    for (const entry of entries) {
      if (entry.isDirectory() && entry.name !== '.git') folders.push(join(folder, entry.name))
      else if (entry.isFile()) files.push(join(folder, entry.name))
    }
  }
  return files.sort()
}

/** undefined for what is not scanned. */
async function textOf(file: string): Promise<string | undefined> {
  const stat = await lstat(file).catch(() => undefined)
  if (stat === undefined || !stat.isFile() || stat.size > FILE_BYTES_MAX) return undefined
  const bytes = await readFile(file).catch(() => undefined)
  // A file that nobody may read could hold anything: never call that clean.
  if (bytes === undefined) throw unreadable(file)
  return bytes.subarray(0, BINARY_BYTES).includes(0) ? undefined : bytes.toString('latin1')
}

function foundIn(text: string, file: string): readonly FoundKey[] {
  const found: FoundKey[] = []
  let line = 1
  let counted = 0
  for (const { secret, index } of secretsIn(text)) {
    for (let at = text.indexOf('\n', counted); at !== -1 && at < index; at = text.indexOf('\n', counted)) {
      line += 1
      counted = at + 1
    }
    found.push({ file: withoutSecrets(file), line, commit: null, masked: maskSecret(secret) })
  }
  return found
}

function unreadable(path: string): GatezError {
  return new GatezError('invalid-parameter', `${path} cannot be read, so it cannot be called clean.`)
}
