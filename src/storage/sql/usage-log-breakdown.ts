import type Database from 'better-sqlite3'
import { LATENCY_SHARES, Latencies } from '../../model/latencies.ts'
import type { BreakdownQuery, BreakdownRow } from '../ports/usage-log.ts'

/** Adds slices of the usage log up to a breakdown: a statement each, so that nothing waits for long. */
export class BreakdownSums {
  readonly #query: BreakdownQuery
  readonly #groups = new Map<string, Group>()

  constructor(query: BreakdownQuery) {
    this.#query = query
  }

  /** Adds the events of [fromMs, toMs). */
  add(database: Database.Database, fromMs: number, toMs: number): void {
    const { by, tenantId = '' } = this.#query
    const rows = database.prepare<[SliceParameters], SliceRow>(SLICE).all({ fromMs, toMs, tenantId })
    for (const row of rows) {
      const tenant = by.includes('tenant') ? row.tenantId : ''
      const key = by.includes('key') ? row.keyId : ''
      const route = by.includes('route') ? row.routeId : ''
      const refusal = by.includes('refusal') ? row.refusal : ''
      const name = `${tenant}\n${key}\n${route}\n${refusal}`
      let group = this.#groups.get(name)
      if (group === undefined) {
        const fields = { tenantId: tenant, keyId: key, routeId: route, refusal }
        group = { ...NOTHING, ...fields, latencies: new Latencies() }
        this.#groups.set(name, group)
      }
      addTo(group, row)
    }
  }

  rows(): readonly BreakdownRow[] {
    return [...this.#groups.entries()]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([, { latencies, ...group }]) => ({ ...group, latencyMs: latencies.quantiles(LATENCY_SHARES) }))
  }
}

function addTo(group: Group, row: SliceRow): void {
  group.requests += row.requests
  if (row.outcome === 'refused') group.refused += row.requests
  if (row.statusCode >= 500) group.failed += row.requests
  if (row.billable === 1) group.billable += row.requests
  group.usageUnits += row.usageUnits
  group.bytesReceived += row.bytesReceived
  group.bytesSent += row.bytesSent
  if (row.whole > 0 && row.outcome !== 'refused' && row.outcome !== 'open') {
    group.latencies.add(row.responseTimeMs, row.whole)
  }
}

type Sums = Omit<BreakdownRow, 'latencyMs'>
type Group = { -readonly [Field in keyof Sums]: Sums[Field] } & { readonly latencies: Latencies }

interface SliceParameters {
  readonly fromMs: number
  readonly toMs: number
  /** Empty for all. */
  readonly tenantId: string
}

interface SliceRow {
  readonly tenantId: string
  readonly keyId: string
  readonly routeId: string
  readonly statusCode: number
  readonly outcome: string
  readonly refusal: string
  readonly billable: number
  readonly responseTimeMs: number
  /** Events that stand for one call each. */
  readonly whole: number
  readonly requests: number
  readonly usageUnits: number
  readonly bytesReceived: number
  readonly bytesSent: number
}

const NOTHING = {
  ...{ requests: 0, refused: 0, failed: 0, billable: 0, usageUnits: 0, bytesReceived: 0, bytesSent: 0 },
}

const SLICE = `
  SELECT t.tenant_id AS tenantId, c.key_id AS keyId, k.route_id AS routeId, k.status_code AS statusCode, k.outcome,
    k.refusal, k.billable, e.response_time_ms AS responseTimeMs, count(*) FILTER (WHERE e.count = 1) AS whole,
    sum(e.count) AS requests, sum(e.usage_units) AS usageUnits, sum(e.bytes_received) AS bytesReceived,
    sum(e.bytes_sent) AS bytesSent
  FROM event_rows AS e
  CROSS JOIN callers AS c ON c.caller_no = e.caller_no
  CROSS JOIN tenants AS t ON t.tenant_no = c.tenant_no
  CROSS JOIN kinds AS k ON k.kind_no = e.kind_no
  WHERE e.timestamp >= @fromMs AND e.timestamp < @toMs AND (@tenantId = '' OR t.tenant_id = @tenantId)
  GROUP BY e.caller_no, e.kind_no, e.response_time_ms`
