import { type ExpressionBuilder, type Kysely, sql } from 'kysely'
import type {
  UnattributedEvent,
  UnattributedFilter,
  UnattributedName,
  UnattributedReason,
  UnattributedStore,
} from '../ports/unattributed.ts'
import { chunksOf } from './chunks.ts'
import type { UnattributedRow } from './intake-schema.ts'
import type { ControlSchema } from './schema.ts'

/** What could not be counted, in SQL. */
export class SqlUnattributedStore implements UnattributedStore {
  readonly #db: Kysely<ControlSchema>

  constructor(db: Kysely<ControlSchema>) {
    this.#db = db
  }

  async put(events: readonly UnattributedEvent[]): Promise<void> {
    for (const event of events) {
      await this.#db
        .insertInto('unattributed_events')
        .values(toRow(event))
        .onConflict((conflict) =>
          conflict.columns(['tenant', 'source', 'id', 'hash']).doUpdateSet({
            reason: event.reason,
            times: sql<number>`unattributed_events.times + excluded.times`,
            last_at_ms: event.lastAtMs,
          }),
        )
        .execute()
    }
  }

  async any(): Promise<boolean> {
    const row = await this.#db.selectFrom('unattributed_events').select('id').limit(1).executeTakeFirst()
    return row !== undefined
  }

  async find(names: readonly UnattributedName[]): Promise<readonly UnattributedEvent[]> {
    const found: UnattributedRow[] = []
    for (const chunk of chunksOf(names, CHUNK_MAX)) {
      const rows = await this.#db
        .selectFrom('unattributed_events')
        .selectAll()
        .where((eb) => eb.or(chunk.map((name) => hasName(eb, name))))
        .execute()
      found.push(...rows)
    }
    return found.map(toEvent)
  }

  async resolve(events: readonly (UnattributedName & { readonly hash: string })[]): Promise<void> {
    for (const { tenant, source, id, hash } of events) {
      await this.#db
        .deleteFrom('unattributed_events')
        .where('tenant', '=', tenant)
        .where('source', '=', source)
        .where('id', '=', id)
        .where('hash', '=', hash)
        .where('reason', '!=', 'idempotency-conflict')
        .execute()
    }
  }

  async list({ reason, after, limit }: UnattributedFilter): Promise<readonly UnattributedEvent[]> {
    let query = this.#db.selectFrom('unattributed_events').selectAll().limit(limit)
    for (const column of ORDER) query = query.orderBy(column)
    if (reason !== undefined) query = query.where('reason', '=', reason)
    if (after !== undefined) {
      const last = toRow(after)
      const names = sql.join(ORDER.map((column) => sql.ref(column)))
      const values = sql.join(ORDER.map((column) => sql`${last[column]}`))
      query = query.where(sql<boolean>`(${names}) > (${values})`)
    }
    return (await query.execute()).map(toEvent)
  }

  async countOf(tenant: string, max: number): Promise<number> {
    const some = this.#db
      .selectFrom('unattributed_events')
      .select('id')
      .where('tenant', '=', tenant)
      .limit(max)
    const query = this.#db.selectFrom(some.as('some')).select(({ fn }) => fn.countAll<number>().as('events'))
    return Number((await query.executeTakeFirst())?.events ?? 0)
  }

  async count(): Promise<Readonly<Record<UnattributedReason, number>>> {
    const rows = await this.#db
      .selectFrom('unattributed_events')
      .select(['reason', ({ fn }) => fn.countAll().as('count')])
      .groupBy('reason')
      .execute()
    const of = (reason: UnattributedReason): number =>
      Number(rows.find((row) => row.reason === reason)?.count ?? 0)
    return {
      'unknown-tenant': of('unknown-tenant'),
      'no-meter': of('no-meter'),
      'idempotency-conflict': of('idempotency-conflict'),
    }
  }
}

/** SQLite looks each of them up by itself as long as they are few. */
const CHUNK_MAX = 64

const ORDER = [
  'first_at_ms',
  'tenant',
  'source',
  'id',
  'hash',
] as const satisfies readonly (keyof UnattributedRow)[]

function hasName(
  eb: ExpressionBuilder<ControlSchema, 'unattributed_events'>,
  { tenant, source, id }: UnattributedName,
) {
  return eb.and([eb('tenant', '=', tenant), eb('source', '=', source), eb('id', '=', id)])
}

function toRow(event: UnattributedEvent): UnattributedRow {
  return {
    tenant: event.tenant,
    source: event.source,
    id: event.id,
    hash: event.hash,
    reason: event.reason,
    body: event.body,
    times: event.times,
    first_at_ms: event.firstAtMs,
    last_at_ms: event.lastAtMs,
  }
}

function toEvent(row: UnattributedRow): UnattributedEvent {
  return {
    tenant: row.tenant,
    source: row.source,
    id: row.id,
    hash: row.hash,
    reason: row.reason,
    body: row.body,
    times: row.times,
    firstAtMs: row.first_at_ms,
    lastAtMs: row.last_at_ms,
  }
}
