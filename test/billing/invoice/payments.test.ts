import { describe, expect, test } from 'vitest'
import { deleteTenant } from '../../../src/access/delete-tenant.ts'
import { resumeTenant } from '../../../src/access/resume-tenant.ts'
import { suspendTenant } from '../../../src/access/suspend-tenant.ts'
import { dun } from '../../../src/billing/dunning.ts'
import { creditInvoice } from '../../../src/billing/invoice/credit-invoice.ts'
import { payInvoice } from '../../../src/billing/invoice/pay-invoice.ts'
import { voidInvoice } from '../../../src/billing/invoice/void-invoice.ts'
import { checkPayments } from '../../../src/reconcile/check-payments.ts'
import { FEE } from '../../support/billing-scene.ts'
import { type InvoiceScene, invoiceScene, MARCH_2026 } from '../../support/invoice-scene.ts'

const DAY_MS = 86_400_000
const pay = (scene: InvoiceScene, amount?: string, reference?: string) =>
  payInvoice(scene, { invoice: 'INV-2026-0001', amount, reference, actor: 'cli:test' })
const credit = (scene: InvoiceScene, amount?: string) =>
  creditInvoice(scene, { invoice: 'INV-2026-0001', amount, reason: 'Outage', actor: 'cli:test' })

/** An invoice of 49.00. */
async function issued(invoicing: object = {}): Promise<InvoiceScene> {
  const scene = await invoiceScene({ invoicing })
  await scene.run()
  return scene
}

/** What was written down as paid, in that order. */
async function paymentsOf({ store }: InvoiceScene): Promise<readonly bigint[]> {
  const [invoice] = await store.invoices.list({})
  const entries = await store.invoices.entries(invoice?.id ?? '')
  return entries.filter(({ kind }) => kind === 'payment').map(({ amountMinor }) => amountMinor)
}

describe('a payment', () => {
  test('of a part leaves the rest due; the rest makes it paid', async () => {
    const scene = await issued()
    expect((await pay(scene, '20')).invoice).toMatchObject({ state: 'open', paidMinor: 2_000n })
    expect((await pay(scene)).invoice).toMatchObject({ state: 'paid', paidMinor: 4_900n })
    await expect(pay(scene)).rejects.toMatchObject({ code: 'wrong-state' })
  })

  test('of more than is due goes to the credit of the tenant, which the next invoice uses', async () => {
    const scene = await issued()
    expect((await pay(scene, '60.00')).invoice).toMatchObject({ state: 'paid', paidMinor: 4_900n })
    expect(await scene.store.invoices.creditOf('acme', 'USD')).toBe(1_100n)
    scene.clock.set(Date.UTC(2026, 4, 1, 1))
    const april = { startMs: MARCH_2026.endMs, endMs: Date.UTC(2026, 4, 1) }
    expect((await scene.run(april)).made[0]).toMatchObject({ creditedMinor: 1_100n, state: 'open' })
  })

  test('with a reference that is there changes nothing; with another amount it is refused', async () => {
    const scene = await issued()
    await pay(scene, '20.00', 'bank 17')
    expect(await pay(scene, '20', 'bank 17')).toMatchObject({ isNew: false, invoice: { paidMinor: 2_000n } })
    await expect(pay(scene, '29.00', 'bank 17')).rejects.toMatchObject({ code: 'already-exists' })
  })

  test('counts whatever its reference is: one that is a number is not that of a payment without any', async () => {
    const scene = await issued()
    await pay(scene, '10', '2')
    expect((await pay(scene, '100')).invoice).toMatchObject({ state: 'paid', paidMinor: 4_900n })
    expect(await scene.store.invoices.creditOf('acme', 'USD')).toBe(6_100n)
    expect(await paymentsOf(scene)).toEqual([1_000n, 10_000n])
  })

  test('without a reference leaves the one with a number for reference to be written down, once', async () => {
    const scene = await issued()
    await pay(scene, '10')
    await pay(scene, '5', '1')
    expect(await pay(scene, '5', '1')).toMatchObject({ isNew: false, invoice: { paidMinor: 1_500n } })
    expect(await paymentsOf(scene)).toEqual([1_000n, 500n])
  })

  test('is known by its reference under the keys of earlier versions too', async () => {
    const scene = await issued()
    const [invoice] = await scene.store.invoices.list({})
    const earlier = {
      ...{ invoiceId: invoice?.id ?? '', tenantId: 'acme', currency: 'USD', atMs: 0, actor: 'cli:test' },
      ...{ kind: 'payment' as const, amountMinor: 500n, creditMinor: 0n },
    }
    await scene.store.invoices.insertEntry({ ...earlier, key: 'payment:1', detail: { reference: '1' } })
    await scene.store.invoices.insertEntry({ ...earlier, key: 'payment:2', detail: {} })
    expect(await pay(scene, '5', '1')).toMatchObject({ isNew: false })
    expect(await pay(scene, '5', '2')).toMatchObject({ isNew: true })
    expect(await paymentsOf(scene)).toEqual([500n, 500n, 500n])
  })

  test.each(['', ' '])('with %j for a reference is refused: it would name no payment', async (reference) => {
    const scene = await issued()
    const refused = { code: 'invalid-parameter', message: 'reference is empty.' }
    await expect(pay(scene, '10', reference)).rejects.toMatchObject(refused)
    expect(await paymentsOf(scene)).toEqual([])
  })

  test('that cannot be written down changes nothing of its invoice', async () => {
    const scene = await issued()
    const [before] = await scene.store.invoices.list({})
    await scene.store.invoices.insertEntry({
      ...{ invoiceId: before?.id ?? '', tenantId: 'acme', currency: 'USD', atMs: 0, actor: 'cli:test' },
      ...{ kind: 'sent', key: 'payment-number:1', amountMinor: 0n, creditMinor: 0n, detail: {} },
    })
    await expect(pay(scene, '10')).rejects.toThrow('assertion failed')
    expect(await scene.store.invoices.list({})).toEqual([before])
  })

  test.each([
    ['-5', 'must be an amount above 0'],
    ['NaN', 'must be an amount above 0'],
    ['1e3', 'must be an amount above 0'],
    ['0.00', 'must be above 0'],
    ['0.1234567890123456', 'more than 2 places'],
  ])('of %s is refused: %s', async (amount, why) => {
    const scene = await issued()
    await expect(pay(scene, amount)).rejects.toMatchObject({
      code: 'invalid-parameter',
      message: expect.stringMatching(new RegExp(`^amount .*${why}.*, is "`)),
    })
  })
})

describe('a credit note', () => {
  test('takes its amount off what is due, has a number of its own, and names its part of tax', async () => {
    const tax = { mode: 'exclusive', rates: [{ id: 'vat', name: 'VAT', rate: '20', charges: null }] }
    const scene = await issued({ tax })
    const note = await credit(scene, '12')
    expect(note).toMatchObject({ number: 'CN-2026-0001', amount: '12.00', tax: '2.00' })
    expect(note.invoice).toMatchObject({ state: 'open', creditedMinor: 1_200n, totalMinor: 5_880n })
  })

  test('of all makes it paid; all of them come to its total at most', async () => {
    const scene = await issued()
    await expect(credit(scene, '49.01')).rejects.toMatchObject({
      message: expect.stringContaining('at most 49.00'),
    })
    await credit(scene, '40')
    await expect(credit(scene, '10')).rejects.toMatchObject({
      message: expect.stringContaining('at most 9.00'),
    })
    expect((await credit(scene)).invoice.state).toBe('paid')
  })

  test.each([
    {
      amounts: ['0.40', '0.40', '0.40'],
      taxes: ['0.07', '0.06', '0.07'],
      why: 'a third of 0.20 is rounded once',
    },
    { amounts: ['0.03', '0.03', '1.14'], taxes: ['0.01', '0.00', '0.19'], why: 'half a cent of each of two' },
    { amounts: [undefined], taxes: ['0.20'], why: 'all at once' },
  ])('$amounts of 1.20 have the tax of their invoice together: $why', async ({ amounts, taxes }) => {
    const tax = { mode: 'exclusive', rates: [{ id: 'vat', name: 'VAT', rate: '20', charges: null }] } as const
    const charges = [{ ...FEE, price: { model: 'flat', amount: '1.00' } }]
    const scene = await invoiceScene({ charges, invoicing: { tax } })
    expect((await scene.run()).made[0]?.content).toMatchObject({ tax: '0.20', total: '1.20' })
    const said: string[] = []
    for (const amount of amounts) said.push((await credit(scene, amount)).tax)
    expect(said).toEqual(taxes)
  })

  test('of what was paid goes to the credit of the tenant', async () => {
    const scene = await issued()
    await pay(scene)
    await credit(scene, '15')
    expect(await scene.store.invoices.creditOf('acme', 'USD')).toBe(1_500n)
  })
})

describe('a credit note of an invoice that was given up', () => {
  async function givenUp(): Promise<InvoiceScene> {
    const scene = await issued()
    scene.clock.advance(40 * DAY_MS)
    await dun({ ...scene, steps: [{ afterDays: 1, action: 'uncollectible' }] })
    return scene
  }

  test('takes it off what was owed: nobody paid, so there is no credit', async () => {
    const scene = await givenUp()
    expect((await credit(scene)).invoice).toMatchObject({ state: 'paid', creditedMinor: 4_900n })
    expect(await scene.store.invoices.creditOf('acme', 'USD')).toBe(0n)
  })

  test('for a part leaves the rest given up; what is paid of the rest makes it paid', async () => {
    const scene = await givenUp()
    expect((await credit(scene, '9')).invoice).toMatchObject({ state: 'uncollectible', creditedMinor: 900n })
    expect((await pay(scene)).invoice).toMatchObject({ state: 'paid', paidMinor: 4_000n })
    expect(await scene.store.invoices.creditOf('acme', 'USD')).toBe(0n)
    expect(await checkPayments(scene.store, await scene.store.invoices.list({}))).toEqual([])
  })
})

describe('voiding', () => {
  const annul = (scene: InvoiceScene) =>
    voidInvoice(scene, { invoice: 'INV-2026-0001', reason: 'Wrong', actor: 'cli:test' })

  test('leaves nothing due and keeps the number; twice changes nothing', async () => {
    const scene = await issued()
    expect(await annul(scene)).toMatchObject({ state: 'void', number: 'INV-2026-0001' })
    expect(await annul(scene)).toMatchObject({ state: 'void' })
    expect(await scene.store.invoices.entries((await annul(scene)).id)).toHaveLength(1)
  })

  test('is refused where something was paid', async () => {
    const scene = await issued()
    await pay(scene, '1')
    await expect(annul(scene)).rejects.toMatchObject({ code: 'wrong-state' })
  })
})

describe('dunning', () => {
  const steps = [
    { afterDays: 3, action: 'remind' },
    { afterDays: 10, action: 'suspend' },
    { afterDays: 30, action: 'uncollectible' },
  ] as const
  const due = Date.UTC(2026, 3, 16)
  const at = async (scene: InvoiceScene, ms: number) => {
    scene.clock.set(ms)
    return (await dun({ ...scene, steps })).map(({ action }) => action)
  }

  test('takes each step once, on its day', async () => {
    const scene = await issued()
    expect(await at(scene, due - 1)).toEqual([])
    expect(await at(scene, due)).toEqual(['overdue'])
    expect(await at(scene, due + 3 * DAY_MS)).toEqual(['remind'])
    expect(await at(scene, due + 9 * DAY_MS)).toEqual([])
    expect(await at(scene, due + 10 * DAY_MS)).toEqual(['suspend'])
    expect(await scene.store.tenants.find('acme')).toMatchObject({ state: 'unpaid' })
    expect(await at(scene, due + 30 * DAY_MS)).toEqual(['uncollectible'])
    expect(await at(scene, due + 90 * DAY_MS)).toEqual([])
    const [invoice] = await scene.store.invoices.list({})
    const kinds = (await scene.store.invoices.entries(invoice?.id ?? '')).map(({ kind }) => kind)
    expect(kinds).toEqual(['overdue', 'reminded', 'suspended', 'uncollectible'])
  })

  test('makes up for steps it missed, and a payment takes the suspension back', async () => {
    const scene = await issued()
    expect(await at(scene, due + 11 * DAY_MS)).toEqual(['overdue', 'remind', 'suspend'])
    await pay(scene, '10')
    expect(await scene.store.tenants.find('acme')).toMatchObject({ state: 'unpaid' })
    await pay(scene)
    expect(await scene.store.tenants.find('acme')).toMatchObject({ state: 'active' })
    expect(await at(scene, due + 60 * DAY_MS)).toEqual([])
  })

  test('a payment does not lift what the operator did: resume does', async () => {
    const scene = await issued()
    await at(scene, due + 11 * DAY_MS)
    await suspendTenant(scene, { tenant: 'acme', actor: 'cli:test' })
    await pay(scene)
    expect(await scene.store.tenants.find('acme')).toMatchObject({ state: 'suspended' })
    await resumeTenant(scene, { tenant: 'acme', actor: 'cli:test' })
    expect(await scene.store.tenants.find('acme')).toMatchObject({ state: 'active' })
  })

  test('an operator lets who did not pay call again', async () => {
    const scene = await issued()
    await at(scene, due + 11 * DAY_MS)
    await resumeTenant(scene, { tenant: 'acme', actor: 'cli:test' })
    expect(await scene.store.tenants.find('acme')).toMatchObject({ state: 'active' })
    expect(await at(scene, due + 12 * DAY_MS)).toEqual([])
  })

  test('reminders that come due together are one mail', async () => {
    const scene = await issued()
    scene.clock.set(due + 20 * DAY_MS)
    await dun({ ...scene, steps: [3, 7, 14].map((afterDays) => ({ afterDays, action: 'remind' as const })) })
    expect(await scene.store.outbox.pending(10, ['invoice.reminder'])).toHaveLength(1)
  })
})

test('a tenant with an invoice to pay is not deleted unasked, and its invoice outlives it', async () => {
  const scene = await issued()
  const remove = (force: boolean) => deleteTenant(scene, { tenant: 'acme', force, actor: 'cli:test' })
  await expect(remove(false)).rejects.toMatchObject({ message: expect.stringContaining('1 unpaid invoice') })
  await remove(true)
  expect((await pay(scene)).invoice).toMatchObject({ state: 'paid' })
})
