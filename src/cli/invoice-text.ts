import { dayText } from '../billing/invoice/day-text.ts'
import type { InvoiceRowView, InvoiceView } from '../billing/invoice/invoice-view.ts'
import { readInvoiceView } from '../billing/invoice/read-invoice-view.ts'
import { type InvoiceDocument, invoiceDocument } from '../billing/render/invoice-document.ts'
import type { Invoice, InvoiceEntry } from '../model/invoice.ts'
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
export function invoiceRows(invoices: readonly InvoiceRowView[]): readonly (readonly string[])[] {
  return invoices.map((invoice) => [
    invoice.number ?? invoice.id,
    invoice.tenant_id,
    dayText(Date.parse(invoice.period_start), invoice.timezone),
    invoice.state,
    invoice.due_at === null ? '–' : dayText(Date.parse(invoice.due_at) - 1, invoice.timezone),
    invoice.total,
    invoice.due,
  ])
}

/** An invoice as text: the words of its PDF. */
export function invoiceText(view: InvoiceView): InvoiceText {
  const { invoice, entries } = readInvoiceView(view)
  const document = invoiceDocument(invoice, entries)
  const { title, number, badge, customer, facts } = document
  const whose = `${title} ${number} · ${customer.name} (${invoice.tenantId})`
  return {
    head: [
      badge === null ? whose : `${whose} · ${badge.text}`,
      ...billToLines(invoice),
      ...facts.map(([label, value]) => `${label}: ${value}`),
      '',
    ],
    columns: LINE_COLUMNS,
    rows: [...lineRows(document), ...document.sums.map(({ label, amount }) => ['', label, '', '', amount])],
    foot: [...noteLines(document), ...entryLines(invoice, entries)],
  }
}

/** What is known of the customer beside its name. */
function billToLines({ content: { customer } }: Invoice): readonly string[] {
  if (customer === undefined) return []
  const known = [...customer.address, ...(customer.taxId === null ? [] : [customer.taxId])]
  return known.length === 0 ? [] : [`Bill to: ${known.join(', ')}`]
}

export interface InvoiceText {
  readonly head: readonly string[]
  readonly columns: readonly TableColumn[]
  readonly rows: readonly (readonly string[])[]
  readonly foot: readonly string[]
}

const LINE_COLUMNS: readonly TableColumn[] = [
  { title: '#', align: 'right' },
  { title: 'WHAT' },
  { title: 'QUANTITY', align: 'right' },
  { title: 'PRICE', align: 'right' },
  { title: 'AMOUNT', align: 'right' },
]

function lineRows({ rows }: InvoiceDocument): readonly (readonly string[])[] {
  return rows.flatMap(({ line, what, quantity, price, amount, steps }) => [
    [line, what, quantity, price, amount],
    ...steps.map((step) => ['', `  ${step.what}`, step.quantity, step.price, step.amount]),
  ])
}

function noteLines({ rows, rules, credits }: InvoiceDocument): readonly string[] {
  return [
    '',
    ...rows.map(({ line, note }) => `${line}: ${note}`),
    ...(rules.length === 0 ? [] : ['', ...rules.map(({ name, text }) => `${name}: ${text}`)]),
    ...(credits.length === 0 ? [] : ['', ...credits]),
  ]
}

function entryLines({ content, currency }: Invoice, entries: readonly InvoiceEntry[]): readonly string[] {
  if (entries.length === 0) return []
  const lines = entries.map(({ atMs, kind, amountMinor, detail }) => {
    const amount = amountMinor === 0n ? '' : ` ${formatMinor(amountMinor, currency)}`
    const more = Object.values(detail).join(', ')
    return `${dayText(atMs, content.timezone)}  ${kind}${amount}${more === '' ? '' : ` (${more})`}`
  })
  return ['', ...lines]
}
