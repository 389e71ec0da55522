import { type Kysely, sql } from 'kysely'
import type { LedgerBreadth } from '../ports/ledger.ts'
import type { ControlSchema } from './schema.ts'

/** What rollups of all times are about: read from the tables of their names, which are short. */
export async function readBreadth(db: Kysely<ControlSchema>): Promise<LedgerBreadth> {
  const tenants = await db.selectFrom('rollup_tenants').select('tenant_id').execute()
  const { rows } = await sql<{ readonly callers: number; readonly kinds: number }>`
    select (select count(*) from rollup_callers) as callers, (select count(*) from rollup_kinds) as kinds`.execute(
    db,
  )
  const { callers = 0, kinds = 0 } = rows[0] ?? {}
  return { tenantIds: tenants.map(({ tenant_id }) => tenant_id), callers, kinds }
}

/** The custom meters of billable usage in [fromMs, toMs), and of levels before it; in the order of their ids. */
export async function readUsedMeters(
  db: Kysely<ControlSchema>,
  fromMs: number,
  toMs: number,
): Promise<readonly string[]> {
  const { rows } = await sql<{ readonly meter_id: string }>`
    select distinct meter_id
    from rollup_quantities join rollup_kinds on rollup_kinds.kind_no = rollup_quantities.kind_no
    where billable = 1 and aggregation <> 'leak'
      and (bucket_ms >= ${fromMs} and bucket_ms < ${toMs} or aggregation = 'time-weighted' and at_ms < ${fromMs})`.execute(
    db,
  )
  return rows.map(({ meter_id }) => meter_id).sort()
}
