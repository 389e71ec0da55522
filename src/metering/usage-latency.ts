import { GatezError } from '../errors/gatez-error.ts'
import { didYouMean } from '../lib/closest.ts'
import { isoTime } from '../lib/iso-time.ts'
import type { Period } from '../model/period.ts'
import type { BreakdownField, UsageLog } from '../storage/ports/usage-log.ts'

/** How calls went, and how long they took; the names are stable. Fields that were not asked for are null. */
export interface UsageLatency {
  readonly from: string
  readonly to: string
  readonly rows: readonly LatencyRow[]
}

export interface LatencyRow {
  readonly tenant_id: string | null
  readonly key_id: string | null
  readonly route_id: string | null
  readonly requests: number
  readonly refused: number
  /** Answered with 500 and above. */
  readonly failed: number
  readonly billable: number
  readonly bytes_received: number
  readonly bytes_sent: number
  /** Response times in ms, exact; null when no call was let through. */
  readonly p50_ms: number | null
  readonly p95_ms: number | null
  readonly p99_ms: number | null
  readonly max_ms: number | null
}

const FIELDS = ['tenant', 'key', 'route'] as const satisfies readonly BreakdownField[]

/** Reads `--by`; throws `invalid-parameter`. */
export function parseBreakdownBy(written: string): readonly BreakdownField[] {
  return written.split(',').map((part) => {
    const name = part.trim()
    const field = FIELDS.find((each) => each === name)
    if (field !== undefined) return field
    const detail = `--by takes ${FIELDS.join(', ')}, with commas between; it has ${JSON.stringify(name)}${didYouMean(name, FIELDS)}.`
    throw new GatezError('invalid-parameter', detail)
  })
}

/** Looks at single calls, as long as they are kept: the slowest groups first. */
export async function usageLatency(
  usageLog: UsageLog,
  request: {
    readonly span: Period
    readonly by: readonly BreakdownField[]
    readonly tenantId: string | undefined
  },
): Promise<UsageLatency> {
  const { span, by, tenantId } = request
  const { startMs: fromMs, endMs: toMs } = span
  const rows = await usageLog.breakdown({ fromMs, toMs, by, ...(tenantId !== undefined && { tenantId }) })
  const views = rows.map(({ latencyMs: [p50 = null, p95 = null, p99 = null, max = null], ...row }) => ({
    tenant_id: by.includes('tenant') ? row.tenantId : null,
    key_id: by.includes('key') ? row.keyId : null,
    route_id: by.includes('route') ? row.routeId : null,
    ...{ requests: row.requests, refused: row.refused, failed: row.failed, billable: row.billable },
    ...{ bytes_received: row.bytesReceived, bytes_sent: row.bytesSent },
    ...{ p50_ms: p50, p95_ms: p95, p99_ms: p99, max_ms: max },
  }))
  return {
    from: isoTime(fromMs),
    to: isoTime(toMs),
    rows: views.sort((one, other) => (other.p95_ms ?? -1) - (one.p95_ms ?? -1)),
  }
}
