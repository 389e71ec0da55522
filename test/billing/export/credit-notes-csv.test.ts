import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { exportInvoices } from '../../../src/billing/export/export-invoices.ts'
import { creditInvoice } from '../../../src/billing/invoice/credit-invoice.ts'
import { invoiceScene } from '../../support/invoice-scene.ts'

test('credit notes of invoices are rows of their own, in the order they were written, and cannot run as formulas', async () => {
  const tax = { mode: 'exclusive' as const, rates: [{ id: 'vat', name: 'VAT', rate: '20', charges: null }] }
  const scene = await invoiceScene({
    invoicing: { tax },
    tenants: [{ name: '=Acme' }, { id: 'bolt', name: 'Bolt' }],
    subscriptions: [{ id: 'sub_1' }, { id: 'sub_2', tenantId: 'bolt' }],
  })
  await scene.run()
  const credit = (invoice: string, amount: string, reason: string) =>
    creditInvoice(scene, { invoice, amount, reason, actor: 'cli:test' })
  await credit('INV-2026-0002', '6.00', 'Outage')
  scene.clock.advance(86_400_000)
  await credit('INV-2026-0001', '12', '=1+1')
  const to = new PassThrough()
  const written = text(to)
  const entriesOf = ({ id }: { readonly id: string }) => scene.store.invoices.entries(id)
  const look = { logo: null, font: null }
  await exportInvoices(await scene.store.invoices.list({}), { format: 'credit-notes', to, look, entriesOf })
  to.end()
  expect((await written).split('\r\n')).toEqual([
    'credit_note,date,invoice,tenant_id,tenant_name,reason,amount,tax,currency',
    'CN-2026-0001,2026-04-01,INV-2026-0002,bolt,Bolt,Outage,6.00,1.00,USD',
    "CN-2026-0002,2026-04-02,INV-2026-0001,acme,'=Acme,'=1+1,12.00,2.00,USD",
    '',
  ])
})
