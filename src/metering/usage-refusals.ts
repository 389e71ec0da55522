import { isoTime } from '../lib/iso-time.ts'
import type { Period } from '../model/period.ts'
import type { UsageLog } from '../storage/ports/usage-log.ts'

/** Calls that were not let through, and why; the names are stable. */
export interface UsageRefusals {
  readonly from: string
  readonly to: string
  /** Most first. */
  readonly rows: readonly RefusalRow[]
}

export interface RefusalRow {
  readonly tenant_id: string
  readonly key_id: string
  readonly route_id: string
  /** Code of the refusal, as `rate-limited`. */
  readonly refusal: string
  readonly requests: number
}

/** Adds up what was refused over a span, by tenant, key, route and reason, as long as single calls are kept. */
export async function usageRefusals(
  usageLog: UsageLog,
  { span, tenantId }: { readonly span: Period; readonly tenantId: string | undefined },
): Promise<UsageRefusals> {
  const { startMs: fromMs, endMs: toMs } = span
  const by = ['tenant', 'key', 'route', 'refusal'] as const
  const found = await usageLog.breakdown({ fromMs, toMs, by, ...(tenantId !== undefined && { tenantId }) })
  const rows = found
    .filter(({ refusal }) => refusal !== '')
    .map((row) => ({
      ...{ tenant_id: row.tenantId, key_id: row.keyId, route_id: row.routeId, refusal: row.refusal },
      requests: row.requests,
    }))
  return {
    from: isoTime(fromMs),
    to: isoTime(toMs),
    rows: rows.sort((one, other) => other.requests - one.requests),
  }
}
