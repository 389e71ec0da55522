import { stringify } from 'csv-stringify/sync'
import type { Invoice, InvoiceLine, InvoiceTax } from '../../model/invoice.ts'
import { dayText } from '../invoice/day-text.ts'
import { textCell } from './text-cell.ts'

/** Programs that take invoices as CSV. */
export const ACCOUNTING_FORMATS = ['quickbooks', 'xero'] as const

export type AccountingFormat = (typeof ACCOUNTING_FORMATS)[number]

/**
 * Issued invoices as files that the program imports: as many as it takes so many invoices in.
 *
 * QuickBooks takes 100 invoices and 1,000 rows in a file, Xero 500 invoices. An invoice is never cut.
 */
export function accountingFiles(format: AccountingFormat, invoices: readonly Invoice[]): readonly string[] {
  const issued = invoices.filter(({ number, state }) => number !== null && state !== 'void')
  const { invoicesMax, rowsMax } = TAKES[format]
  const files: Invoice[][] = [[]]
  let rows = 0
  for (const invoice of issued) {
    const file = files.at(-1) ?? []
    const more = invoice.content.lines.length
    if (file.length > 0 && (file.length >= invoicesMax || rows + more > rowsMax)) {
      files.push([invoice])
      rows = more
    } else {
      file.push(invoice)
      rows += more
    }
  }
  return files.map(format === 'quickbooks' ? quickbooksCsv : xeroCsv)
}

const TAKES = {
  quickbooks: { invoicesMax: 100, rowsMax: 1_000 },
  xero: { invoicesMax: 500, rowsMax: Number.POSITIVE_INFINITY },
} as const

/**
 * Invoices as QuickBooks Online imports them: a row for each line, the number of the invoice on each.
 *
 * Tax is left to QuickBooks: the code of what is on the line stands on each row, its amount does not.
 */
function quickbooksCsv(invoices: readonly Invoice[]): string {
  const rows = invoices.flatMap((invoice) =>
    invoice.content.lines.map((line) => [
      invoice.number ?? '',
      textCell(invoice.content.tenantName),
      issuedOn(invoice),
      dueOn(invoice),
      `Net ${invoice.content.terms.days}`,
      textCell(`Period ${dayText(invoice.period.startMs, invoice.content.timezone)}`),
      textCell(line.chargeId),
      textCell(line.description),
      '1',
      line.amount,
      line.amount,
      taxNames(invoice, line),
      dayText(line.period.startMs, invoice.content.timezone),
    ]),
  )
  return csv([QUICKBOOKS, ...rows])
}

/** Invoices as Xero imports them: a row for each line, days as 31/12/2026. */
function xeroCsv(invoices: readonly Invoice[]): string {
  const rows = invoices.flatMap((invoice) => invoice.content.lines.map((line) => xeroRow(invoice, line)))
  return csv([XERO, ...rows.map((row) => XERO.map((name) => row[name] ?? ''))])
}

function xeroRow(invoice: Invoice, line: InvoiceLine): Readonly<Record<string, string>> {
  const { content, currency } = invoice
  const [tax] = taxesOn(invoice, line)
  const { address = [] } = content.customer ?? {}
  return {
    '*ContactName': textCell(content.tenantName),
    ...Object.fromEntries(PO_LINES.map((name, index) => [name, textCell(address[index] ?? '')])),
    '*InvoiceNumber': invoice.number ?? '',
    Reference: textCell(invoice.tenantId),
    '*InvoiceDate': dayFirst(issuedOn(invoice)),
    '*DueDate': dayFirst(dueOn(invoice)),
    '*Description': textCell(line.description),
    '*Quantity': '1',
    '*UnitAmount': line.amount,
    '*AccountCode': '200',
    '*TaxType': tax === undefined ? 'Tax Exempt' : textCell(`${tax.rate}% (${tax.name} on Income)`),
    Currency: currency,
  }
}

function issuedOn({ issuedAtMs, content }: Invoice): string {
  return issuedAtMs === null ? '' : dayText(issuedAtMs, content.timezone)
}

function dueOn({ dueAtMs, content }: Invoice): string {
  return dueAtMs === null ? '' : dayText(dueAtMs - 1, content.timezone)
}

function dayFirst(isoDay: string): string {
  return isoDay.split('-').toReversed().join('/')
}

function taxNames(invoice: Invoice, line: InvoiceLine): string {
  return textCell(
    taxesOn(invoice, line)
      .map(({ name, rate }) => `${name} ${rate}%`)
      .join(' '),
  )
}

function taxesOn({ content }: Invoice, { chargeId }: InvoiceLine): readonly InvoiceTax[] {
  return content.taxes.filter(({ charges }) => charges === undefined || charges.includes(chargeId))
}

function csv(rows: readonly (readonly string[])[]): string {
  return stringify([...rows], { record_delimiter: 'windows', quoted_match: /[\r\n]/ })
}

/** Xero takes four lines of an address. */
const PO_LINES = ['POAddressLine1', 'POAddressLine2', 'POAddressLine3', 'POAddressLine4'] as const

const QUICKBOOKS = [
  ...['*InvoiceNo', '*Customer', '*InvoiceDate', '*DueDate', 'Terms', 'Memo', 'Item(Product/Service)'],
  ...['ItemDescription', 'ItemQuantity', 'ItemRate', '*ItemAmount', 'ItemTaxCode', 'ServiceDate'],
] as const

const XERO = [
  ...['*ContactName', 'EmailAddress', 'POAddressLine1', 'POAddressLine2', 'POAddressLine3', 'POAddressLine4'],
  ...['POCity', 'PORegion', 'POPostalCode', 'POCountry', '*InvoiceNumber', 'Reference', '*InvoiceDate'],
  ...[
    '*DueDate',
    'InventoryItemCode',
    '*Description',
    '*Quantity',
    '*UnitAmount',
    'Discount',
    '*AccountCode',
  ],
  ...['*TaxType', 'TrackingName1', 'TrackingOption1', 'TrackingName2', 'TrackingOption2', 'Currency'],
] as const
