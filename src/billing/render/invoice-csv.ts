import { stringify } from 'csv-stringify/sync'
import { isoTime } from '../../lib/iso-time.ts'
import type { Invoice } from '../../model/invoice.ts'
import { textCell } from '../export/text-cell.ts'

/**
 * Invoices as CSV: a row for each line, then one for each tax, so that the amounts of an invoice add up to its total.
 *
 * Text cells can never be read as a formula. Ends each record as RFC 4180 wants it.
 */
export function invoiceCsv(invoices: readonly Invoice[]): string {
  const rows = invoices.flatMap(rowsOf)
  return stringify([HEADINGS, ...rows], { record_delimiter: 'windows', quoted_match: /[\r\n]/ })
}

const HEADINGS = [
  ...['invoice', 'state', 'tenant_id', 'tenant_name', 'period_start', 'period_end', 'line', 'kind'],
  ...[
    'description',
    'charge_id',
    'meter',
    'plan_id',
    'plan_version',
    'quantity',
    'events',
    'amount',
    'currency',
  ],
] as const

function rowsOf(invoice: Invoice): readonly (readonly string[])[] {
  const { content, period, currency } = invoice
  const head = [
    invoice.number ?? invoice.id,
    invoice.state,
    textCell(invoice.tenantId),
    textCell(content.tenantName),
    isoTime(period.startMs),
    isoTime(period.endMs),
  ]
  const lines = content.lines.map((line) => [
    ...[...head, String(line.line), line.kind, textCell(line.description), textCell(line.chargeId)],
    ...[textCell(line.meter ?? ''), textCell(line.planId), String(line.planVersion), line.quantity],
    ...[String(line.events), line.amount, currency],
  ])
  const taxes = content.taxMode === 'inclusive' ? [] : content.taxes
  const rest = taxes.map(({ id, name, rate, amount }) => [
    ...[...head, '', 'tax', textCell(`${name} ${rate}%`), textCell(id)],
    ...['', '', '', '', '', amount, currency],
  ])
  const carried = /^[0.]*$/.test(content.carried)
    ? []
    : [[...head, '', 'carried', 'Added to credit', '', '', '', '', '', '', content.carried, currency]]
  return [...lines, ...rest, ...carried]
}
