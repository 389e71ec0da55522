import { isoTime } from '../lib/iso-time.ts'
import type { UsageQuery } from './usage-query.ts'
import type { UsageStores } from './usage-report.ts'
import { usageTenantId } from './usage-tenant.ts'

/** Calls on a bill without a quantity that belongs there: of one tenant, route, meter and reason. */
export interface UsageLeak {
  readonly tenant_id: string
  readonly route_id: string
  readonly meter: string
  readonly reason: string
  readonly calls: number
}

/** All of a span; the names are stable. */
export interface UsageLeaks {
  readonly from: string
  readonly to: string
  readonly rows: readonly UsageLeak[]
  readonly total: number
}

/** Adds up what could not be metered over a span, most first. */
export async function usageLeaks(stores: UsageStores, query: LeaksQuery): Promise<UsageLeaks> {
  const { span, tenant } = query
  const tenantId = tenant === undefined ? undefined : await usageTenantId(stores.tenants, tenant)
  const found = new Map<string, { -readonly [Field in keyof UsageLeak]: UsageLeak[Field] }>()
  const filter = { fromMs: span.startMs, toMs: span.endMs, ...(tenantId !== undefined && { tenantId }) }
  let total = 0
  for await (const rollup of stores.ledger.rollups(filter)) {
    for (const { aggregation, meterId, member, quantity } of rollup.marks) {
      if (aggregation !== 'leak') continue
      const { tenantId: tenant_id, routeId: route_id } = rollup
      const name = [tenant_id, route_id, meterId, member].join('\t')
      const leak = found.get(name) ?? { tenant_id, route_id, meter: meterId, reason: member, calls: 0 }
      leak.calls += Number(quantity)
      total += Number(quantity)
      found.set(name, leak)
    }
  }
  const rows = [...found].sort(([one, left], [other, right]) => {
    return right.calls - left.calls || (one < other ? -1 : 1)
  })
  return { from: isoTime(span.startMs), to: isoTime(span.endMs), rows: rows.map(([, leak]) => leak), total }
}

/** Of which span, and whose. */
export type LeaksQuery = Pick<UsageQuery, 'span' | 'tenant'>
