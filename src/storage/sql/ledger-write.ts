import type { CompiledQuery, Kysely, QueryResult } from 'kysely'
import { addQuantities } from '../../model/quantity.ts'
import type { RollupEntry, RollupKey } from '../ports/ledger.ts'
import { type LedgerStatements, ROLLUP_KEY_COLUMNS } from './ledger-statements.ts'
import type { ControlSchema } from './schema.ts'

/**
 * Adds entries to their rollups, many rows to a statement.
 *
 * Whole numbers are added by the engine, decimals here, exactly. That is safe against a second writer:
 * each rollup row is written first, which locks it to the end of the transaction, and only then are the
 * quantities below it read. Rows are taken in one order by everybody, so two writers cannot deadlock.
 */
export async function addRollups(place: LedgerPlace, entries: readonly RollupEntry[]): Promise<void> {
  const merged = mergeEntries(entries)
  for (const chunk of chunksOf(merged, WRITE_ROWS_MAX)) {
    await run(place, place.statements.rollupUpsert(chunk.length), chunk.flatMap(rollupValues))
  }
  for (const chunk of chunksOf(merged.filter(hasQuantities), READ_ROWS_MAX)) {
    await addQuantitiesOf(place, chunk)
  }
}

/** Where to write: a connection, best one inside a transaction, and the statements built for it. */
export interface LedgerPlace {
  readonly db: Kysely<ControlSchema>
  readonly statements: LedgerStatements
}

/** One entry a rollup, in the order of the keys: a statement must not touch one row twice. */
function mergeEntries(entries: readonly RollupEntry[]): readonly RollupEntry[] {
  const byKey = new Map<string, RollupEntry>()
  for (const entry of entries) {
    const key = textOf(keyValues(entry))
    const before = byKey.get(key)
    byKey.set(key, before === undefined ? entry : sumOf(before, entry))
  }
  return [...byKey].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, entry]) => entry)
}

function sumOf(left: RollupEntry, right: RollupEntry): RollupEntry {
  const quantities = { ...left.quantities }
  for (const [meterId, quantity] of Object.entries(right.quantities)) {
    quantities[meterId] = addQuantities(quantities[meterId] ?? '0', quantity)
  }
  return {
    ...left,
    requests: left.requests + right.requests,
    refused: left.refused + right.refused,
    usageUnits: left.usageUnits + right.usageUnits,
    bytesReceived: left.bytesReceived + right.bytesReceived,
    bytesSent: left.bytesSent + right.bytesSent,
    durationMs: left.durationMs + right.durationMs,
    quantities,
  }
}

function hasQuantities(entry: RollupEntry): boolean {
  return Object.keys(entry.quantities).length > 0
}

async function addQuantitiesOf(place: LedgerPlace, chunk: readonly RollupEntry[]): Promise<void> {
  const read = place.statements.quantityRead(chunk.length)
  const { rows: found } = await run(place, read, chunk.flatMap(keyValues))
  const before = new Map(
    found.map((row) => [
      textOf([...ROLLUP_KEY_COLUMNS.map((column) => row[column]), row.meter_id]),
      row.quantity,
    ]),
  )

  const rows = chunk.flatMap((entry) => {
    const key = keyValues(entry)
    return Object.entries(entry.quantities).map(([meterId, quantity]) => {
      const sum = addQuantities(before.get(textOf([...key, meterId])) ?? '0', quantity)
      return [...key, meterId, sum]
    })
  })
  for (const part of chunksOf(rows, WRITE_ROWS_MAX)) {
    await run(place, place.statements.quantityUpsert(part.length), part.flat())
  }
}

/** The values of a rollup's key, in the order of `ROLLUP_KEY_COLUMNS`. */
function keyValues(key: RollupKey): readonly Value[] {
  return [
    key.bucketMs,
    key.tenantId,
    key.keyId,
    key.apiId,
    key.routeId,
    key.planId,
    key.planVersion,
    key.subscriptionId,
    key.statusClass,
    key.billable ? 1 : 0,
  ]
}

function rollupValues(entry: RollupEntry): readonly Value[] {
  return [
    ...keyValues(entry),
    entry.requests,
    entry.refused,
    entry.usageUnits,
    entry.bytesReceived,
    entry.bytesSent,
    entry.durationMs,
  ]
}

type Value = string | number

// Ids hold no control characters, so the joined text names one row only.
function textOf(values: readonly Value[]): string {
  return values.join('\n')
}

/** Cuts `items` into pieces of few sizes, so that few statements are ever built and prepared. */
function* chunksOf<Item>(items: readonly Item[], sizeMax: number): Generator<readonly Item[]> {
  let start = 0
  for (const size of CHUNK_SIZES) {
    if (size > sizeMax) continue
    for (; items.length - start >= size; start += size) yield items.slice(start, start + size)
  }
}

const CHUNK_SIZES = [512, 64, 8, 1] as const
/** Of 16 columns: far below the parameters SQLite (32,766) and Postgres (65,535) take. */
const WRITE_ROWS_MAX = 512
/** SQLite joins 64 given keys at 3 µs each, but 512 at 55 µs each: it no longer starts from them. */
const READ_ROWS_MAX = 64

function run<Row>(
  { db }: LedgerPlace,
  statement: CompiledQuery<Row>,
  parameters: readonly Value[],
): Promise<QueryResult<Row>> {
  return db.executeQuery({ ...statement, parameters })
}
