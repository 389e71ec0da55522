import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { stringify } from 'csv-stringify'
import { isoTime } from '../../lib/iso-time.ts'
import type { UsageReport, UsageRow } from '../../metering/usage-report.ts'
import { viewUsageRow } from '../../metering/usage-view.ts'
import { textCell } from './text-cell.ts'

/** How rows of usage are written: RFC 4180, or one JSON object a line. */
export const ROW_FORMATS = ['csv', 'jsonl'] as const

export type ExportFormat = (typeof ROW_FORMATS)[number]

/**
 * Writes the rows of a report to `sink`, one by one, in UTF-8. Leaves `sink` open.
 *
 * CSV: `period_start,period_end`, the columns of the breakdown, the sums, then a column for each meter that
 * was asked for; else for each custom one: those of `meterIds` always, so that months have the same columns,
 * and any other that was used; last `amount,currency`, empty where nothing can be said. The amounts of all rows
 * add up to the bill. Text cells can never be read as a formula. JSON lines: the rows of the JSON report, with the period.
 */
export async function writeUsageRows(
  sink: Writable,
  report: UsageReport,
  { format, meterIds }: { readonly format: ExportFormat; readonly meterIds: readonly string[] },
): Promise<void> {
  if (format === 'jsonl') {
    await pipeline(Readable.from(jsonLines(report)), sink, { end: false })
    return
  }
  // On its own it quotes a whole CRLF only, and a lone line feed would end the record for most readers.
  const csv = stringify({ record_delimiter: 'windows', quoted_match: /[\r\n]/ })
  await pipeline(Readable.from(csvRecords(report, meterIds)), csv, sink, { end: false })
}

function* jsonLines(report: UsageReport): Generator<string> {
  for (const row of report.rows) {
    const period = { period_start: isoTime(row.period.startMs), period_end: isoTime(row.period.endMs) }
    const currency = row.amount === null ? {} : { currency: report.amounts?.currency }
    yield `${JSON.stringify({ ...period, ...viewUsageRow(report.columns, row), ...currency })}\n`
  }
}

function* csvRecords(report: UsageReport, declared: readonly string[]): Generator<readonly string[]> {
  const fixed = ['period_start', 'period_end', ...report.columns, ...SUM_COLUMNS]
  const meterIds = metersOf(report, declared)
  // A meter may have the name of one of our columns.
  const taken = [...fixed, ...AMOUNT_COLUMNS]
  yield [...fixed, ...meterIds.map((id) => (taken.includes(id) ? `meter_${id}` : id)), ...AMOUNT_COLUMNS]
  const currency = report.amounts?.currency ?? ''
  for (const row of report.rows) yield csvRecord(row, meterIds, currency)
}

const SUM_COLUMNS = [
  'requests',
  'billable',
  'refused',
  'usage_units',
  'bytes_received',
  'bytes_sent',
] as const

const AMOUNT_COLUMNS = ['amount', 'currency'] as const

function metersOf({ total, meters }: UsageReport, declared: readonly string[]): readonly string[] {
  return meters ?? [...new Set([...declared, ...Object.keys(total.quantities)])]
}

function csvRecord(
  { period, cells, totals, amount }: UsageRow,
  meterIds: readonly string[],
  currency: string,
): readonly string[] {
  return [
    isoTime(period.startMs),
    isoTime(period.endMs),
    ...cells.map((cell) => textCell(cell ?? '')),
    String(totals.requests),
    String(totals.billable),
    String(totals.refused),
    String(totals.usageUnits),
    String(totals.bytesReceived),
    String(totals.bytesSent),
    ...meterIds.map((id) => totals.quantities[id] ?? '0'),
    ...(amount === null ? ['', ''] : [amount, currency]),
  ]
}
