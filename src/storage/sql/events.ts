import type { Kysely } from 'kysely'
import type { EventBatch, EventIdentity, EventStore, TakenEvent, TakenSeal } from '../ports/events.ts'
import { chunksOf } from './chunks.ts'
import type { EventStatements } from './event-statements.ts'
import { addTaken, readReceived, readTakenSeals } from './ingested-seals.ts'
import type { IngestedEventRow } from './intake-schema.ts'
import { run } from './ledger-statements.ts'
import type { ControlSchema } from './schema.ts'

/** Ids of events in SQL: that each is taken once is the primary key's doing. */
export class SqlEventStore implements EventStore {
  readonly #db: Kysely<ControlSchema>
  readonly #statements: EventStatements

  constructor(db: Kysely<ControlSchema>, statements: EventStatements) {
    this.#db = db
    this.#statements = statements
  }

  async take(events: readonly TakenEvent[]): Promise<readonly (TakenEvent | undefined)[]> {
    // In one order everywhere: two writers that take the same ids must not wait for each other.
    const sorted = [...events].sort(compareIds)
    const before = new Map<string, TakenEvent>()
    for (const chunk of chunksOf(sorted, CHUNK_MAX)) {
      const insert = this.#statements.insert(chunk.length)
      const { numAffectedRows } = await run(this.#db, insert, chunk.flatMap(valuesOf))
      if (numAffectedRows === BigInt(chunk.length)) continue
      // Our ids of events tell what we just added from what was there.
      const added = new Set(chunk.map(({ eventId }) => eventId))
      for (const event of await this.find(chunk)) {
        if (!added.has(event.eventId)) before.set(nameOf(event), event)
      }
    }
    return before.size === 0 ? events.map(() => undefined) : events.map((event) => before.get(nameOf(event)))
  }

  async find(ids: readonly EventIdentity[]): Promise<readonly TakenEvent[]> {
    const found: TakenEvent[] = []
    for (const chunk of chunksOf(ids, CHUNK_MAX)) {
      const values = chunk.flatMap(({ tenantId, source, id }) => [tenantId, source, id])
      const { rows } = await run(this.#db, this.#statements.read(chunk.length), values)
      found.push(...rows.map(toEvent))
    }
    return found
  }

  seal(events: readonly TakenEvent[]): Promise<void> {
    return addTaken(this.#db, events)
  }

  seals(fromMs: number, toMs: number): Promise<readonly TakenSeal[]> {
    return readTakenSeals(this.#db, fromMs, toMs)
  }

  async *received(fromMs: number, toMs: number): AsyncGenerator<TakenEvent> {
    for await (const row of readReceived(this.#db, fromMs, toMs)) yield toEvent(row)
  }

  async count(): Promise<number> {
    const query = this.#db
      .selectFrom('ingested_events')
      .select(({ fn }) => fn.countAll<number>().as('events'))
    return Number((await query.executeTakeFirst())?.events ?? 0)
  }

  async insertBatch({ firstSeq, count, lines }: EventBatch): Promise<void> {
    await this.#db.insertInto('event_batches').values({ first_seq: firstSeq, count, lines }).execute()
  }

  async batchesAfter(seq: number, limit: number): Promise<readonly EventBatch[]> {
    const rows = await this.#db
      .selectFrom('event_batches')
      .selectAll()
      .where(({ eb, ref }) => eb(eb(ref('first_seq'), '+', ref('count')), '>', seq + 1))
      .orderBy('first_seq')
      .limit(limit)
      .execute()
    return rows.map(({ first_seq, count, lines }) => ({ firstSeq: first_seq, count, lines }))
  }

  async removeBatches(throughSeq: number): Promise<void> {
    await this.#db
      .deleteFrom('event_batches')
      .where(({ eb, ref }) => eb(eb(ref('first_seq'), '+', ref('count')), '<=', throughSeq + 1))
      .execute()
  }
}

/** More rows to a statement make none of them cheaper. */
const CHUNK_MAX = 64

/** Equal for equal ids only: neither part holds a line end. */
function nameOf({ tenantId, source, id }: EventIdentity): string {
  return `${tenantId}\n${source}\n${id}`
}

function compareIds(one: EventIdentity, other: EventIdentity): number {
  return (
    compareTexts(one.tenantId, other.tenantId) ||
    compareTexts(one.source, other.source) ||
    compareTexts(one.id, other.id)
  )
}

function compareTexts(one: string, other: string): number {
  return one < other ? -1 : one === other ? 0 : 1
}

/** In the order of `IngestedEventRow`. */
function valuesOf(event: TakenEvent): readonly (string | number)[] {
  const { tenantId, source, id, eventId, hash, matched, late, adjustment, receivedAtMs } = event
  return [
    ...[tenantId, source, id, eventId, hash, matched.join(',')],
    ...[late ? 1 : 0, adjustment ? 1 : 0, receivedAtMs],
  ]
}

// 0 and 1 are all that is ever written: a row with anything else was not written by gatez.
function toEvent(row: IngestedEventRow): TakenEvent {
  const { late, adjustment } = row
  const isOurs = [late, adjustment].every((flag) => flag === 0 || flag === 1)
  return {
    tenantId: row.tenant_id,
    source: row.source,
    id: row.id,
    eventId: row.event_id,
    hash: isOurs ? row.hash : `${row.hash} late=${late} adjustment=${adjustment}`,
    matched: row.matched === '' ? [] : row.matched.split(','),
    late: late === 1,
    adjustment: adjustment === 1,
    receivedAtMs: row.received_at_ms,
  }
}
