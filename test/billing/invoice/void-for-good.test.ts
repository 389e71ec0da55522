import { describe, expect, test } from 'vitest'
import { voidInvoice } from '../../../src/billing/invoice/void-invoice.ts'
import { formatMinor, parseMinor } from '../../../src/model/money.ts'
import type { Period } from '../../../src/model/period.ts'
import type { Charge } from '../../../src/model/plan.ts'
import { figureOfLine } from '../../../src/reconcile/figure-of-line.ts'
import { adjustmentLines } from '../../support/adjustment-lines.ts'
import { APRIL_2026, type InvoiceScene, invoiceScene, MARCH_2026 } from '../../support/invoice-scene.ts'

const DAY_MS = 86_400_000
const march = { bucketMs: MARCH_2026.startMs + DAY_MS }
const MAY_2026: Period = { startMs: APRIL_2026.endMs, endMs: Date.UTC(2026, 5, 1) }
const JUNE_2026: Period = { startMs: MAY_2026.endMs, endMs: Date.UTC(2026, 6, 1) }
const DOLLAR: Charge['price'] = { model: 'per_unit', unit: '1' }

/** Acme with 100 calls in March, billed. */
async function marchBilled(price = DOLLAR): Promise<InvoiceScene> {
  const charges = [{ id: 'calls', meter: 'calls', price }]
  const scene = await invoiceScene({ charges, rollups: [{ ...march, requests: 100 }] })
  await scene.run()
  return scene
}

function takeBack(scene: InvoiceScene, invoice: string) {
  return voidInvoice(scene, { invoice, reason: 'Wrong', actor: 'cli:test' })
}

function remake(scene: InvoiceScene, period: Period) {
  scene.clock.set(scene.clock.nowMs() + 60_000)
  return scene.run(period, { tenantId: 'acme' })
}

/** `quantity amount` of what a period's invoice adjusts, as its preview says; reconcile has nothing against it. */
async function adjusted(scene: InvoiceScene, period: Period): Promise<readonly string[]> {
  const lines = await adjustmentLines(scene, period)
  return lines.map(({ quantity, amount }) => `${quantity} ${amount}`)
}

/** What is asked for of March. */
async function ofMarch({ store }: InvoiceScene): Promise<string> {
  const lines = (await store.invoices.list({}))
    .filter(({ state }) => state !== 'void')
    .flatMap(({ content }) => content.lines)
    .filter(({ period }) => period.startMs === MARCH_2026.startMs)
  return formatMinor(
    lines.reduce((sum, { amount }) => sum + parseMinor(amount, 'USD'), 0n),
    'USD',
  )
}

describe('of a void invoice that nobody made again', () => {
  test('nothing is given back: nobody was asked for it', async () => {
    const scene = await marchBilled()
    await takeBack(scene, 'INV-2026-0001')
    await scene.use({ ...march, requests: -100 })
    expect(await adjusted(scene, APRIL_2026)).toEqual([])
    expect(await scene.store.invoices.creditOf('acme', 'USD')).toBe(0n)
  })

  test('what came late and was taken back is not given back either, where it alone had that', async () => {
    const scene = await marchBilled()
    await scene.use({ ...march, requests: 30 })
    expect(await adjusted(scene, APRIL_2026)).toEqual(['30 30.00'])
    await takeBack(scene, 'INV-2026-0002')
    await scene.use({ ...march, requests: -30 })
    expect(await adjusted(scene, MAY_2026)).toEqual([])
    expect(await ofMarch(scene)).toBe('100.00')
  })

  test('what others have is given back, down to what is left', async () => {
    const scene = await marchBilled()
    await scene.use({ ...march, requests: 30 })
    await adjusted(scene, APRIL_2026)
    await takeBack(scene, 'INV-2026-0002')
    await scene.use({ ...march, requests: -50 })
    expect(await adjusted(scene, MAY_2026)).toEqual(['-20 -20.00'])
    expect(await ofMarch(scene)).toBe('80.00')
    expect((await figureOfLine(scene.store, { invoice: 'INV-2026-0003', line: 2 })).stated).toBe('80')
    expect((await remake(scene, APRIL_2026)).made[0]?.content.subtotal).toBe('0.00')
    expect(await ofMarch(scene)).toBe('80.00')
  })

  test('what came after it is billed, and nothing of what it gave back', async () => {
    const scene = await marchBilled()
    await scene.use({ ...march, requests: -30 })
    await adjusted(scene, APRIL_2026)
    await takeBack(scene, 'INV-2026-0002')
    await scene.use({ ...march, requests: 5 })
    expect(await adjusted(scene, MAY_2026)).toEqual([])
    await scene.use({ ...march, requests: 40 })
    expect(await adjusted(scene, JUNE_2026)).toEqual(['15 15.00'])
    expect(await ofMarch(scene)).toBe('115.00')
    await remake(scene, APRIL_2026)
    expect(await ofMarch(scene)).toBe('115.00')
  })

  test('usage that comes and goes within what it has waits until it is made again', async () => {
    const scene = await marchBilled()
    await takeBack(scene, 'INV-2026-0001')
    await scene.use({ ...march, requests: -40 })
    expect(await adjusted(scene, APRIL_2026)).toEqual([])
    await scene.use({ ...march, requests: 20 })
    expect(await adjusted(scene, MAY_2026)).toEqual([])
    expect((await remake(scene, MARCH_2026)).made[0]?.content.subtotal).toBe('80.00')
    expect(await adjusted(scene, JUNE_2026)).toEqual([])
    expect(await ofMarch(scene)).toBe('80.00')
  })

  test('two of them, one that asks and one that gives back, wait both, and agree with all that is used between', async () => {
    const scene = await marchBilled()
    await scene.use({ ...march, requests: 30 })
    await adjusted(scene, APRIL_2026)
    await takeBack(scene, 'INV-2026-0002')
    await scene.use({ ...march, requests: -60 })
    expect(await adjusted(scene, MAY_2026)).toEqual(['-30 -30.00'])
    await takeBack(scene, 'INV-2026-0003')
    await scene.use({ ...march, requests: 5 })
    expect(await adjusted(scene, JUNE_2026)).toEqual([])
    for (const period of [MAY_2026, APRIL_2026]) await remake(scene, period)
    expect(await ofMarch(scene)).toBe('75.00')
  })

  test('usage within what is included is written down as before', async () => {
    const scene = await marchBilled({ ...DOLLAR, included: '200' })
    await takeBack(scene, 'INV-2026-0001')
    await scene.use({ ...march, requests: 30 })
    expect(await adjusted(scene, APRIL_2026)).toEqual(['30 0.00'])
  })
})
