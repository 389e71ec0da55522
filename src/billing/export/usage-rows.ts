import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { stringify } from 'csv-stringify'
import { isoTime } from '../../lib/iso-time.ts'
import type { UsageRow } from '../../metering/usage-report.ts'
import type { UsageStream } from '../../metering/usage-stream.ts'
import { viewUsageRow } from '../../metering/usage-view.ts'
import { textCell } from './text-cell.ts'

/** How rows of usage are written: RFC 4180, or one JSON object a line. */
export const ROW_FORMATS = ['csv', 'jsonl'] as const

export type ExportFormat = (typeof ROW_FORMATS)[number]

/**
 * Writes rows of usage to `sink`, one by one, in UTF-8, and returns how many. Leaves `sink` open.
 *
 * CSV: `period_start,period_end`, the columns of the breakdown, the sums, then a column for each meter that
 * was asked for; else for each custom one: those of `meterIds` always, so that months have the same columns,
 * and any other that was used; last `amount,currency`, empty where nothing can be said. The amounts of all rows
 * add up to the bill. Text cells can never be read as a formula. JSON lines: the rows of the JSON report, with the period.
 */
export async function writeUsageRows(
  sink: Writable,
  usage: UsageStream,
  { format, meterIds }: { readonly format: ExportFormat; readonly meterIds: readonly string[] },
): Promise<number> {
  const counted = { ...usage, rows: new Counted(usage.rows) }
  if (format === 'jsonl') await pipeline(Readable.from(jsonLines(counted)), sink, { end: false })
  else {
    // On its own it quotes a whole CRLF only, and a lone line feed would end the record for most readers.
    const csv = stringify({ record_delimiter: 'windows', quoted_match: /[\r\n]/ })
    await pipeline(Readable.from(csvRecords(counted, meterIds)), csv, sink, { end: false })
  }
  return counted.rows.count
}

/** Items, and how many of them were taken. */
class Counted<Item> implements AsyncIterable<Item> {
  readonly #items: Iterable<Item> | AsyncIterable<Item>
  count = 0

  constructor(items: Iterable<Item> | AsyncIterable<Item>) {
    this.#items = items
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item> {
    for await (const item of this.#items) {
      this.count += 1
      yield item
    }
  }
}

async function* jsonLines({ columns, currency, rows }: UsageStream): AsyncGenerator<string> {
  for await (const row of rows) {
    const period = { period_start: isoTime(row.period.startMs), period_end: isoTime(row.period.endMs) }
    const priced = row.amount === null ? {} : { currency }
    yield `${JSON.stringify({ ...period, ...viewUsageRow(columns, row), ...priced })}\n`
  }
}

async function* csvRecords(
  usage: UsageStream,
  declared: readonly string[],
): AsyncGenerator<readonly string[]> {
  const fixed = ['period_start', 'period_end', ...usage.columns, ...SUM_COLUMNS]
  const meterIds = metersOf(usage, declared)
  // A meter may have the name of one of our columns.
  const taken = [...fixed, ...AMOUNT_COLUMNS]
  yield [...fixed, ...meterIds.map((id) => (taken.includes(id) ? `meter_${id}` : id)), ...AMOUNT_COLUMNS]
  const currency = usage.currency ?? ''
  for await (const row of usage.rows) yield csvRecord(row, meterIds, currency)
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

function metersOf({ usedMeters, meters }: UsageStream, declared: readonly string[]): readonly string[] {
  return meters ?? [...new Set([...declared, ...usedMeters])]
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
