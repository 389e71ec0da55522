import { type CompiledQuery, type Kysely, sql } from 'kysely'
import type { IngestedEventRow } from './intake-schema.ts'
import type { ControlSchema } from './schema.ts'

/**
 * The statements that take ids of events, each built once per number of rows: building one costs more than
 * running it, and only the values differ.
 */
export class EventStatements {
  readonly #db: Kysely<ControlSchema>
  readonly #inserts = new Map<number, CompiledQuery>()
  readonly #reads = new Map<number, CompiledQuery<IngestedEventRow>>()

  constructor(db: Kysely<ControlSchema>) {
    this.#db = db
  }

  /** Adds rows, given by the values of `BLANK`, whose ids are free. */
  insert(rows: number): CompiledQuery {
    const known = this.#inserts.get(rows)
    if (known !== undefined) return known
    const statement = this.#db
      .insertInto('ingested_events')
      .values(Array.from({ length: rows }, () => BLANK))
      .onConflict((conflict) => conflict.doNothing())
      .compile()
    this.#inserts.set(rows, statement)
    return statement
  }

  /** Reads the rows of some ids, given by tenant, source and id. */
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

/** Its fields stand in the order in which `insert` wants their values. */
const BLANK: IngestedEventRow = {
  tenant_id: '',
  source: '',
  id: '',
  event_id: '',
  hash: '',
  matched: '',
  late: 0,
  adjustment: 0,
  received_at_ms: 0,
}
