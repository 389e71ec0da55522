import { isoTime } from '../lib/iso-time.ts'
import type { UsageReport, UsageRow } from './usage-report.ts'
import type { UsageTotals } from './usage-sums.ts'

/** A usage report as scripts and other programs read it. */
export interface UsageReportView {
  /** ISO 8601, UTC; from `from`, up to but without `to`. */
  readonly from: string
  readonly to: string
  /** Of all amounts; not there where there are none. */
  readonly currency?: string
  readonly rows: readonly UsageRowView[]
  readonly total: UsageTotalsView
  /** Usage that has no price, and why; not there when all of it has. */
  readonly unpriced?: readonly { readonly tenant_id: string; readonly why: string }[]
}

/** The columns of the breakdown, then the totals. */
export type UsageRowView = Readonly<Record<string, string | null>> | UsageTotalsView

export interface UsageTotalsView {
  /** All requests; the sums after it cover the billable ones. */
  readonly requests: number
  readonly billable: number
  readonly refused: number
  readonly usage_units: number
  readonly bytes_received: number
  readonly bytes_sent: number
  readonly quantities: Readonly<Record<string, string>>
  /** What it costs; not there when it cannot be said. */
  readonly amount?: string
}

/** The report as JSON has it; the names are stable. */
export function viewUsageReport({ span, columns, rows, total, amounts }: UsageReport): UsageReportView {
  const unpriced = amounts?.unpriced.map(({ tenantId, why }) => ({ tenant_id: tenantId, why })) ?? []
  return {
    from: isoTime(span.startMs),
    to: isoTime(span.endMs),
    ...(amounts !== null && { currency: amounts.currency }),
    rows: rows.map((row) => viewUsageRow(columns, row)),
    total: viewTotals(total, amounts?.total ?? null),
    ...(unpriced.length > 0 && { unpriced }),
  }
}

/** One of its rows; a null is a name that nothing has. */
export function viewUsageRow(columns: readonly string[], { cells, totals, amount }: UsageRow): UsageRowView {
  return {
    ...Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? null])),
    ...viewTotals(totals, amount),
  }
}

function viewTotals(totals: UsageTotals, amount: string | null): UsageTotalsView {
  return {
    requests: totals.requests,
    billable: totals.billable,
    refused: totals.refused,
    usage_units: totals.usageUnits,
    bytes_received: totals.bytesReceived,
    bytes_sent: totals.bytesSent,
    quantities: totals.quantities,
    ...(amount !== null && { amount }),
  }
}
