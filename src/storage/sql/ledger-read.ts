import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Mark } from '../../model/mark.ts'
import { BUCKET_MS, type Level, type LevelFilter, type Rollup, type RollupFilter } from '../ports/ledger.ts'
import { mergedRollups, ofTenants } from './ledger-merged.ts'
import { keyOf, type NamesOfRow } from './ledger-names.ts'
import type { RollupKeyColumns, RollupQuantityRow, RollupRow } from './ledger-schema.ts'
import { ROLLUP_KEY_COLUMNS } from './ledger-statements.ts'
import type { ControlSchema } from './schema.ts'

/**
 * The rollups of a span of time, in the order of bucket start, then of the rest of their key.
 *
 * Read page by page, each page one statement: memory does not grow with the span, the connection is free
 * between pages, and no long read keeps a writer from cleaning up behind itself. A rollup that is added
 * to meanwhile is seen once, before or after, with its quantities of the same moment.
 */
export async function* readRollups(db: Kysely<ControlSchema>, filter: RollupFilter): AsyncGenerator<Rollup> {
  if (filter.tenantId === undefined) {
    const single = (span: RollupFilter) => readSpan(db, (last) => afterLast(span, last))
    yield* filter.apartAt === undefined ? single(filter) : mergedRollups(db, filter, single)
    return
  }
  const tenantNo = await findTenant(db, filter.tenantId)
  if (tenantNo === undefined) return
  for await (const buckets of bucketsOf(db, filter)) {
    yield* readSpan(db, (last) => ofTenant(tenantNo, buckets, last))
  }
}

/** The numbers of one rollup, its names, and one of its quantities. */
interface JoinedRow extends RollupRow, NamesOfRow {
  /** null when the rollup has no custom meters, and so are the others then. */
  readonly meter_id: string | null
  readonly aggregation: RollupQuantityRow['aggregation'] | null
  readonly member: string | null
  readonly at_ms: number | null
  readonly event_id: string | null
  readonly quantity: string | null
}

const PAGE_ROLLUPS = 2_000
/** A day. */
const BUCKETS_AT_ONCE = 96

async function* readSpan(
  db: Kysely<ControlSchema>,
  conditions: (last: RollupKeyColumns | undefined) => RawBuilder<unknown>,
): AsyncGenerator<Rollup> {
  let last: RollupRow | undefined
  for (;;) {
    const { rows } = await page(conditions(last)).execute(db)
    let rollups = 0
    for (const group of grouped(rows)) {
      yield toRollup(group)
      last = group.row
      rollups += 1
    }
    if (rollups < PAGE_ROLLUPS) return
  }
}

// As one comparison, the primary key leads straight to where the page begins.
function afterLast(
  { fromMs, toMs, among }: RollupFilter,
  last: RollupKeyColumns | undefined,
): RawBuilder<unknown> {
  const start = last === undefined ? sql`bucket_ms >= ${fromMs}` : after(last)
  return sql`${start} and bucket_ms < ${toMs} ${ofTenants(among)}`
}

// The primary key leads to the tenant's rollups of one bucket: so buckets are named, not spanned.
function ofTenant(
  tenantNo: number,
  buckets: readonly number[],
  last: RollupKeyColumns | undefined,
): RawBuilder<unknown> {
  const left = last === undefined ? buckets : buckets.filter((bucketMs) => bucketMs >= last.bucket_ms)
  const place = sql`bucket_ms in (${sql.join(left)}) and tenant_no = ${tenantNo}`
  return last === undefined ? place : sql`${place} and ${after(last)}`
}

function after(last: RollupKeyColumns): RawBuilder<unknown> {
  const names = ROLLUP_KEY_COLUMNS.map((column) => sql.ref(column))
  const values = ROLLUP_KEY_COLUMNS.map((column) => sql`${last[column]}`)
  return sql`(${sql.join(names)}) > (${sql.join(values)})`
}

function page(conditions: RawBuilder<unknown>): RawBuilder<JoinedRow> {
  return sql<JoinedRow>`
    select page.*, ${NAMES},
      quantities.meter_id, quantities.aggregation, quantities.member, quantities.at_ms, quantities.event_id,
      quantities.quantity
    from (
      select * from rollups where ${conditions} order by ${KEY_NAMES} limit ${PAGE_ROLLUPS}
    ) as page
    ${NAME_JOINS}
    left join rollup_quantities as quantities on ${SAME_KEY}
    order by ${KEY_OF_PAGE}, quantities.meter_id, quantities.aggregation, quantities.member`
}

const NAMES = sql`rollup_tenants.tenant_id,
  rollup_callers.key_id, rollup_callers.plan_id, rollup_callers.plan_version, rollup_callers.subscription_id,
  rollup_callers.dimensions,
  rollup_kinds.api_id, rollup_kinds.route_id, rollup_kinds.status_class, rollup_kinds.billable`

const NAME_JOINS = sql`
  join rollup_tenants on rollup_tenants.tenant_no = page.tenant_no
  join rollup_callers on rollup_callers.caller_no = page.caller_no
  join rollup_kinds on rollup_kinds.kind_no = page.kind_no`

const KEY_NAMES = sql.join(ROLLUP_KEY_COLUMNS.map((column) => sql.ref(column)))
const KEY_OF_PAGE = sql.join(ROLLUP_KEY_COLUMNS.map((column) => sql.ref(`page.${column}`)))
const SAME_KEY = sql.join(
  ROLLUP_KEY_COLUMNS.map((column) => sql`quantities.${sql.ref(column)} = page.${sql.ref(column)}`),
  sql` and `,
)

/**
 * The last level before a moment of each `time-weighted` meter: one for each caller and kind of call.
 *
 * Reads an index that holds such levels only: where no meter is of that kind it costs nothing.
 */
export async function readLevels(db: Kysely<ControlSchema>, filter: LevelFilter): Promise<readonly Level[]> {
  const tenant = ofTenants(filter.tenantId === undefined ? filter.among : [filter.tenantId])
  const { rows } = await sql<LevelRow>`
    select page.*, ${NAMES}
    from (
      select *, row_number() over (partition by tenant_no, caller_no, kind_no, meter_id order by at_ms desc) as place
      from rollup_quantities
      where aggregation = 'time-weighted' and at_ms < ${filter.beforeMs} ${tenant}
    ) as page
    ${NAME_JOINS}
    where page.place = 1
    order by page.tenant_no, page.caller_no, page.kind_no, page.meter_id`.execute(db)
  return rows.map((row) => {
    const { meter_id: meterId, member, at_ms: atMs, event_id: eventId, quantity } = row
    const mark = { meterId, aggregation: 'time-weighted', member, atMs, eventId, quantity } as const
    return { ...keyOf(row), mark }
  })
}

interface LevelRow extends RollupQuantityRow, NamesOfRow {}

async function findTenant(db: Kysely<ControlSchema>, tenantId: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('rollup_tenants')
    .select('tenant_no')
    .where('tenant_id', '=', tenantId)
    .executeTakeFirst()
  return row?.tenant_no
}

/** The first and the last bucket there is; null when there is none. */
interface Ends {
  readonly first: number | null
  readonly last: number | null
}

/** The buckets of the span in which there can be rollups, some at once. */
async function* bucketsOf(
  db: Kysely<ControlSchema>,
  { fromMs, toMs }: RollupFilter,
): AsyncGenerator<readonly number[]> {
  // Not both in one: SQLite would read the whole table.
  const { rows } = await sql<Ends>`
    select (select min(bucket_ms) from rollups) as first, (select max(bucket_ms) from rollups) as last`.execute(
    db,
  )
  const { first = null, last = null } = rows[0] ?? {}
  if (first === null || last === null) return
  const startMs = Math.max(first, Math.ceil(fromMs / BUCKET_MS) * BUCKET_MS)
  const endMs = Math.min(last + BUCKET_MS, toMs)
  const stepMs = BUCKETS_AT_ONCE * BUCKET_MS
  for (let firstMs = startMs; firstMs < endMs; firstMs += stepMs) {
    const buckets = Math.ceil((Math.min(endMs, firstMs + stepMs) - firstMs) / BUCKET_MS)
    yield Array.from({ length: buckets }, (_, index) => firstMs + index * BUCKET_MS)
  }
}

/** The rows of one rollup stand together: one for each of its meters. */
function* grouped(rows: readonly JoinedRow[]): Generator<Group> {
  let group: Group | undefined
  for (const row of rows) {
    if (group === undefined || !isSameRollup(group.row, row)) {
      if (group !== undefined) yield group
      group = { row, quantities: {}, marks: [] }
    }
    addQuantity(group, row)
  }
  if (group !== undefined) yield group
}

interface Group {
  readonly row: JoinedRow
  readonly quantities: Record<string, string>
  readonly marks: Mark[]
}

function addQuantity(group: Group, row: JoinedRow): void {
  const { meter_id: meterId, aggregation, quantity } = row
  if (meterId === null || aggregation === null || quantity === null) return
  if (aggregation === 'sum') {
    group.quantities[meterId] = quantity
    return
  }
  const { member, at_ms: atMs, event_id: eventId } = row
  group.marks.push({
    meterId,
    aggregation,
    member: member ?? '',
    atMs: atMs ?? 0,
    eventId: eventId ?? '',
    quantity,
  })
}

function isSameRollup(left: RollupKeyColumns, right: RollupKeyColumns): boolean {
  return ROLLUP_KEY_COLUMNS.every((column) => left[column] === right[column])
}

function toRollup({ row, quantities, marks }: Group): Rollup {
  return {
    ...keyOf(row),
    requests: row.requests,
    refused: row.refused,
    usageUnits: row.usage_units,
    bytesReceived: row.bytes_received,
    bytesSent: row.bytes_sent,
    durationMs: row.duration_ms,
    quantities,
    marks,
  }
}
