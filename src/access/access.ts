import type { Clock } from '../lib/clock.ts'
import type { ControlStore, ControlTables } from '../storage/ports/control-store.ts'

/** What every use case of this folder needs. */
export interface Access {
  readonly store: ControlStore
  readonly clock: Clock
}

/** Who asks: `cli:<system user>`, `member:<id>`, `gatez` for what happens by rule. */
export interface Signed {
  readonly actor: string
}

/**
 * Writes down who did what, and rings the bell for every cache of `subject`.
 *
 * Part of the transaction that makes the change: there is no change without its audit row.
 */
export async function record(tables: ControlTables, entry: RecordEntry): Promise<void> {
  await tables.audit.insert({ ...entry, detail: entry.detail ?? {} })
  await tables.changes.insert(entry.subject, entry.atMs)
}

export interface RecordEntry extends Signed {
  readonly atMs: number
  /** As `key.approved`. */
  readonly action: string
  /** As `key:key_…`. */
  readonly subject: string
  /** Never holds a secret. */
  readonly detail?: Readonly<Record<string, unknown>>
}
