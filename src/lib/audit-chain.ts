import { createHash } from 'node:crypto'

/**
 * The hash of an entry of the audit log, over the hash of the one before it and all it says.
 *
 * Whoever changes, removes or swaps entries breaks the chain from there on, unless it is hashed anew to
 * its end; so keep the newest hash elsewhere as well.
 */
export function chainHash(before: string, entry: ChainedEntry): string {
  const { atMs, actor, action, subject, detail } = entry
  const text = JSON.stringify([before, atMs, actor, action, subject, detail])
  return createHash('sha256').update(text).digest('hex')
}

/** What is hashed of an entry; `detail` as the text it is stored as. */
export interface ChainedEntry {
  readonly atMs: number
  readonly actor: string
  readonly action: string
  readonly subject: string
  readonly detail: string
}
