import { stringify } from 'csv-stringify/sync'
import type { Invoice, InvoiceEntry } from '../../model/invoice.ts'
import { formatMinor } from '../../model/money.ts'
import { dayText } from '../invoice/day-text.ts'
import { textCell } from './text-cell.ts'

/**
 * The credit notes of invoices as CSV, a row for each, in the order they were written.
 *
 * Amounts are above 0, with their tax in them, as programs that import credit notes take them. Text cells can never be read as
 * a formula.
 */
export function creditNotesCsv(notes: readonly CreditedInvoice[]): string {
  const rows = notes
    .flatMap(({ invoice, entries }) =>
      entries
        .filter(({ kind }) => kind === 'credit-note')
        .map((entry) => ({ atMs: entry.atMs, cells: cellsOf(invoice, entry) })),
    )
    .sort((one, other) => one.atMs - other.atMs || (one.cells[0] < other.cells[0] ? -1 : 1))
  const table = [COLUMNS, ...rows.map(({ cells }) => cells)]
  return stringify(table, { record_delimiter: 'windows', quoted_match: /[\r\n]/ })
}

/** An invoice, and what happened to it. */
export interface CreditedInvoice {
  readonly invoice: Invoice
  readonly entries: readonly InvoiceEntry[]
}

const COLUMNS = [
  ...['credit_note', 'date', 'invoice', 'tenant_id', 'tenant_name', 'reason'],
  ...['amount', 'tax', 'currency'],
] as const

function cellsOf(
  { number, tenantId, content, currency }: Invoice,
  { atMs, amountMinor, detail }: InvoiceEntry,
): readonly [string, ...string[]] {
  const [note, reason, tax] = [detail.number, detail.reason, detail.tax].map((value) => String(value ?? ''))
  return [
    ...([note ?? '', dayText(atMs, content.timezone), number ?? ''] as const),
    ...[textCell(tenantId), textCell(content.tenantName), textCell(reason ?? '')],
    ...[formatMinor(amountMinor, currency), tax ?? '', currency],
  ]
}
