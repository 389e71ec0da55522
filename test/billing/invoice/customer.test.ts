import { expect, test } from 'vitest'
import { createTenant } from '../../../src/access/create-tenant.ts'
import { overrideTenant } from '../../../src/access/override-tenant.ts'
import { showTenant } from '../../../src/access/show-tenant.ts'
import { accountingFiles } from '../../../src/billing/export/accounting-csv.ts'
import { viewInvoice } from '../../../src/billing/invoice/invoice-view.ts'
import { previewInvoice } from '../../../src/billing/invoice/preview-invoice.ts'
import { readInvoiceView } from '../../../src/billing/invoice/read-invoice-view.ts'
import { renderInvoice } from '../../../src/billing/render/render-invoice.ts'
import { invoiceText } from '../../../src/cli/invoice-text.ts'
import type { InvoiceScene } from '../../support/invoice-scene.ts'
import { invoiceScene, MARCH_2026 } from '../../support/invoice-scene.ts'

const look = { logo: null, font: null }
const tax = { mode: 'exclusive', rates: [{ id: 'vat', name: 'VAT', rate: '19', charges: null }] } as const
const actor = 'cli:test'
const set = (scene: InvoiceScene, customer: object, unset: readonly string[] = []) =>
  overrideTenant(scene, { tenant: 'acme', customer, unset, knownFeatures: [], actor })

test('an invoice says whom it is for as it was known when it was made, in every form', async () => {
  const scene = await invoiceScene({ invoicing: { tax } })
  const known = await set(scene, { address: ['12 Rue de la Paix', '75002 Paris'], taxId: 'FR40303265045' })
  expect(known.customer).toEqual({
    address: ['12 Rue de la Paix', '75002 Paris'],
    tax_id: 'FR40303265045',
    tax_exempt: null,
  })
  const [invoice] = (await scene.run()).made
  if (invoice === undefined) throw new Error('no invoice')
  await set(scene, { address: ['Elsewhere'] })
  expect(await showTenant(scene, { tenant: 'acme' })).toMatchObject({ customer: { address: ['Elsewhere'] } })

  const kept = await scene.store.invoices.find(invoice.id)
  expect(kept?.content.customer).toMatchObject({ address: ['12 Rue de la Paix', '75002 Paris'] })
  const html = (await renderInvoice(invoice, [], { format: 'html', look })).toString()
  expect(html).toContain('75002 Paris')
  expect(html).toContain('FR40303265045')
  const json = JSON.parse((await renderInvoice(invoice, [], { format: 'json', look })).toString())
  expect(json).toMatchObject({ customer: { tax_id: 'FR40303265045' }, tax: '9.31' })
  expect(accountingFiles('xero', [invoice])[0]).toContain('12 Rue de la Paix,75002 Paris')
  const plain = { ...invoice, content: { ...invoice.content, customer: undefined as never } }
  const [with1, without] = [
    await renderInvoice(invoice, [], { format: 'pdf', look }),
    await renderInvoice(plain, [], { format: 'pdf', look }),
  ]
  expect(with1.equals(without)).toBe(false)
})

test('who is exempt pays no tax, and the invoice says why', async () => {
  const scene = await invoiceScene({ invoicing: { tax } })
  await set(scene, { taxExempt: 'Reverse charge' })
  expect((await previewInvoice(scene, 'acme')).content.tax).toBe('0.00')
  const [invoice] = (await scene.run()).made
  if (invoice === undefined) throw new Error('no invoice')
  expect(invoice.content).toMatchObject({ taxes: [], tax: '0.00', subtotal: '49.00', total: '49.00' })
  const html = (await renderInvoice(invoice, [], { format: 'html', look })).toString()
  expect(html).toContain('No tax: Reverse charge')
  // The terminal, and who asks over a control API, read it from its view.
  const view = viewInvoice(invoice, [])
  expect(readInvoiceView(view).invoice.content.customer).toEqual(invoice.content.customer)
  expect(invoiceText(view).rows.map(([, label]) => label)).toContain('No tax: Reverse charge')
  const again = await set(scene, {}, ['tax-exempt'])
  expect(again.customer).toBeNull()
  expect((await previewInvoice(scene, 'acme')).content.taxes).toMatchObject([{ rate: '19' }])
})

test('a change of what is known stands in the audit; the same words change nothing', async () => {
  const scene = await invoiceScene({})
  await set(scene, { taxId: 'X1' })
  await set(scene, { taxId: 'X1' })
  const rows = (await scene.store.audit.list({ limit: 10 })).filter(
    ({ action }) => action === 'tenant.customer_changed',
  )
  expect(rows).toHaveLength(1)
})

test.each([
  { customer: { address: Array.from({ length: 9 }, () => 'line') }, names: 'address has 9 lines' },
  { customer: { address: ['x'.repeat(121)] }, names: 'address has 121 characters' },
  { customer: { taxId: ' ' }, names: 'tax id is empty' },
  { customer: { taxExempt: 'a\nb' }, names: 'tax exemption holds a line break' },
])('$names: refused', async ({ customer, names }) => {
  const scene = await invoiceScene({})
  await expect(set(scene, customer)).rejects.toMatchObject({ message: expect.stringContaining(names) })
})

test('a tenant can begin with a trial: nothing of it is billed, then the plan goes on', async () => {
  const scene = await invoiceScene({ tenants: [], subscriptions: [] })
  scene.clock.set(Date.UTC(2026, 2, 10))
  const { store, clock, billing } = scene
  const made = await createTenant(
    { store, clock, billing },
    { actor, id: 'acme', planId: 'pro', trialDays: 10, customer: { taxId: 'X1' } },
  )
  expect(made).toMatchObject({ plan: 'pro', trial_until: '2026-03-20T00:00:00.000Z', next_plan: 'pro' })
  expect(await store.tenants.find('acme')).toMatchObject({ customer: { taxId: 'X1' } })
  scene.clock.set(MARCH_2026.endMs + 600_000)
  const [invoice] = (await scene.run()).made
  // 12 of 31 days of 49.00.
  expect(invoice?.content.total).toBe('18.97')
  const refused = createTenant({ store, clock, billing }, { actor, id: 'bolt', trialDays: 10 })
  await expect(refused).rejects.toMatchObject({ message: expect.stringContaining('trial needs a plan') })
})
