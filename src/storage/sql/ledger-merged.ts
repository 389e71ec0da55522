import { type Kysely, type RawBuilder, sql } from 'kysely'
import { NO_MARKS } from '../../model/mark.ts'
import { BUCKET_MS, type Rollup, type RollupFilter, type RollupKey } from '../ports/ledger.ts'
import { chunksOf } from './chunks.ts'
import { dimensionsOf } from './ledger-names.ts'
import type { RollupRow } from './ledger-schema.ts'
import type { ControlSchema } from './schema.ts'

/**
 * The rollups of a span, those of one key or of one caller as one: the engine adds them up, in half the time or less.
 *
 * Step by step, each one statement, so that all of it is of one moment and memory does not grow with the span. Steps
 * with quantities of custom meters are read by `single`: those are added up here, exactly, never by the engine.
 */
export async function* mergedRollups(
  db: Kysely<ControlSchema>,
  filter: RollupFilter,
  single: (span: RollupFilter) => AsyncIterable<Rollup>,
): AsyncGenerator<Rollup> {
  const names = new Names(db)
  const { rows: ends } = await sql<Ends>`${ENDS}`.execute(db)
  const { first = null, last = null } = ends[0] ?? {}
  if (first === null || last === null) return
  const endMs = Math.min(filter.toMs, last + BUCKET_MS)
  let buckets = STEP_BUCKETS_FIRST
  for (let fromMs = Math.max(filter.fromMs, first); fromMs < endMs; ) {
    const toMs = stepEnd(filter, { fromMs, endMs, stepMs: buckets * BUCKET_MS })
    const step = { fromMs, toMs, among: filter.among }
    const { rows } = await (filter.kindsAsOne ? sumsByCaller(step) : sumsByKind(step)).execute(db)
    if (rows.length === 0) yield* single(step)
    else yield* names.named(rows)
    if (rows.length > STEP_ROWS_MANY) buckets = Math.max(1, Math.floor(buckets / 2))
    else if (rows.length < STEP_ROWS_FEW) buckets = Math.min(STEP_BUCKETS_MAX, buckets * 2)
    fromMs = toMs
  }
}

const STEP_BUCKETS_FIRST = 8
/** A day: the engine takes a tenth of a second for what a busy one has. */
const STEP_BUCKETS_MAX = 96
const STEP_ROWS_MANY = 100_000
const STEP_ROWS_FEW = 50_000

interface Step {
  readonly fromMs: number
  readonly endMs: number
  readonly stepMs: number
}

function stepEnd({ apartAt = [] }: RollupFilter, { fromMs, endMs, stepMs }: Step): number {
  const next = apartAt.filter((moment) => moment > fromMs)
  return Math.min(endMs, fromMs + stepMs, ...next)
}

// Not both in one: SQLite would read the whole table.
const ENDS = sql`select (select min(bucket_ms) from rollups) as first, (select max(bucket_ms) from rollups) as last`

interface Ends {
  readonly first: number | null
  readonly last: number | null
}

function sumsByKind(step: RollupFilter): RawBuilder<MergedRow> {
  return sql`
    select ${SUMS}, tenant_no, caller_no, kind_no, null as billable
    from rollups where ${addable(step)}
    group by tenant_no, caller_no, kind_no
    order by tenant_no, caller_no, kind_no`
}

// One whole number to group by: SQLite sorts by it in half the time it takes for three. A caller has one tenant.
function sumsByCaller(step: RollupFilter): RawBuilder<MergedRow> {
  return sql`
    select ${SUMS}, min(tenant_no) as tenant_no, min(caller_no) as caller_no, null as kind_no,
      min(billable) as billable
    from rollups join rollup_kinds on rollup_kinds.kind_no = rollups.kind_no where ${addable(step)}
    group by caller_no * 2 + billable
    order by caller_no * 2 + billable`
}

/** A rollup that stands for many; by its kind, or by whether it is billable. */
type MergedRow = Omit<RollupRow, 'kind_no'> &
  (
    | { readonly kind_no: number; readonly billable: null }
    | { readonly kind_no: null; readonly billable: number }
  )

const SUMS = sql`min(bucket_ms) as bucket_ms,
  cast(sum(requests) as bigint) as requests, cast(sum(refused) as bigint) as refused,
  cast(sum(usage_units) as bigint) as usage_units, cast(sum(bytes_received) as bigint) as bytes_received,
  cast(sum(bytes_sent) as bigint) as bytes_sent, cast(sum(duration_ms) as bigint) as duration_ms`

/** The rollups of a span in which none has quantities of custom meters. */
function addable({ fromMs, toMs, among }: RollupFilter): RawBuilder<unknown> {
  return sql`bucket_ms >= ${fromMs} and bucket_ms < ${toMs} ${ofTenants(among)}
    and not exists (select 1 from rollup_quantities where bucket_ms >= ${fromMs} and bucket_ms < ${toMs})`
}

/** To be put behind other conditions; all tenants if not given. */
export function ofTenants(among: readonly string[] | undefined): RawBuilder<unknown> {
  if (among === undefined) return sql``
  return sql`and tenant_no in (select tenant_no from rollup_tenants where tenant_id in (${sql.join(among)}))`
}

type CallerNames = Pick<RollupKey, 'keyId' | 'planId' | 'planVersion' | 'subscriptionId' | 'dimensions'>
type KindNames = Pick<RollupKey, 'apiId' | 'routeId' | 'statusClass' | 'billable'>

/** The names behind numbers, each looked up once. */
class Names {
  readonly #db: Kysely<ControlSchema>
  readonly #tenants = new Map<number, string>()
  readonly #callers = new Map<number, CallerNames>()
  readonly #kinds = new Map<number, KindNames>()

  constructor(db: Kysely<ControlSchema>) {
    this.#db = db
  }

  /** Rows whose numbers stand for nothing are left out, as when rollups are read one by one. */
  async *named(rows: readonly MergedRow[]): AsyncGenerator<Rollup> {
    await this.#learn(rows)
    for (const row of rows) {
      const tenantId = this.#tenants.get(row.tenant_no)
      const caller = this.#callers.get(row.caller_no)
      const kind = row.kind_no === null ? ALL_KINDS[row.billable] : this.#kinds.get(row.kind_no)
      if (tenantId === undefined || caller === undefined || kind === undefined) continue
      yield {
        bucketMs: row.bucket_ms,
        tenantId,
        keyId: caller.keyId,
        apiId: kind.apiId,
        routeId: kind.routeId,
        planId: caller.planId,
        planVersion: caller.planVersion,
        subscriptionId: caller.subscriptionId,
        statusClass: kind.statusClass,
        billable: kind.billable,
        dimensions: caller.dimensions,
        requests: row.requests,
        refused: row.refused,
        usageUnits: row.usage_units,
        bytesReceived: row.bytes_received,
        bytesSent: row.bytes_sent,
        durationMs: row.duration_ms,
        quantities: NO_QUANTITIES,
        marks: NO_MARKS,
      }
    }
  }

  async #learn(rows: readonly MergedRow[]): Promise<void> {
    for (const known of [this.#tenants, this.#callers, this.#kinds]) if (known.size > KNOWN_MAX) known.clear()
    for (const numbers of missing(this.#tenants, rows, 'tenant_no')) {
      const found = this.#db.selectFrom('rollup_tenants').selectAll().where('tenant_no', 'in', numbers)
      for (const { tenant_no, tenant_id } of await found.execute()) this.#tenants.set(tenant_no, tenant_id)
    }
    for (const numbers of missing(this.#callers, rows, 'caller_no')) {
      const found = this.#db.selectFrom('rollup_callers').selectAll().where('caller_no', 'in', numbers)
      for (const { caller_no, ...row } of await found.execute()) {
        this.#callers.set(caller_no, {
          ...{ keyId: row.key_id, planId: row.plan_id, planVersion: row.plan_version },
          ...{ subscriptionId: row.subscription_id, dimensions: dimensionsOf(row.dimensions) },
        })
      }
    }
    for (const numbers of missing(this.#kinds, rows, 'kind_no')) {
      const found = this.#db.selectFrom('rollup_kinds').selectAll().where('kind_no', 'in', numbers)
      for (const { kind_no, ...row } of await found.execute()) {
        this.#kinds.set(kind_no, {
          ...{ apiId: row.api_id, routeId: row.route_id, statusClass: row.status_class },
          billable: row.billable === 1,
        })
      }
    }
  }
}

/** What stands for calls of all kinds, by whether they are billable. */
const ALL_KINDS: readonly KindNames[] = [false, true].map((billable) => {
  return { apiId: '', routeId: '', statusClass: 0, billable }
})

const KNOWN_MAX = 200_000
const NUMBERS_AT_ONCE = 64
const NO_QUANTITIES: Rollup['quantities'] = {}

function* missing(
  known: ReadonlyMap<number, unknown>,
  rows: readonly MergedRow[],
  column: 'tenant_no' | 'caller_no' | 'kind_no',
): Generator<readonly number[]> {
  const wanted = new Set<number>()
  for (const { [column]: number } of rows) if (number !== null && !known.has(number)) wanted.add(number)
  yield* chunksOf([...wanted], NUMBERS_AT_ONCE)
}
