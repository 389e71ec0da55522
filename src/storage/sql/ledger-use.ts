import { type Kysely, sql } from 'kysely'
import type { TenantUse, UseFilter } from '../ports/ledger.ts'
import type { ControlSchema } from './schema.ts'

/** Adds up the billable use of calls or units by tenant. */
export async function readUse(
  db: Kysely<ControlSchema>,
  { meter, fromMs, toMs, only }: UseQuestion,
): Promise<readonly TenantUse[]> {
  if (only?.subscriptionIds?.length === 0) return []
  const column = meter === 'calls' ? 'requests' : 'usage_units'
  let query = db
    .selectFrom('rollups')
    .innerJoin('rollup_tenants', 'rollup_tenants.tenant_no', 'rollups.tenant_no')
    .innerJoin('rollup_kinds', 'rollup_kinds.kind_no', 'rollups.kind_no')
    .select(['tenant_id as tenantId', sql<number>`cast(sum(${sql.ref(column)}) as bigint)`.as('used')])
    .where('bucket_ms', '>=', fromMs)
    .where('bucket_ms', '<', toMs)
    .where('billable', '=', 1)
    .where('tenant_id', '!=', '')
    .groupBy('tenant_id')
    .orderBy('tenant_id')
  if (only !== undefined) query = query.where('tenant_id', '=', only.tenantId)
  if (only?.subscriptionIds === undefined) return query.execute()
  return query
    .innerJoin('rollup_callers', 'rollup_callers.caller_no', 'rollups.caller_no')
    .where('subscription_id', 'in', [...only.subscriptionIds])
    .execute()
}

interface UseQuestion {
  readonly meter: 'calls' | 'units'
  readonly fromMs: number
  readonly toMs: number
  readonly only: UseFilter | undefined
}
