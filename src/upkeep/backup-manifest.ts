import { createHash } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import * as z from 'zod'
import { GatezError } from '../errors/gatez-error.ts'

/** The name of the file that says what a backup is. */
export const MANIFEST = 'manifest.json'

/** The stores. The spool has several files after a fault of the disk. */
const NAME = /^(?:control|usage|spool(?:-[1-9]\d{0,9})?)$/

const manifestSchema = z.object({
  format: z.literal(1),
  gatez: z.string(),
  created_at: z.string(),
  node_id: z.string(),
  /** How far each run of the node had come: positions of events, counted from 1. */
  places: z.array(
    z.object({ epoch: z.int(), ledger: z.int(), usage_log: z.int(), spool: z.int().nullable() }),
  ),
  files: z.array(z.object({ name: z.string().regex(NAME), bytes: z.int(), sha256: z.string() })),
})

/** What a backup says of itself. */
export type Manifest = z.infer<typeof manifestSchema>

export type BackupFile = Manifest['files'][number]

/** The path of one file in a backup. */
export function backupPath(folder: string, name: BackupFile['name']): string {
  return join(folder, `${name}.db`)
}

/** Reads what a backup is and compares its files with it. Throws `backup-damaged` or `not-found`. */
export async function readBackup(folder: string): Promise<Manifest> {
  const manifest = readManifest(folder)
  for (const file of manifest.files) {
    const path = backupPath(folder, file.name)
    const found = await measure(path).catch(() => undefined)
    if (found === undefined) throw damaged(`${path} is missing or cannot be read.`)
    if (found.bytes !== file.bytes || found.sha256 !== file.sha256) {
      throw damaged(`${path} is not what ${MANIFEST} says: it was changed, or cut off.`)
    }
  }
  return manifest
}

/** Size and hash of a file. */
export async function measure(path: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return { bytes: (await stat(path)).size, sha256: hash.digest('hex') }
}

function readManifest(folder: string): Manifest {
  const path = join(folder, MANIFEST)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new GatezError('not-found', `${folder} is no backup: it has no ${MANIFEST}.`, { cause })
  }
  const parsed = manifestSchema.safeParse(parseJson(text))
  if (!parsed.success) throw damaged(`${path} cannot be read: it was changed, or is of a newer gatez.`)
  return parsed.data
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function damaged(detail: string): GatezError {
  return new GatezError('backup-damaged', detail)
}
