import type { Kysely } from 'kysely'
import { addQuantities } from '../../model/quantity.ts'
import type { RollupEntry } from '../ports/ledger.ts'
import { chunksOf } from './chunks.ts'
import { type LedgerStatements, run } from './ledger-statements.ts'
import type { ControlSchema } from './schema.ts'

/** Leaves a note of what these entries add: one for each tenant, subscription and bucket. */
export async function noteUse(
  db: Kysely<ControlSchema>,
  statements: LedgerStatements,
  entries: readonly RollupEntry[],
): Promise<void> {
  for (const chunk of chunksOf(notesOf(entries), CHUNK_MAX)) {
    await run(
      db,
      statements.noteInsert(chunk.length),
      chunk.flatMap((note) => note.values()),
    )
  }
}

/** More rows to a statement make none of them cheaper. */
const CHUNK_MAX = 64

function notesOf(entries: readonly RollupEntry[]): readonly Note[] {
  const notes: Note[] = []
  // Most tenants have one: looking through those of a tenant costs less than joining its names into one text.
  const byTenant = new Map<string, Note[]>()
  for (const entry of entries) {
    if (!entry.billable || entry.tenantId === '') continue
    const known = byTenant.get(entry.tenantId)
    let note = known?.find((each) => each.isOf(entry))
    if (note === undefined) {
      note = new Note(entry)
      notes.push(note)
      if (known === undefined) byTenant.set(entry.tenantId, [note])
      else known.push(note)
    }
    note.add(entry)
  }
  return notes
}

/** A note while it grows. */
class Note {
  readonly #first: RollupEntry
  #requests = 0
  #usageUnits = 0
  #bytesReceived = 0
  #bytesSent = 0
  #durationMs = 0
  readonly #quantities: Record<string, string> = {}

  constructor(first: RollupEntry) {
    this.#first = first
  }

  /** Of those of one tenant. */
  isOf({ subscriptionId, bucketMs }: RollupEntry): boolean {
    return this.#first.bucketMs === bucketMs && this.#first.subscriptionId === subscriptionId
  }

  add(entry: RollupEntry): void {
    this.#requests += entry.requests
    this.#usageUnits += entry.usageUnits
    this.#bytesReceived += entry.bytesReceived
    this.#bytesSent += entry.bytesSent
    this.#durationMs += entry.durationMs
    // Of what cannot be added up it is enough to know that there was something.
    for (const { meterId, aggregation } of entry.marks) if (aggregation !== 'leak') this.#use(meterId, '0')
    for (const meterId in entry.quantities) this.#use(meterId, entry.quantities[meterId] ?? '0')
  }

  /** As the statement has its columns. */
  values(): readonly (number | string)[] {
    const { tenantId, subscriptionId, bucketMs } = this.#first
    return [
      ...[tenantId, subscriptionId, bucketMs, this.#requests, this.#usageUnits],
      ...[this.#bytesReceived, this.#bytesSent, this.#durationMs, JSON.stringify(this.#quantities)],
    ]
  }

  #use(meterId: string, quantity: string): void {
    const before = this.#quantities[meterId]
    this.#quantities[meterId] = before === undefined ? quantity : addQuantities(before, quantity)
  }
}
