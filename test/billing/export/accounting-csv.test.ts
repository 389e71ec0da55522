import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { accountingFiles } from '../../../src/billing/export/accounting-csv.ts'
import { exportInvoices } from '../../../src/billing/export/export-invoices.ts'
import type { Invoice } from '../../../src/model/invoice.ts'
import { invoiceScene } from '../../support/invoice-scene.ts'
import { tempDir } from '../../support/temp-dir.ts'

/** So many invoices, each with so many lines, with numbers of their own. */
async function many(count: number, lines = 1): Promise<readonly Invoice[]> {
  const scene = await invoiceScene({ tenants: [{ name: '=Acme' }] })
  const [one] = (await scene.run()).made
  const [line] = one?.content.lines ?? []
  if (one === undefined || line === undefined) throw new Error('no invoice')
  const content = { ...one.content, lines: Array.from({ length: lines }, () => line) }
  return Array.from({ length: count }, (_, index) => ({ ...one, content, number: `INV-${index + 1}` }))
}

const rowsOf = (file: string): readonly string[] => file.trimEnd().split('\r\n').slice(1)
const numbersIn = (file: string): number => new Set(rowsOf(file).map((row) => /INV-\d+/.exec(row)?.[0])).size

test('QuickBooks gets a row for each line, with the columns that it knows', async () => {
  const [file = ''] = accountingFiles('quickbooks', await many(1, 2))
  const [head, row] = file.split('\r\n')
  expect(head).toBe(
    '*InvoiceNo,*Customer,*InvoiceDate,*DueDate,Terms,Memo,Item(Product/Service),ItemDescription,ItemQuantity,ItemRate,*ItemAmount,ItemTaxCode,ServiceDate',
  )
  expect(row).toBe(
    "INV-1,'=Acme,2026-04-01,2026-04-15,Net 14,Period 2026-03-01,fee,Pro: fee,1,49.00,49.00,,2026-03-01",
  )
  expect(rowsOf(file)).toHaveLength(2)
})

test('Xero gets the same with days as it reads them, and all that it requires', async () => {
  const [file = ''] = accountingFiles('xero', await many(1))
  const [head = '', row = ''] = file.split('\r\n')
  const cells = Object.fromEntries(head.split(',').map((name, index) => [name, row.split(',')[index]]))
  expect(cells).toMatchObject({
    '*ContactName': "'=Acme",
    '*InvoiceNumber': 'INV-1',
    '*InvoiceDate': '01/04/2026',
    '*DueDate': '15/04/2026',
    '*Description': 'Pro: fee',
    '*Quantity': '1',
    '*UnitAmount': '49.00',
    '*AccountCode': '200',
    '*TaxType': 'Tax Exempt',
    Currency: 'USD',
  })
})

test('each row has the tax that is on its charge, and none where none is', async () => {
  const rates = [
    { id: 'full', name: 'VAT', rate: '19', charges: ['fee'] },
    { id: 'low', name: 'Reduced', rate: '7', charges: ['calls'] },
  ]
  const { made } = await (await invoiceScene({ invoicing: { tax: { mode: 'exclusive', rates } } })).run()
  const [xero = ''] = accountingFiles('xero', made)
  expect(rowsOf(xero).map((row) => /\d+% \(\w+ on Income\)/.exec(row)?.[0])).toEqual([
    '19% (VAT on Income)',
    '7% (Reduced on Income)',
  ])
  const [quickbooks = ''] = accountingFiles('quickbooks', made)
  expect(rowsOf(quickbooks).map((row) => row.split(',')[11])).toEqual(['VAT 19%', 'Reduced 7%'])
  const onFee = await invoiceScene({
    invoicing: { tax: { mode: 'exclusive', rates: rates.slice(0, 1) } },
  })
  const [untaxed = ''] = accountingFiles('xero', (await onFee.run()).made)
  expect(rowsOf(untaxed).map((row) => row.includes('Tax Exempt'))).toEqual([false, true])
})

test.each([
  { format: 'quickbooks' as const, count: 250, lines: 1, files: [100, 100, 50], why: '100 invoices' },
  { format: 'quickbooks' as const, count: 5, lines: 300, files: [3, 2], why: '1,000 rows, no invoice cut' },
  { format: 'quickbooks' as const, count: 2, lines: 1_001, files: [1, 1], why: 'one that is too long alone' },
  { format: 'xero' as const, count: 501, lines: 3, files: [500, 1], why: '500 invoices' },
  { format: 'xero' as const, count: 0, lines: 1, files: [0], why: 'a head alone' },
])('$format takes $why: $count invoices are files of $files', async ({ format, count, lines, files }) => {
  expect(accountingFiles(format, await many(count, lines)).map(numbersIn)).toEqual(files)
})

test('drafts and what is void are left out', async () => {
  const [one, two] = await many(2)
  if (one === undefined || two === undefined) throw new Error('two invoices')
  const others = [
    { ...one, number: null },
    { ...two, state: 'void' as const },
  ]
  expect(accountingFiles('xero', others).map(numbersIn)).toEqual([0])
})

test('more files than one lie beside the one that was named; a stream takes one only', async () => {
  const folder = tempDir()
  const form = { format: 'quickbooks', look: { logo: null, font: null }, entriesOf: async () => [] } as const
  await exportInvoices(await many(201), { ...form, to: join(folder, 'march.csv') })
  expect(readdirSync(folder).toSorted()).toEqual(['march-2.csv', 'march-3.csv', 'march.csv'])
  expect(rowsOf(readFileSync(join(folder, 'march-3.csv'), 'utf8'))).toHaveLength(1)
  const refused = exportInvoices(await many(201), { ...form, to: new PassThrough() })
  await expect(refused).rejects.toMatchObject({ message: expect.stringContaining('needs 3 files') })
})
