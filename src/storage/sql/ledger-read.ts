import { type Kysely, sql } from 'kysely'
import type { Rollup, RollupFilter } from '../ports/ledger.ts'
import { ROLLUP_KEY_COLUMNS } from './ledger-statements.ts'
import type { ControlSchema, RollupRow } from './schema.ts'

/**
 * The rollups of a span of time, in the order of bucket start, then of the rest of their key.
 *
 * Read page by page, each page one statement: memory does not grow with the span, the connection is free
 * between pages, and no long read keeps a writer from cleaning up behind itself. A rollup that is added
 * to meanwhile is seen once, before or after, with its quantities of the same moment.
 */
export async function* readRollups(db: Kysely<ControlSchema>, filter: RollupFilter): AsyncGenerator<Rollup> {
  let last: RollupRow | undefined
  for (;;) {
    const { rows } = await pageAfter(last, filter).execute(db)
    let rollups = 0
    for (const { row, quantities } of grouped(rows)) {
      yield toRollup(row, quantities)
      last = row
      rollups += 1
    }
    if (rollups < PAGE_ROLLUPS) return
  }
}

interface JoinedRow extends RollupRow {
  /** null when the rollup has no custom meters. */
  readonly meter_id: string | null
  readonly quantity: string | null
}

const PAGE_ROLLUPS = 2_000

const KEY_NAMES = sql.join(ROLLUP_KEY_COLUMNS.map((column) => sql.ref(column)))
const KEY_OF_PAGE = sql.join(ROLLUP_KEY_COLUMNS.map((column) => sql.ref(`page.${column}`)))
const SAME_KEY = sql.join(
  ROLLUP_KEY_COLUMNS.map((column) => sql`quantities.${sql.ref(column)} = page.${sql.ref(column)}`),
  sql` and `,
)

function pageAfter(last: RollupRow | undefined, { fromMs, toMs, tenantId }: RollupFilter) {
  const conditions = [sql`bucket_ms < ${toMs}`]
  if (tenantId !== undefined) conditions.push(sql`tenant_id = ${tenantId}`)
  if (last === undefined) {
    conditions.push(sql`bucket_ms >= ${fromMs}`)
  } else {
    // As one comparison and without a fixed column, an index leads straight to where the page begins.
    const columns = ROLLUP_KEY_COLUMNS.filter((column) => column !== 'tenant_id' || tenantId === undefined)
    const names = columns.map((column) => sql.ref(column))
    const values = columns.map((column) => sql`${last[column]}`)
    conditions.push(sql`(${sql.join(names)}) > (${sql.join(values)})`)
  }
  return sql<JoinedRow>`
    select page.*, quantities.meter_id, quantities.quantity
    from (
      select * from rollups where ${sql.join(conditions, sql` and `)}
      order by ${KEY_NAMES} limit ${PAGE_ROLLUPS}
    ) as page
    left join rollup_quantities as quantities on ${SAME_KEY}
    order by ${KEY_OF_PAGE}, quantities.meter_id`
}

/** The rows of one rollup stand together: one for each of its meters. */
function* grouped(rows: readonly JoinedRow[]): Generator<Group> {
  let group: Group | undefined
  for (const row of rows) {
    if (group === undefined || !isSameRollup(group.row, row)) {
      if (group !== undefined) yield group
      group = { row, quantities: {} }
    }
    if (row.meter_id !== null && row.quantity !== null) group.quantities[row.meter_id] = row.quantity
  }
  if (group !== undefined) yield group
}

interface Group {
  readonly row: RollupRow
  readonly quantities: Record<string, string>
}

function isSameRollup(left: RollupRow, right: RollupRow): boolean {
  return ROLLUP_KEY_COLUMNS.every((column) => left[column] === right[column])
}

function toRollup(row: RollupRow, quantities: Readonly<Record<string, string>>): Rollup {
  return {
    bucketMs: row.bucket_ms,
    tenantId: row.tenant_id,
    keyId: row.key_id,
    apiId: row.api_id,
    routeId: row.route_id,
    planId: row.plan_id,
    planVersion: row.plan_version,
    subscriptionId: row.subscription_id,
    statusClass: row.status_class,
    billable: row.billable === 1,
    requests: row.requests,
    refused: row.refused,
    usageUnits: row.usage_units,
    bytesReceived: row.bytes_received,
    bytesSent: row.bytes_sent,
    durationMs: row.duration_ms,
    quantities,
  }
}
