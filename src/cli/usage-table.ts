import { isoTime } from '../lib/iso-time.ts'
import type { UsageReport } from '../metering/usage-report.ts'
import type { UsageTotals } from '../metering/usage-sums.ts'
import type { TableColumn } from './table.ts'

/** A usage report as a table: a line that says what it is about, a row each, then the total. */
export function usageTable({ span, timezone, columns, rows, total }: UsageReport): UsageTable {
  const meterIds = Object.keys(total.quantities)
  const body = rows.map((row) => [...row.cells.map((cell) => cell || '–'), ...cellsOf(row.totals, meterIds)])
  const foot = ['Total', ...columns.slice(1).map(() => ''), ...cellsOf(total, meterIds)]
  return {
    title: `Usage from ${isoTime(span.startMs)} up to ${isoTime(span.endMs)}, ${timezone}`,
    columns: [
      ...columns.map((column) => ({
        title: heading(column),
        whole: column.endsWith('_id'),
        mayGo: column.endsWith('_name'),
      })),
      ...[...SUM_HEADINGS, ...meterIds.map(heading)].map((title) => {
        return { title, align: 'right' as const, mayGo: title === 'IN' || title === 'OUT' }
      }),
    ],
    rows: body.length === 0 ? [] : [...body, foot],
  }
}

export interface UsageTable {
  readonly title: string
  readonly columns: readonly TableColumn[]
  /** Empty when nothing was used. */
  readonly rows: readonly (readonly string[])[]
}

const SUM_HEADINGS = ['REQUESTS', 'BILLABLE', 'REFUSED', 'UNITS', 'IN', 'OUT'] as const

function heading(column: string): string {
  return column
    .replace(/_id$/, '')
    .replace(/^(tenant|key)_name$/, 'name')
    .toUpperCase()
}

function cellsOf(totals: UsageTotals, meterIds: readonly string[]): readonly string[] {
  return [
    String(totals.requests),
    String(totals.billable),
    String(totals.refused),
    String(totals.usageUnits),
    String(totals.bytesReceived),
    String(totals.bytesSent),
    ...meterIds.map((id) => totals.quantities[id] ?? '0'),
  ]
}
