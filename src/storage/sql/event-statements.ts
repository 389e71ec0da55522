import { type CompiledQuery, type Kysely, sql } from 'kysely'
import type { ControlSchema, IngestedEventRow } from './schema.ts'

/**
 * The statements that take ids of events, each built once per number of rows: building one costs more than
 * running it, and only the values differ.
 */
export class EventStatements {
  readonly #db: Kysely<ControlSchema>
  readonly #inserts = new Map<number, CompiledQuery<IdentityRow>>()
  readonly #reads = new Map<number, CompiledQuery<IngestedEventRow>>()

  constructor(db: Kysely<ControlSchema>) {
    this.#db = db
  }

  /** Adds rows of `EVENT_COLUMNS` whose ids are free, and returns the ids of those it added. */
  insert(rows: number): CompiledQuery<IdentityRow> {
    const known = this.#inserts.get(rows)
    if (known !== undefined) return known
    const columns = sql.join(EVENT_COLUMNS.map((column) => sql.ref(column)))
    const blank = sql`(${sql.join(EVENT_COLUMNS.map(() => sql`${''}`))})`
    const statement = sql<IdentityRow>`
      insert into ingested_events (${columns}) values ${sql.join(Array.from({ length: rows }, () => blank))}
      on conflict do nothing returning tenant_id, source, id`.compile(this.#db)
    this.#inserts.set(rows, statement)
    return statement
  }

  /** Reads the rows of some ids, given by their `IDENTITY_COLUMNS`. */
  read(ids: number): CompiledQuery<IngestedEventRow> {
    const known = this.#reads.get(ids)
    if (known !== undefined) return known
    const blank = sql`(cast(${''} as text), cast(${''} as text), cast(${''} as text))`
    const statement = sql<IngestedEventRow>`
      with wanted (tenant_id, source, id) as (values ${sql.join(Array.from({ length: ids }, () => blank))})
      select ingested_events.* from wanted cross join ingested_events
      where ingested_events.tenant_id = wanted.tenant_id
        and ingested_events.source = wanted.source and ingested_events.id = wanted.id`.compile(this.#db)
    this.#reads.set(ids, statement)
    return statement
  }
}

/** What `insert` returns of a row. */
export type IdentityRow = Pick<IngestedEventRow, 'tenant_id' | 'source' | 'id'>

/** In the order in which `insert` wants their values. */
export const EVENT_COLUMNS = [
  'tenant_id',
  'source',
  'id',
  'event_id',
  'hash',
  'matched',
  'late',
  'adjustment',
  'received_at_ms',
] as const satisfies readonly (keyof IngestedEventRow)[]
