import { dayText } from '../billing/invoice/day-text.ts'
import { dueOf } from '../billing/invoice/invoice-view.ts'
import type { Invoice, InvoiceEntry, InvoiceLine, PriceStep } from '../model/invoice.ts'
import { formatMinor } from '../model/money.ts'
import type { TableColumn } from './table.ts'

/** The columns of a list of invoices. */
export const INVOICE_COLUMNS: readonly TableColumn[] = [
  { title: 'NUMBER', whole: true },
  { title: 'TENANT', whole: true },
  { title: 'PERIOD', whole: true },
  { title: 'STATE' },
  { title: 'DUE ON', mayGo: true },
  { title: 'TOTAL', align: 'right' },
  { title: 'TO PAY', align: 'right' },
]

/** Invoices as rows of a table. */
export function invoiceRows(invoices: readonly Invoice[]): readonly (readonly string[])[] {
  return invoices.map((invoice) => [
    invoice.number ?? invoice.id,
    invoice.tenantId,
    dayText(invoice.period.startMs, invoice.content.timezone),
    invoice.state,
    invoice.dueAtMs === null ? '–' : dayText(invoice.dueAtMs - 1, invoice.content.timezone),
    invoice.content.total,
    formatMinor(dueOf(invoice), invoice.currency),
  ])
}

/** The head of an invoice: whose, for when, until when. */
export function invoiceHead(invoice: Invoice): string {
  const { content, period } = invoice
  const day = (ms: number): string => dayText(ms, content.timezone)
  const span = `${day(period.startMs)} to ${day(period.endMs - 1)}`
  const due = invoice.dueAtMs === null ? '' : `, due on ${day(invoice.dueAtMs - 1)}`
  const name = invoice.number ?? (invoice.state === 'draft' ? 'Draft' : invoice.id)
  return `${name} · ${content.tenantName} (${invoice.tenantId}) · ${span} · ${invoice.state}${due}`
}

/** What counts, and what happened to it, as lines of text. */
export function invoiceNotes(invoice: Invoice, entries: readonly InvoiceEntry[]): readonly string[] {
  const { content, currency } = invoice
  return [
    ...(content.rules.length === 0
      ? []
      : ['', ...content.rules.map(({ meter, rule }) => `${meter}: ${rule}`)]),
    ...(entries.length === 0 ? [] : ['']),
    ...entries.map(({ atMs, kind, amountMinor, detail }) => {
      const amount = amountMinor === 0n ? '' : ` ${formatMinor(amountMinor, currency)}`
      const more = Object.values(detail).join(', ')
      return `${dayText(atMs, content.timezone)}  ${kind}${amount}${more === '' ? '' : ` (${more})`}`
    }),
  ]
}

/** The columns of the lines of an invoice. */
export const LINE_COLUMNS: readonly TableColumn[] = [
  { title: '#', align: 'right' },
  { title: 'WHAT' },
  { title: 'QUANTITY', align: 'right' },
  { title: 'PRICE', align: 'right' },
  { title: 'AMOUNT', align: 'right' },
]

/** The lines of an invoice, each with how it was priced under it, then its sums. */
export function lineRows(invoice: Invoice): readonly (readonly string[])[] {
  const { content, currency } = invoice
  const sum = (what: string, amount: string): readonly string[] => ['', what, '', '', amount]
  const inclusive = content.taxMode === 'inclusive'
  return [
    ...content.lines.flatMap((line) => [
      [
        String(line.line),
        line.description,
        line.kind === 'fee' ? daysText(line) : line.quantity,
        '',
        line.amount,
      ],
      ...stepsShown(line).map((step) => [
        '',
        `  ${stepText(step)}`,
        step.quantity ?? '',
        priceText(step),
        step.amount,
      ]),
    ]),
    sum('Subtotal', content.subtotal),
    ...content.taxes.map((tax) => {
      return sum(`${inclusive ? 'of which ' : ''}${tax.name} ${tax.rate}% of ${tax.net}`, tax.amount)
    }),
    sum(`Total ${currency}`, content.total),
    ...(invoice.creditedMinor > 0n
      ? [sum('Credited', `-${formatMinor(invoice.creditedMinor, currency)}`)]
      : []),
    ...(invoice.paidMinor > 0n ? [sum('Paid', `-${formatMinor(invoice.paidMinor, currency)}`)] : []),
    ...(content.carried === formatMinor(0n, currency) ? [] : [sum('Added to your credit', content.carried)]),
    sum('To pay', formatMinor(dueOf(invoice), currency)),
  ]
}

/** A fee says nothing by its one step. */
function stepsShown({ steps, kind }: InvoiceLine): readonly PriceStep[] {
  return kind === 'fee' ? [] : steps
}

function daysText({ days }: InvoiceLine): string {
  return days === null ? '' : `${days.left} of ${days.whole} days`
}

function stepText({ part, tier, over, up_to: upTo }: PriceStep): string {
  if (tier === undefined) return STEPS[part] ?? part
  if (upTo === null) return over === undefined || over === '0' ? 'all' : `above ${over}`
  return over === undefined || over === '0' ? `up to ${upTo}` : `${over} to ${upTo}`
}

const STEPS: Readonly<Record<string, string>> = {
  billed: 'billed before',
  included: 'included',
  minimum: 'up to the minimum',
  maximum: 'down to the maximum',
}

function priceText({ unit, rate, flat }: PriceStep): string {
  const price = unit ?? (rate === undefined ? undefined : `${rate}%`)
  const base = flat === undefined || flat === '0' ? undefined : flat
  return [price, base].filter((part) => part !== undefined).join(' + ')
}
