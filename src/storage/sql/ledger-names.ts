import { type Dimensions, readDimensions } from '../../model/dimension.ts'
import type { RollupKey } from '../ports/ledger.ts'
import type { RollupCallerRow, RollupKeyColumns, RollupKindRow } from './ledger-schema.ts'

/** What the numbers of a rollup stand for. */
export interface NamesOfRow extends Omit<RollupCallerRow, Generated>, Omit<RollupKindRow, Generated> {
  readonly tenant_id: string
}

type Generated = 'caller_no' | 'kind_no' | 'tenant_no'

/** The key of a rollup whose names are beside its numbers. */
export function keyOf(row: RollupKeyColumns & NamesOfRow): RollupKey {
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
    dimensions: dimensionsOf(row.dimensions),
  }
}

/** What someone broke by hand is read as dimensions that no call has: reconcile must be able to tell. */
export function dimensionsOf(text: string): Dimensions {
  try {
    return readDimensions(text)
  } catch {
    return { '': text }
  }
}
