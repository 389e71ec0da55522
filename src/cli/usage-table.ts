import { isoTime } from '../lib/iso-time.ts'
import type { UsageReport } from '../metering/usage-report.ts'
import type { UsageTotals } from '../metering/usage-sums.ts'
import type { TableColumn } from './table.ts'

/** A usage report as a table: a line that says what it is about, a row each, then the total. */
export function usageTable({ span, timezone, columns, rows, total, amounts }: UsageReport): UsageTable {
  const meterIds = Object.keys(total.quantities)
  const costs = costColumn(rows, amounts)
  const body = rows.map((row) => {
    return [
      ...row.cells.map((cell) => cell || '–'),
      ...cellsOf(row.totals, meterIds),
      ...costs.cell(row.amount),
    ]
  })
  const totals = [...cellsOf(total, meterIds), ...costs.cell(amounts?.total ?? null)]
  const foot = ['Total', ...columns.slice(1).map(() => ''), ...totals]
  return {
    title: `Usage from ${isoTime(span.startMs)} up to ${isoTime(span.endMs)}, ${timezone}`,
    columns: [
      ...columns.map((column) => ({
        title: heading(column),
        whole: column.endsWith('_id'),
        mayGo: column.endsWith('_name'),
      })),
      ...[...SUM_HEADINGS, ...meterIds.map(heading), ...costs.heading].map((title) => {
        return { title, align: 'right' as const, mayGo: title === 'IN' || title === 'OUT' }
      }),
    ],
    rows: body.length === 0 ? [] : [...body, foot],
    notes: amounts?.unpriced.map(({ tenantId, why }) => `No amount for ${tenantId}: ${why}.`) ?? [],
  }
}

export interface UsageTable {
  readonly title: string
  readonly columns: readonly TableColumn[]
  /** Empty when nothing was used. */
  readonly rows: readonly (readonly string[])[]
  /** What it cannot say, as sentences. */
  readonly notes: readonly string[]
}

const SUM_HEADINGS = ['REQUESTS', 'BILLABLE', 'REFUSED', 'UNITS', 'IN', 'OUT'] as const

function heading(column: string): string {
  return column
    .replace(/_id$/, '')
    .replace(/^(tenant|key)_name$/, 'name')
    .toUpperCase()
}

/** What usage costs; no column where nothing costs anything. */
function costColumn(rows: UsageReport['rows'], amounts: UsageReport['amounts']): CostColumn {
  const isFree = rows.every(({ amount }) => amount === null || /^[0.]*$/.test(amount))
  if (amounts === null || isFree) return { heading: [], cell: () => [] }
  return { heading: [amounts.currency], cell: (amount) => [amount ?? '–'] }
}

interface CostColumn {
  readonly heading: readonly string[]
  readonly cell: (amount: string | null) => readonly string[]
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
