import { type Kysely, sql } from 'kysely'
import { DigestSum } from '../../lib/digest.ts'
import { joinSealedMeters, type Seal, type SealedMeter } from '../../model/seal.ts'
import type { NodePlace, SealedRun } from '../ports/ledger.ts'
import type { SealRow } from './ledger-schema.ts'
import type { ControlSchema } from './schema.ts'

/**
 * Adds seals to those of the same run and bucket. Inside a transaction that holds the run's watermark.
 *
 * `marks` are what changed among the marks of each bucket. Each seal is read, added up here and written back: XOR is not the same in every engine, and a batch has few.
 */
export async function addSeals(
  db: Kysely<ControlSchema>,
  seals: readonly Seal[],
  marks: ReadonlyMap<number, DigestSum>,
): Promise<void> {
  for (const bare of seals) {
    const seal = { ...bare, marks: marks.get(bare.bucketMs)?.text ?? '' }
    const known = await db
      .selectFrom('usage_seals')
      .selectAll()
      .where('bucket_ms', '=', seal.bucketMs)
      .where('node_id', '=', seal.nodeId)
      .where('epoch', '=', seal.epoch)
      .executeTakeFirst()
    const row = rowOf(known === undefined ? seal : sumOf(sealOf(known), seal))
    await db
      .insertInto('usage_seals')
      .values(row)
      .onConflict((conflict) => conflict.columns(['bucket_ms', 'node_id', 'epoch']).doUpdateSet(row))
      .execute()
  }
}

/** The seals of a span of buckets, page by page: no long read, and memory does not grow with the span. */
export async function* readSeals(
  db: Kysely<ControlSchema>,
  fromMs: number,
  toMs: number,
): AsyncGenerator<Seal> {
  let last: SealRow | undefined
  for (;;) {
    const start =
      last === undefined
        ? sql<boolean>`bucket_ms >= ${fromMs}`
        : sql<boolean>`(bucket_ms, node_id, epoch) > (${last.bucket_ms}, ${last.node_id}, ${last.epoch})`
    const rows = await db
      .selectFrom('usage_seals')
      .selectAll()
      .where(start)
      .where('bucket_ms', '<', toMs)
      .orderBy('bucket_ms')
      .orderBy('node_id')
      .orderBy('epoch')
      .limit(PAGE_SEALS)
      .execute()
    for (const row of rows) yield sealOf(row)
    last = rows.at(-1)
    if (rows.length < PAGE_SEALS) return
  }
}

/** How many events are under the seals of a span of buckets. */
export async function countSealed(db: Kysely<ControlSchema>, fromMs: number, toMs: number): Promise<number> {
  const row = await db
    .selectFrom('usage_seals')
    .select(({ fn }) => fn.sum('events').as('events'))
    .where('bucket_ms', '>=', fromMs)
    .where('bucket_ms', '<', toMs)
    .executeTakeFirst()
  return Number(row?.events ?? 0)
}

/** The highest position of the run that has a seal; 0 when none has. */
export async function sealedThrough(
  db: Kysely<ControlSchema>,
  { nodeId, epoch }: NodePlace,
): Promise<number> {
  const row = await db
    .selectFrom('usage_seals')
    .select(({ fn }) => fn.max('last_seq').as('last'))
    .where('node_id', '=', nodeId)
    .where('epoch', '=', epoch)
    .executeTakeFirst()
  return Number(row?.last ?? 0)
}

/** What the seals say of each run, and where its seals begin. */
export async function readSealedRuns(db: Kysely<ControlSchema>): Promise<readonly SealedRun[]> {
  const { rows } = await sql<SealedRun>`
    select node_id as "nodeId", epoch, cast(sum(events) as bigint) as events,
      cast(max(last_seq) as bigint) as "lastSeq", cast(max(unsealed_seq) as bigint) as "unsealedSeq"
    from (
      select node_id, epoch, events, last_seq, 0 as unsealed_seq from usage_seals
      union all
      select node_id, epoch, 0, seq, seq from unsealed
    ) as runs
    group by node_id, epoch order by node_id, epoch`.execute(db)
  return rows.map((row) => ({
    nodeId: row.nodeId,
    epoch: row.epoch,
    events: Number(row.events),
    lastSeq: Number(row.lastSeq),
    unsealedSeq: Number(row.unsealedSeq),
  }))
}

const PAGE_SEALS = 1_000

function sumOf(left: Seal, right: Seal): Seal {
  return {
    ...left,
    firstSeq: Math.min(left.firstSeq, right.firstSeq),
    lastSeq: Math.max(left.lastSeq, right.lastSeq),
    events: left.events + right.events,
    requests: left.requests + right.requests,
    refused: left.refused + right.refused,
    billable: left.billable + right.billable,
    usageUnits: left.usageUnits + right.usageUnits,
    bytesReceived: left.bytesReceived + right.bytesReceived,
    bytesSent: left.bytesSent + right.bytesSent,
    durationMs: left.durationMs + right.durationMs,
    meters: joinSealedMeters(left.meters, right.meters),
    ids: digestsOf(left.ids, right.ids),
    contents: digestsOf(left.contents, right.contents),
    marks: left.marks === '' && right.marks === '' ? '' : digestsOf(left.marks, right.marks),
  }
}

function digestsOf(left: string, right: string): string {
  const sum = DigestSum.parse(left)
  sum.addAll(DigestSum.parse(right))
  return sum.text
}

function rowOf(seal: Seal): SealRow {
  return {
    bucket_ms: seal.bucketMs,
    node_id: seal.nodeId,
    epoch: seal.epoch,
    first_seq: seal.firstSeq,
    last_seq: seal.lastSeq,
    events: seal.events,
    requests: seal.requests,
    refused: seal.refused,
    billable: seal.billable,
    usage_units: seal.usageUnits,
    bytes_received: seal.bytesReceived,
    bytes_sent: seal.bytesSent,
    duration_ms: seal.durationMs,
    meters: JSON.stringify(seal.meters),
    ids: seal.ids,
    contents: seal.contents,
    marks: seal.marks,
  }
}

function sealOf(row: SealRow): Seal {
  return {
    bucketMs: row.bucket_ms,
    nodeId: row.node_id,
    epoch: row.epoch,
    firstSeq: row.first_seq,
    lastSeq: row.last_seq,
    events: row.events,
    requests: row.requests,
    refused: row.refused,
    billable: row.billable,
    usageUnits: row.usage_units,
    bytesReceived: row.bytes_received,
    bytesSent: row.bytes_sent,
    durationMs: row.duration_ms,
    meters: metersOf(row.meters),
    ids: row.ids,
    contents: row.contents,
    marks: row.marks,
  }
}

/** A list that someone broke is read as one that no event fits. */
function metersOf(text: string): readonly SealedMeter[] {
  try {
    const meters: unknown = JSON.parse(text)
    if (Array.isArray(meters)) return meters
  } catch {
    // Told below.
  }
  return [{ meterId: text, aggregation: 'sum', firstSeq: 0, lastSeq: 0, quantity: '0' }]
}
