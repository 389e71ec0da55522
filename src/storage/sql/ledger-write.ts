import type { Kysely } from 'kysely'
import { assert } from '../../lib/assert.ts'
import { DigestSum } from '../../lib/digest.ts'
import { joinMarks, type Mark, mergeMarks } from '../../model/mark.ts'
import { digestMark } from '../../model/mark-digest.ts'
import { addQuantities } from '../../model/quantity.ts'
import { BUCKET_MS, type RollupEntry } from '../ports/ledger.ts'
import { chunksOf } from './chunks.ts'
import type { LedgerNumbers } from './ledger-numbers.ts'
import { type LedgerStatements, type PlacedQuantityRow, run } from './ledger-statements.ts'
import type { ControlSchema } from './schema.ts'

/**
 * Adds entries to their rollups, many rows to a statement.
 *
 * Whole numbers are added by the engine, decimals here, exactly. That is safe against a second writer:
 * each rollup row is written first, which locks it to the end of the transaction, and only then are the
 * quantities below it read. Rows are taken in one order by everybody, so two writers cannot deadlock.
 */
export async function addRollups(place: LedgerPlace, entries: readonly RollupEntry[]): Promise<MarkChanges> {
  const rows = mergeRows(await numberRows(place, entries))
  for (const chunk of chunksOf(rows, CHUNK_MAX)) {
    await run(place.db, place.statements.rollupUpsert(chunk.length), rollupValues(chunk))
  }
  const changes = new Map<number, DigestSum>()
  for (const chunk of chunksOf(rows.flatMap(quantitiesOf), CHUNK_MAX)) {
    await joinQuantities(place, chunk, changes)
  }
  return changes
}

/** Bucket → the marks that were written there, less those they replaced. */
export type MarkChanges = ReadonlyMap<number, DigestSum>

/** Where to write: a connection, best one inside a transaction, and what is known of its store. */
export interface LedgerPlace {
  readonly db: Kysely<ControlSchema>
  readonly statements: LedgerStatements
  readonly numbers: LedgerNumbers
}

/** An entry under the numbers of its row. */
interface NumberedEntry {
  readonly bucketMs: number
  readonly tenantNo: number
  readonly callerNo: number
  readonly kindNo: number
  readonly entry: RollupEntry
}

async function numberRows(
  { db, numbers }: LedgerPlace,
  entries: readonly RollupEntry[],
): Promise<readonly NumberedEntry[]> {
  const callers = await numbers.callers.numbered(db, entries)
  const kinds = await numbers.kinds.numbered(db, entries)
  return entries.map((entry, index) => {
    const { bucketMs } = entry
    // Reading one tenant looks into each bucket that can be there.
    assert(bucketMs % BUCKET_MS === 0, 'a bucket begins at a whole quarter of an hour')
    const [caller, kind] = [callers[index], kinds[index]]
    assert(caller !== undefined && kind !== undefined, 'every entry was numbered')
    return { bucketMs, tenantNo: caller.tenantNo, callerNo: caller.callerNo, kindNo: kind.kindNo, entry }
  })
}

/** One entry a rollup, in the order of the primary key: a statement must not touch one row twice. */
function mergeRows(rows: readonly NumberedEntry[]): readonly NumberedEntry[] {
  const merged: NumberedEntry[] = []
  let last: NumberedEntry | undefined
  for (const row of rows.toSorted(compareKeys)) {
    if (last !== undefined && compareKeys(last, row) === 0) {
      last = { ...last, entry: sumOf(last.entry, row.entry) }
      merged[merged.length - 1] = last
    } else {
      last = row
      merged.push(row)
    }
  }
  return merged
}

function compareKeys(left: NumberedEntry, right: NumberedEntry): number {
  return (
    left.bucketMs - right.bucketMs ||
    left.tenantNo - right.tenantNo ||
    left.callerNo - right.callerNo ||
    left.kindNo - right.kindNo
  )
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
    marks: mergeMarks(left.marks, right.marks),
  }
}

/** A quantity or a mark of a row, as the table holds it. */
interface RowQuantity {
  readonly row: NumberedEntry
  readonly mark: Joined
}

/** What is added up is joined like a mark, by adding. */
type Joined = Mark | (Omit<Mark, 'aggregation'> & { readonly aggregation: 'sum' })

function quantitiesOf(row: NumberedEntry): readonly RowQuantity[] {
  const { quantities, marks } = row.entry
  const all: RowQuantity[] = marks.map((mark) => ({ row, mark }))
  for (const meterId in quantities) {
    const quantity = quantities[meterId] ?? '0'
    all.push({ row, mark: { meterId, aggregation: 'sum', member: '', atMs: 0, eventId: '', quantity } })
  }
  return all
}

async function joinQuantities(
  place: LedgerPlace,
  chunk: readonly RowQuantity[],
  changes: Map<number, DigestSum>,
): Promise<void> {
  const read = place.statements.quantityRead(chunk.length)
  const { rows: found } = await run(place.db, read, chunk.flatMap(quantityKeyValues))
  const before = new Map(found.map((row) => [row.position, row]))
  const values = chunk.flatMap((each, position) => {
    const known = before.get(position)
    const mark = known === undefined ? each.mark : joined(each.mark, known)
    note(changes, each.row.entry, { mark, known })
    return [...quantityKeyValues(each), mark.atMs, mark.eventId, mark.quantity]
  })
  await run(place.db, place.statements.quantityUpsert(chunk.length), values)
}

function note(
  changes: Map<number, DigestSum>,
  entry: RollupEntry,
  { mark, known }: { readonly mark: Joined; readonly known: PlacedQuantityRow | undefined },
): void {
  if (mark.aggregation === 'sum') return
  const change = changes.get(entry.bucketMs) ?? new DigestSum()
  changes.set(entry.bucketMs, change)
  if (known !== undefined) change.remove(digestMark(entry, { ...mark, ...heldBy(known) }))
  change.add(digestMark(entry, mark))
}

function heldBy({ at_ms: atMs, event_id: eventId, quantity }: PlacedQuantityRow) {
  return { atMs, eventId, quantity }
}

function joined(mark: Joined, before: PlacedQuantityRow): Joined {
  if (mark.aggregation === 'sum') return { ...mark, quantity: addQuantities(before.quantity, mark.quantity) }
  return joinMarks({ ...mark, ...heldBy(before) }, mark)
}

/** The values of `QUANTITY_KEY_COLUMNS`. */
function quantityKeyValues({ row, mark }: RowQuantity): readonly (number | string)[] {
  return [...keyValues(row), mark.meterId, mark.aggregation, mark.member]
}

/** The values of a rollup's key, in the order of `ROLLUP_KEY_COLUMNS`. */
function keyValues(row: NumberedEntry): readonly number[] {
  return [row.bucketMs, row.tenantNo, row.callerNo, row.kindNo]
}

function rollupValues(rows: readonly NumberedEntry[]): readonly number[] {
  const values: number[] = []
  for (const { bucketMs, tenantNo, callerNo, kindNo, entry } of rows) {
    values.push(bucketMs, tenantNo, callerNo, kindNo, entry.requests, entry.refused, entry.usageUnits)
    values.push(entry.bytesReceived, entry.bytesSent, entry.durationMs)
  }
  return values
}

/** More rows to a statement make none of them cheaper. */
const CHUNK_MAX = 64
