import { type CompiledQuery, type Kysely, sql } from 'kysely'
import type { ControlSchema, RollupKeyColumns, RollupQuantityRow, RollupRow } from './schema.ts'

/**
 * The statements that write rollups, each built once per number of rows.
 *
 * Building a statement of hundreds of rows costs Kysely more than the engine needs to run it, and only
 * the values differ; so callers ask for few sizes and put their own parameters in, row by row.
 */
export class LedgerStatements {
  readonly #db: Kysely<ControlSchema>
  readonly #rollupUpserts = new Map<number, CompiledQuery>()
  readonly #quantityUpserts = new Map<number, CompiledQuery>()
  readonly #quantityReads = new Map<number, CompiledQuery<RollupQuantityRow>>()

  constructor(db: Kysely<ControlSchema>) {
    this.#db = db
  }

  /** Adds rows of `ROLLUP_KEY_COLUMNS`, then the six sums in the order of `RollupRow`. */
  rollupUpsert(rows: number): CompiledQuery {
    return kept(this.#rollupUpserts, rows, () =>
      this.#db
        .insertInto('rollups')
        .values(Array.from({ length: rows }, () => BLANK_ROLLUP))
        .onConflict((conflict) =>
          conflict.columns(ROLLUP_KEY_COLUMNS).doUpdateSet({
            requests: sql<number>`rollups.requests + excluded.requests`,
            refused: sql<number>`rollups.refused + excluded.refused`,
            usage_units: sql<number>`rollups.usage_units + excluded.usage_units`,
            bytes_received: sql<number>`rollups.bytes_received + excluded.bytes_received`,
            bytes_sent: sql<number>`rollups.bytes_sent + excluded.bytes_sent`,
            duration_ms: sql<number>`rollups.duration_ms + excluded.duration_ms`,
          }),
        )
        .compile(),
    )
  }

  /** Sets rows of `ROLLUP_KEY_COLUMNS`, meter and quantity. */
  quantityUpsert(rows: number): CompiledQuery {
    return kept(this.#quantityUpserts, rows, () =>
      this.#db
        .insertInto('rollup_quantities')
        .values(Array.from({ length: rows }, () => BLANK_QUANTITY))
        .onConflict((conflict) =>
          conflict
            .columns([...ROLLUP_KEY_COLUMNS, 'meter_id'])
            .doUpdateSet({ quantity: sql<string>`excluded.quantity` }),
        )
        .compile(),
    )
  }

  /** Reads all quantities of some rollups, given by their `ROLLUP_KEY_COLUMNS`. */
  quantityRead(rollups: number): CompiledQuery<RollupQuantityRow> {
    return kept(this.#quantityReads, rollups, () => {
      const columns = sql.join(ROLLUP_KEY_COLUMNS.map((column) => sql.ref(column)))
      const row = sql`(${sql.join(ROLLUP_KEY_COLUMNS.map(castParameter))})`
      const matches = ROLLUP_KEY_COLUMNS.map(
        (column) => sql`rollup_quantities.${sql.ref(column)} = wanted.${sql.ref(column)}`,
      )
      return sql<RollupQuantityRow>`
        with wanted (${columns}) as (values ${sql.join(Array.from({ length: rollups }, () => row))})
        select rollup_quantities.* from wanted
        join rollup_quantities on ${sql.join(matches, sql` and `)}`.compile(this.#db)
    })
  }
}

/** The ten columns that name a rollup, in the order of the primary key. */
export const ROLLUP_KEY_COLUMNS = [
  'bucket_ms',
  'tenant_id',
  'key_id',
  'api_id',
  'route_id',
  'plan_id',
  'plan_version',
  'subscription_id',
  'status_class',
  'billable',
] as const satisfies readonly (keyof RollupKeyColumns)[]

function kept<Statement>(
  statements: Map<number, Statement>,
  rows: number,
  build: () => Statement,
): Statement {
  const known = statements.get(rows)
  if (known !== undefined) return known
  const statement = build()
  statements.set(rows, statement)
  return statement
}

// A bare list of values has no types of its own in Postgres.
function castParameter(column: keyof RollupKeyColumns) {
  return typeof BLANK_KEY[column] === 'number' ? sql`cast(${0} as bigint)` : sql`cast(${''} as text)`
}

const BLANK_KEY = {
  bucket_ms: 0,
  tenant_id: '',
  key_id: '',
  api_id: '',
  route_id: '',
  plan_id: '',
  plan_version: 0,
  subscription_id: '',
  status_class: 0,
  billable: 0,
} as const satisfies RollupKeyColumns

const BLANK_ROLLUP: RollupRow = {
  ...BLANK_KEY,
  requests: 0,
  refused: 0,
  usage_units: 0,
  bytes_received: 0,
  bytes_sent: 0,
  duration_ms: 0,
}

const BLANK_QUANTITY: RollupQuantityRow = { ...BLANK_KEY, meter_id: '', quantity: '0' }
