import type { Kysely } from 'kysely'
import { assert } from '../../lib/assert.ts'
import type { EventBatch, EventIdentity, EventStore, TakenEvent } from '../ports/events.ts'
import { chunksOf } from './chunks.ts'
import type { EventStatements } from './event-statements.ts'
import { run } from './ledger-statements.ts'
import type { ControlSchema, IngestedEventRow } from './schema.ts'

/** Ids of events in SQL: that each is taken once is the primary key's doing. */
export class SqlEventStore implements EventStore {
  readonly #db: Kysely<ControlSchema>
  readonly #statements: EventStatements

  constructor(db: Kysely<ControlSchema>, statements: EventStatements) {
    this.#db = db
    this.#statements = statements
  }

  async take(events: readonly TakenEvent[]): Promise<readonly (TakenEvent | undefined)[]> {
    const names = events.map(nameOf)
    assert(new Set(names).size === names.length, 'ids that are taken together differ')
    const added = new Set<string>()
    // In one order everywhere: two writers that take the same ids must not wait for each other.
    const sorted = [...events].sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1))
    for (const chunk of chunksOf(sorted, CHUNK_MAX)) {
      const { rows } = await run(this.#db, this.#statements.insert(chunk.length), chunk.flatMap(valuesOf))
      for (const { tenant_id, source, id } of rows) added.add(nameOf({ tenantId: tenant_id, source, id }))
    }
    if (added.size === events.length) return events.map(() => undefined)
    const before = await this.#read(events.filter((event) => !added.has(nameOf(event))))
    return names.map((name) => {
      const found = before.get(name)
      assert(found !== undefined || added.has(name), 'an id that was not free is there')
      return found
    })
  }

  async find(ids: readonly EventIdentity[]): Promise<readonly TakenEvent[]> {
    return [...(await this.#read(ids)).values()]
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

  async #read(ids: readonly EventIdentity[]): Promise<ReadonlyMap<string, TakenEvent>> {
    const found = new Map<string, TakenEvent>()
    for (const chunk of chunksOf(ids, CHUNK_MAX)) {
      const values = chunk.flatMap(({ tenantId, source, id }) => [tenantId, source, id])
      const { rows } = await run(this.#db, this.#statements.read(chunk.length), values)
      for (const row of rows) {
        const event = toEvent(row)
        found.set(nameOf(event), event)
      }
    }
    return found
  }
}

/** More rows to a statement make none of them cheaper. */
const CHUNK_MAX = 64

/** Equal for equal ids only: neither part holds a line end. */
function nameOf({ tenantId, source, id }: EventIdentity): string {
  return `${tenantId}\n${source}\n${id}`
}

/** The values of `EVENT_COLUMNS`. */
function valuesOf(event: TakenEvent): readonly (string | number)[] {
  const { tenantId, source, id, eventId, hash, matched, late, adjustment, receivedAtMs } = event
  return [
    ...[tenantId, source, id, eventId, hash, matched.join(',')],
    ...[late ? 1 : 0, adjustment ? 1 : 0, receivedAtMs],
  ]
}

function toEvent(row: IngestedEventRow): TakenEvent {
  return {
    tenantId: row.tenant_id,
    source: row.source,
    id: row.id,
    eventId: row.event_id,
    hash: row.hash,
    matched: row.matched === '' ? [] : row.matched.split(','),
    late: row.late === 1,
    adjustment: row.adjustment === 1,
    receivedAtMs: row.received_at_ms,
  }
}
