import { type Kysely, sql } from 'kysely'
import type { Strays } from '../ports/ledger.ts'
import type { ControlSchema } from './schema.ts'

/** Counts the rows of a span that no join comes by. Nothing checks them when they are written: it would cost too much. */
export async function readStrays(db: Kysely<ControlSchema>, fromMs: number, toMs: number): Promise<Strays> {
  const { rows } = await sql<Strays>`
    select
      (
        select count(*) from rollups as r
        left join rollup_callers as c on c.caller_no = r.caller_no
        left join rollup_tenants as t on t.tenant_no = r.tenant_no
        left join rollup_kinds as k on k.kind_no = r.kind_no
        where r.bucket_ms >= ${fromMs} and r.bucket_ms < ${toMs}
          and (t.tenant_no is null or k.kind_no is null or c.tenant_no is null or c.tenant_no <> r.tenant_no
            or k.billable not in (0, 1))
      ) as rollups,
      (
        select count(*) from rollup_quantities as q
        where q.bucket_ms >= ${fromMs} and q.bucket_ms < ${toMs} and (q.aggregation = 'sum' and (q.member <> '' or q.at_ms <> 0 or q.event_id <> '') or not exists (
          select 1 from rollups as r
          where r.bucket_ms = q.bucket_ms and r.tenant_no = q.tenant_no
            and r.caller_no = q.caller_no and r.kind_no = q.kind_no
        ))
      ) as quantities`.execute(db)
  return { rollups: Number(rows[0]?.rollups ?? 0), quantities: Number(rows[0]?.quantities ?? 0) }
}
