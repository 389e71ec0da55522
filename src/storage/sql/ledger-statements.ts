import { type CompiledQuery, type Kysely, type QueryResult, type RawBuilder, sql } from 'kysely'
import type { RollupKeyColumns, RollupQuantityRow, RollupRow } from './ledger-schema.ts'
import type { UseNoteRow } from './quota-rows.ts'
import type { ControlSchema } from './schema.ts'

/**
 * The statements that write rollups, each built once per number of rows.
 *
 * Building a statement of many rows costs Kysely more than the engine needs to run it, and only the
 * values differ; so callers ask for few sizes and put their own parameters in, row by row.
 */
export class LedgerStatements {
  readonly #db: Kysely<ControlSchema>
  readonly #kept = new Map<string, Map<number, CompiledQuery>>()
  readonly #quantityReads = new Map<number, CompiledQuery<PlacedQuantityRow>>()
  readonly #callerReads = new Map<number, CompiledQuery<CallerNumberRow>>()
  readonly #kindReads = new Map<number, CompiledQuery<KindNumberRow>>()

  constructor(db: Kysely<ControlSchema>) {
    this.#db = db
  }

  /** Adds rows of `ROLLUP_KEY_COLUMNS`, then the six sums in the order of `RollupRow`. */
  rollupUpsert(rows: number): CompiledQuery {
    return this.#write('rollups', rows, () =>
      this.#db
        .insertInto('rollups')
        .values(repeated(rows, BLANK_ROLLUP))
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

  /** Sets rows of `QUANTITY_KEY_COLUMNS`, then moment, event id and quantity. */
  quantityUpsert(rows: number): CompiledQuery {
    return this.#write('quantities', rows, () =>
      this.#db
        .insertInto('rollup_quantities')
        .values(repeated(rows, BLANK_QUANTITY))
        .onConflict((conflict) =>
          conflict.columns([...QUANTITY_KEY_COLUMNS]).doUpdateSet({
            at_ms: sql<number>`excluded.at_ms`,
            event_id: sql<string>`excluded.event_id`,
            quantity: sql<string>`excluded.quantity`,
          }),
        )
        .compile(),
    )
  }

  /** Leaves notes of use, whose columns are those of `BLANK_NOTE`. */
  noteInsert(rows: number): CompiledQuery {
    return this.#write('notes', rows, () =>
      this.#db.insertInto('use_notes').values(repeated(rows, BLANK_NOTE)).compile(),
    )
  }

  /** Reads quantities and marks that are there, given by their `QUANTITY_KEY_COLUMNS`. */
  quantityRead(rows: number): CompiledQuery<PlacedQuantityRow> {
    return kept(this.#quantityReads, rows, () =>
      sql<PlacedQuantityRow>`
        with ${wanted(QUANTITY_KEY_COLUMNS, repeated(rows, BLANK_QUANTITY_KEY))}
        select wanted.position, rollup_quantities.at_ms, rollup_quantities.event_id, rollup_quantities.quantity
        from wanted cross join rollup_quantities
        where ${same('rollup_quantities', QUANTITY_KEY_COLUMNS)}`.compile(this.#db),
    )
  }

  /** Adds tenants, given by their ids, that are not there yet. */
  tenantInsert(rows: number): CompiledQuery {
    return this.#write('tenants', rows, () =>
      this.#db
        .insertInto('rollup_tenants')
        .values(repeated(rows, { tenant_id: '' }))
        .onConflict((conflict) => conflict.doNothing())
        .compile(),
    )
  }

  /** Adds callers, given by their `CALLER_COLUMNS`, that are not there yet. Their tenants must be. */
  callerInsert(rows: number): CompiledQuery {
    return this.#write('callers', rows, () =>
      sql`
        with ${wanted(CALLER_COLUMNS, repeated(rows, BLANK_CALLER))}
        insert into rollup_callers (tenant_no, ${refs(undefined, CALLER_OWN_COLUMNS)})
        select rollup_tenants.tenant_no, ${refs('wanted', CALLER_OWN_COLUMNS)}
        from wanted cross join rollup_tenants where ${same('rollup_tenants', ['tenant_id'])}
        order by wanted.position
        on conflict do nothing`.compile(this.#db),
    )
  }

  /** Reads the numbers of callers, given by their `CALLER_COLUMNS`. */
  callerRead(rows: number): CompiledQuery<CallerNumberRow> {
    return kept(this.#callerReads, rows, () =>
      sql<CallerNumberRow>`
        with ${wanted(CALLER_COLUMNS, repeated(rows, BLANK_CALLER))}
        select wanted.position, rollup_callers.tenant_no, rollup_callers.caller_no
        from wanted cross join rollup_tenants cross join rollup_callers
        where ${same('rollup_tenants', ['tenant_id'])}
          and rollup_callers.tenant_no = rollup_tenants.tenant_no
          and ${same('rollup_callers', CALLER_OWN_COLUMNS)}`.compile(this.#db),
    )
  }

  /** Adds kinds of calls, given by their `KIND_COLUMNS`, that are not there yet. */
  kindInsert(rows: number): CompiledQuery {
    return this.#write('kinds', rows, () =>
      this.#db
        .insertInto('rollup_kinds')
        .values(repeated(rows, BLANK_KIND))
        .onConflict((conflict) => conflict.doNothing())
        .compile(),
    )
  }

  /** Reads the numbers of kinds, given by their `KIND_COLUMNS`. */
  kindRead(rows: number): CompiledQuery<KindNumberRow> {
    return kept(this.#kindReads, rows, () =>
      sql<KindNumberRow>`
        with ${wanted(KIND_COLUMNS, repeated(rows, BLANK_KIND))}
        select wanted.position, rollup_kinds.kind_no from wanted cross join rollup_kinds
        where ${same('rollup_kinds', KIND_COLUMNS)}`.compile(this.#db),
    )
  }

  #write(name: string, rows: number, build: () => CompiledQuery): CompiledQuery {
    return kept(
      kept(this.#kept, name, () => new Map<number, CompiledQuery>()),
      rows,
      build,
    )
  }
}

/** Runs a statement that was built before, with parameters of its own. */
export function run<Row>(
  db: Kysely<ControlSchema>,
  statement: CompiledQuery<Row>,
  parameters: readonly (string | number)[],
): Promise<QueryResult<Row>> {
  return db.executeQuery({ ...statement, parameters })
}

export interface PlacedQuantityRow extends Pick<RollupQuantityRow, 'at_ms' | 'event_id' | 'quantity'> {
  /** Which of those asked for, from 0. */
  readonly position: number
}

export interface CallerNumberRow {
  /** Which of the callers asked for, from 0. */
  readonly position: number
  readonly tenant_no: number
  readonly caller_no: number
}

export interface KindNumberRow {
  /** Which of the kinds asked for, from 0. */
  readonly position: number
  readonly kind_no: number
}

/** The columns that name a rollup, in the order of the primary key. */
export const ROLLUP_KEY_COLUMNS = [
  'bucket_ms',
  'tenant_no',
  'caller_no',
  'kind_no',
] as const satisfies readonly (keyof RollupKeyColumns)[]

/** The columns that name a quantity or a mark of a rollup, in the order of the primary key. */
export const QUANTITY_KEY_COLUMNS = [...ROLLUP_KEY_COLUMNS, 'meter_id', 'aggregation', 'member'] as const

/** The columns that name a caller, its tenant by the id. */
export const CALLER_COLUMNS = [
  'tenant_id',
  'key_id',
  'plan_id',
  'plan_version',
  'subscription_id',
  'dimensions',
] as const

/** The columns that name a kind of call. */
export const KIND_COLUMNS = ['api_id', 'route_id', 'status_class', 'billable'] as const

const CALLER_OWN_COLUMNS = CALLER_COLUMNS.filter((column) => column !== 'tenant_id')

function kept<Name, Item>(items: Map<Name, Item>, name: Name, build: () => Item): Item {
  const known = items.get(name)
  if (known !== undefined) return known
  const item = build()
  items.set(name, item)
  return item
}

function repeated<Row>(rows: number, row: Row): readonly Row[] {
  return Array.from({ length: rows }, () => row)
}

/** A table `wanted` of given rows: `columns`, and `position`, which counts them from 0. */
function wanted<Column extends string>(
  columns: readonly Column[],
  rows: readonly Readonly<Record<Column, string | number>>[],
): RawBuilder<unknown> {
  const values = rows.map(
    (row, position) =>
      sql`(${sql.lit(position)}, ${sql.join(columns.map((column) => parameter(row[column])))})`,
  )
  return sql`wanted (position, ${refs(undefined, columns)}) as (values ${sql.join(values)})`
}

// A bare list of values has no types of its own in Postgres.
function parameter(blank: string | number): RawBuilder<unknown> {
  return typeof blank === 'number' ? sql`cast(${blank} as bigint)` : sql`cast(${blank} as text)`
}

function refs(table: string | undefined, columns: readonly string[]): RawBuilder<unknown> {
  return sql.join(columns.map((column) => sql.ref(table === undefined ? column : `${table}.${column}`)))
}

/** That `columns` of a table are those of `wanted`. */
function same(table: string, columns: readonly string[]): RawBuilder<unknown> {
  const terms = columns.map(
    (column) => sql`${sql.ref(`${table}.${column}`)} = ${sql.ref(`wanted.${column}`)}`,
  )
  return sql.join(terms, sql` and `)
}

const BLANK_KEY = { bucket_ms: 0, tenant_no: 0, caller_no: 0, kind_no: 0 } as const satisfies RollupKeyColumns

const BLANK_ROLLUP: RollupRow = {
  ...BLANK_KEY,
  requests: 0,
  refused: 0,
  usage_units: 0,
  bytes_received: 0,
  bytes_sent: 0,
  duration_ms: 0,
}

const BLANK_NOTE: Omit<UseNoteRow, 'sequence'> = {
  tenant_id: '',
  subscription_id: '',
  bucket_ms: 0,
  requests: 0,
  usage_units: 0,
  bytes_received: 0,
  bytes_sent: 0,
  duration_ms: 0,
  quantities: '{}',
}

const BLANK_QUANTITY_KEY = { ...BLANK_KEY, meter_id: '', aggregation: 'sum', member: '' } as const

const BLANK_QUANTITY: RollupQuantityRow = { ...BLANK_QUANTITY_KEY, at_ms: 0, event_id: '', quantity: '0' }

const BLANK_CALLER = {
  tenant_id: '',
  key_id: '',
  plan_id: '',
  plan_version: 0,
  subscription_id: '',
  dimensions: '',
} as const

const BLANK_KIND = { api_id: '', route_id: '', status_class: 0, billable: 0 } as const
