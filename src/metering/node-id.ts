import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { prefixedId } from '../lib/id.ts'
import { writeDurably } from '../lib/write-durably.ts'

/**
 * The id of this data folder's node, made at its first start.
 *
 * It is on the disk before the first event is: under another id, what the spool still holds after a power cut
 * would be counted a second time.
 */
export function readNodeId(dataDir: string): string {
  const path = join(dataDir, 'node')
  const known = readIfThere(path)
  if (known !== '') return known
  const nodeId = prefixedId('node')
  writeDurably(path, `${nodeId}\n`)
  return nodeId
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}
