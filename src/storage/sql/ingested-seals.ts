import { type Kysely, sql } from 'kysely'
import { DigestSum } from '../../lib/digest.ts'
import { digestTaken, type TakenEvent, type TakenSeal, takenBucketMs } from '../ports/events.ts'
import type { IngestedEventRow } from './intake-schema.ts'
import type { ControlSchema } from './schema.ts'

/** Adds ids to what is remembered of their quarters of an hour. Nobody else may do so at the same time. */
export async function addTaken(db: Kysely<ControlSchema>, events: readonly TakenEvent[]): Promise<void> {
  for (const [bucketMs, taken] of Map.groupBy(events, takenBucketMs)) {
    const query = db.selectFrom('ingested_seals').selectAll().where('bucket_ms', '=', bucketMs)
    const known = await query.executeTakeFirst()
    const contents = DigestSum.parse(known?.contents ?? '')
    for (const event of taken) contents.add(digestTaken(event))
    const sums = { events: (known?.events ?? 0) + taken.length, contents: contents.text }
    await db
      .insertInto('ingested_seals')
      .values({ bucket_ms: bucketMs, ...sums })
      .onConflict((conflict) => conflict.column('bucket_ms').doUpdateSet(sums))
      .execute()
  }
}

/** What is remembered of a span. */
export async function readTakenSeals(
  db: Kysely<ControlSchema>,
  fromMs: number,
  toMs: number,
): Promise<readonly TakenSeal[]> {
  const rows = await db
    .selectFrom('ingested_seals')
    .selectAll()
    .where('bucket_ms', '>=', fromMs)
    .where('bucket_ms', '<', toMs)
    .orderBy('bucket_ms')
    .execute()
  return rows.map(({ bucket_ms: bucketMs, events, contents }) => ({ bucketMs, events, contents }))
}

/** The ids that were taken in a span, in the order of the primary key. */
export async function* readReceived(
  db: Kysely<ControlSchema>,
  fromMs: number,
  toMs: number,
): AsyncGenerator<IngestedEventRow> {
  let last: IngestedEventRow | undefined
  for (;;) {
    const rest =
      last === undefined
        ? sql<boolean>`true`
        : sql<boolean>`(tenant_id, source, id) > (${last.tenant_id}, ${last.source}, ${last.id})`
    const rows = await db
      .selectFrom('ingested_events')
      .selectAll()
      .where(rest)
      .where('received_at_ms', '>=', fromMs)
      .where('received_at_ms', '<', toMs)
      .orderBy('tenant_id')
      .orderBy('source')
      .orderBy('id')
      .limit(PAGE_EVENTS)
      .execute()
    yield* rows
    last = rows.at(-1)
    if (rows.length < PAGE_EVENTS) return
  }
}

const PAGE_EVENTS = 2_000
