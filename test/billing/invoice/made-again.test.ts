import { describe, expect, test, vi } from 'vitest'
import { creditInvoice } from '../../../src/billing/invoice/credit-invoice.ts'
import { voidInvoice } from '../../../src/billing/invoice/void-invoice.ts'
import type { Invoice } from '../../../src/model/invoice.ts'
import { formatMinor, parseMinor } from '../../../src/model/money.ts'
import type { Period } from '../../../src/model/period.ts'
import type { Charge } from '../../../src/model/plan.ts'
import { checkInvoices } from '../../../src/reconcile/check-invoices.ts'
import { figureOfLine } from '../../../src/reconcile/figure-of-line.ts'
import { APRIL_2026, type InvoiceScene, invoiceScene, MARCH_2026 } from '../../support/invoice-scene.ts'

const march = { bucketMs: MARCH_2026.startMs + 86_400_000 }
const MAY_2026: Period = { startMs: APRIL_2026.endMs, endMs: Date.UTC(2026, 5, 1) }
const actor = 'cli:test'

/** A dollar a call, and no fee. */
const DOLLAR: Charge['price'] = { model: 'per_unit', unit: '1' }

/** Acme with 100 calls in March, billed; what came late is billed in April. */
async function lateBilled(
  late: number,
  price = DOLLAR,
  invoicing: Parameters<typeof invoiceScene>[0] = {},
): Promise<InvoiceScene> {
  const charges = [{ id: 'calls', meter: 'calls', price }]
  const scene = await invoiceScene({ ...invoicing, charges, rollups: [{ ...march, requests: 100 }] })
  await scene.run()
  await scene.use({ ...march, requests: late })
  await run(scene, APRIL_2026)
  return scene
}

/** Runs a period after its end, and after all that was run before. */
function run(scene: InvoiceScene, period: Period, request?: { tenantId: string }) {
  scene.clock.set(Math.max(scene.clock.nowMs() + 60_000, period.endMs + 600_000))
  return scene.run(period, request)
}

function remake(scene: InvoiceScene, period: Period) {
  return run(scene, period, { tenantId: 'acme' })
}

function takeBack(scene: InvoiceScene, invoice: string) {
  return voidInvoice(scene, { invoice, reason: 'Wrong', actor })
}

/** What all invoices that hold say of March, added up, and whether reconcile agrees. */
async function ofMarch(scene: InvoiceScene): Promise<string> {
  const found = await checkInvoices(scene.store, { span: MARCH_2026, billing: scene.billing })
  expect(found).toMatchObject({ waiting: 0, differences: [] })
  const lines = (await holding(scene)).flatMap(({ content }) => content.lines)
  const said = lines.filter(({ period }) => period.startMs === MARCH_2026.startMs)
  return formatMinor(
    said.reduce((sum, { amount }) => sum + parseMinor(amount, 'USD'), 0n),
    'USD',
  )
}

async function holding({ store }: InvoiceScene): Promise<readonly Invoice[]> {
  return (await store.invoices.list({})).filter(({ state }) => state !== 'void')
}

describe('an invoice that is made again after a later one adjusted its period', () => {
  test('has all usage, and takes off what the later one billed of it', async () => {
    const scene = await lateBilled(30)
    await takeBack(scene, 'INV-2026-0001')
    const again = await remake(scene, MARCH_2026)
    expect(scene.said(again)).toEqual([
      'acme INV-2026-0003: Pro: calls 130 130.00',
      'acme INV-2026-0003: Pro: calls that a later invoice has -30 -30.00',
    ])
    expect(again.made[0]?.content.lines[1]).toMatchObject({
      ...{ kind: 'adjustment', period: MARCH_2026, events: -30, exact: '-30' },
      steps: [{ part: 'billed', quantity: '30', amount: '-30.00' }],
    })
    expect(await ofMarch(scene)).toBe('130.00')
    expect((await figureOfLine(scene.store, { invoice: 'INV-2026-0003', line: 1 })).stated).toBe('130')
    expect((await run(scene, MAY_2026)).made.flatMap(({ content }) => content.lines)).toHaveLength(1)
  })

  test('bills what the later one gave back, which stays given back', async () => {
    const scene = await lateBilled(-30)
    await takeBack(scene, 'INV-2026-0001')
    expect(scene.said(await remake(scene, MARCH_2026))).toEqual([
      'acme INV-2026-0003: Pro: calls 70 70.00',
      'acme INV-2026-0003: Pro: calls that a later invoice has 30 30.00',
    ])
    expect(await ofMarch(scene)).toBe('70.00')
  })

  const tiers = [
    { up_to: '110', unit: '0.333', flat: '5' },
    { up_to: null, unit: '0.1', flat: '7' },
  ]
  test.each<{ why: string; price: Charge['price']; is: string }>([
    { why: 'each unit at its tier', price: { model: 'graduated', tiers }, is: '50.63' },
    { why: 'all units at the last tier', price: { model: 'volume', tiers }, is: '20.00' },
    { why: 'packages that are begun', price: { model: 'package', size: '70', amount: '10' }, is: '20.00' },
    { why: 'a minimum reached', price: { ...DOLLAR, minimum: '500' }, is: '500.00' },
    { why: 'a maximum reached by what came late', price: { ...DOLLAR, maximum: '120' }, is: '120.00' },
    { why: 'a maximum reached before', price: { ...DOLLAR, maximum: '90' }, is: '90.00' },
    { why: 'units that are included', price: { ...DOLLAR, included: '120' }, is: '10.00' },
  ])('comes to the price of the period with it: $why', async ({ price, is }) => {
    const scene = await lateBilled(30, price)
    await takeBack(scene, 'INV-2026-0001')
    await remake(scene, MARCH_2026)
    expect(await ofMarch(scene)).toBe(is)
  })

  test('has tax on what it bills, and none on what the later one has taxed', async () => {
    const rates = [{ id: 'vat', name: 'VAT', rate: '19', charges: null }]
    const scene = await lateBilled(30, DOLLAR, { invoicing: { tax: { mode: 'exclusive', rates } } })
    await takeBack(scene, 'INV-2026-0001')
    expect((await remake(scene, MARCH_2026)).made[0]?.content).toMatchObject({
      ...{ subtotal: '100.00', tax: '19.00', total: '119.00' },
    })
    expect((await holding(scene)).map(({ content }) => content.tax).sort()).toEqual(['19.00', '5.70'])
  })

  test('bills as well what came after the later one, so that no third one does', async () => {
    const scene = await lateBilled(30)
    await scene.use({ ...march, requests: 5 })
    await takeBack(scene, 'INV-2026-0001')
    expect((await remake(scene, MARCH_2026)).made[0]?.content.subtotal).toBe('105.00')
    expect((await run(scene, MAY_2026)).made[0]?.content.subtotal).toBe('0.00')
    expect(await ofMarch(scene)).toBe('135.00')
  })

  test('goes to the credit of the tenant where the later one has more than is left of the period', async () => {
    const scene = await lateBilled(30)
    await scene.use({ ...march, requests: -120 })
    await takeBack(scene, 'INV-2026-0001')
    expect((await remake(scene, MARCH_2026)).made[0]?.content).toMatchObject({
      ...{ subtotal: '-20.00', total: '0.00', carried: '20.00' },
    })
    expect(await ofMarch(scene)).toBe('10.00')
  })

  test('takes off what the later one says, not what a credit note took off that', async () => {
    const scene = await lateBilled(30)
    await creditInvoice(scene, { invoice: 'INV-2026-0002', amount: '10', reason: 'Sorry', actor })
    await takeBack(scene, 'INV-2026-0001')
    expect((await remake(scene, MARCH_2026)).made[0]?.content.subtotal).toBe('100.00')
    expect(await ofMarch(scene)).toBe('130.00')
  })

  test('is refused in another currency than the later one', async () => {
    const scene = await lateBilled(30)
    await takeBack(scene, 'INV-2026-0001')
    Object.assign(scene.billing, { currency: 'JPY' })
    const why = expect.stringContaining('set billing.currency to USD for one run')
    expect(await remake(scene, MARCH_2026)).toMatchObject({ made: [], problems: [{ tenantId: 'acme', why }] })
  })
})

describe('where several invoices are void and made again, all of the period is billed once', () => {
  const [first, later] = [MARCH_2026, APRIL_2026]

  test.each([
    { why: 'the first, then the later one', order: [first, later], says: ['100.00', '30.00'] },
    { why: 'the later one, then the first', order: [later, first], says: ['30.00', '100.00'] },
  ])('$why', async ({ order, says }) => {
    const scene = await lateBilled(30)
    await takeBack(scene, 'INV-2026-0001')
    await takeBack(scene, 'INV-2026-0002')
    const made: (string | undefined)[] = []
    for (const period of order) made.push(whole(await remake(scene, period)))
    expect(made).toEqual(says)
    expect(await ofMarch(scene)).toBe('130.00')
    expect(whole(await run(scene, MAY_2026))).toBe('0.00')
  })

  test('the first, the later one after it, and the first once more', async () => {
    const scene = await lateBilled(30)
    await takeBack(scene, 'INV-2026-0001')
    expect(whole(await remake(scene, first))).toBe('100.00')
    await takeBack(scene, 'INV-2026-0002')
    expect(whole(await remake(scene, later))).toBe('30.00')
    await takeBack(scene, 'INV-2026-0003')
    expect(whole(await remake(scene, first))).toBe('100.00')
    expect(await ofMarch(scene)).toBe('130.00')
    expect(whole(await run(scene, MAY_2026))).toBe('0.00')
  })

  test('the first, while two later ones adjusted it', async () => {
    const scene = await lateBilled(30)
    await scene.use({ ...march, requests: 7 })
    expect(whole(await run(scene, MAY_2026))).toBe('7.00')
    await takeBack(scene, 'INV-2026-0001')
    expect(whole(await remake(scene, first))).toBe('100.00')
    expect(await ofMarch(scene)).toBe('137.00')
  })

  test('while an invoice is taken back during a run, which leaves it to the next one', async () => {
    const scene = await lateBilled(30)
    const { ledger } = scene.store
    const levels = ledger.levels.bind(ledger)
    vi.spyOn(ledger, 'levels').mockImplementationOnce(async (filter) => {
      await takeBack(scene, 'INV-2026-0002')
      return levels(filter)
    })
    expect((await remake(scene, later)).made).toEqual([])
    expect(whole(await remake(scene, later))).toBe('30.00')
    expect(await ofMarch(scene)).toBe('130.00')
  })

  function whole({ made }: { readonly made: readonly Invoice[] }): string | undefined {
    return made[0]?.content.subtotal
  }
})
