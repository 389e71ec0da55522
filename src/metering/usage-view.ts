import { isoTime } from '../lib/iso-time.ts'
import type { UsageReport, UsageRow } from './usage-report.ts'
import type { UsageTotals } from './usage-sums.ts'

/** A usage report as scripts and other programs read it. */
export interface UsageReportView {
  /** ISO 8601, UTC; from `from`, up to but without `to`. */
  readonly from: string
  readonly to: string
  readonly rows: readonly UsageRowView[]
  readonly total: UsageTotalsView
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
}

/** The report as JSON has it; the names are stable. */
export function viewUsageReport({ span, columns, rows, total }: UsageReport): UsageReportView {
  return {
    from: isoTime(span.startMs),
    to: isoTime(span.endMs),
    rows: rows.map((row) => viewUsageRow(columns, row)),
    total: viewTotals(total),
  }
}

/** One of its rows; a null is a name that nothing has. */
export function viewUsageRow(columns: readonly string[], { cells, totals }: UsageRow): UsageRowView {
  return {
    ...Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? null])),
    ...viewTotals(totals),
  }
}

function viewTotals(totals: UsageTotals): UsageTotalsView {
  return {
    requests: totals.requests,
    billable: totals.billable,
    refused: totals.refused,
    usage_units: totals.usageUnits,
    bytes_received: totals.bytesReceived,
    bytes_sent: totals.bytesSent,
    quantities: totals.quantities,
  }
}
