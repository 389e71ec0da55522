import { describe, expect, test } from 'vitest'
import { changePlan } from '../../../src/access/change-plan.ts'
import { deleteTenant } from '../../../src/access/delete-tenant.ts'
import { overrideTenant } from '../../../src/access/override-tenant.ts'
import { suspendTenant } from '../../../src/access/suspend-tenant.ts'
import { duePeriods } from '../../../src/billing/invoice/due-periods.ts'
import { voidInvoice } from '../../../src/billing/invoice/void-invoice.ts'
import type { Charge } from '../../../src/model/plan.ts'
import { APRIL_2026, type InvoiceScene, invoiceScene, MARCH_2026 } from '../../support/invoice-scene.ts'

const DAY_MS = 86_400_000
const actor = 'cli:test'
const march = (day: number, hour = 0) => MARCH_2026.startMs + (day - 1) * DAY_MS + hour * 3_600_000
const AFTER_MARCH = MARCH_2026.endMs + 600_000

const rules = { timezone: 'UTC', period: 'month' } as const

/** Does something at that moment, and goes back to the day of invoices. */
async function at<Value>(scene: InvoiceScene, ms: number, act: () => Promise<Value>): Promise<Value> {
  scene.clock.set(ms)
  const done = await act()
  scene.clock.set(AFTER_MARCH)
  return done
}

describe('inside of a period', () => {
  test('a tenant that is deleted pays for the days it had, and for what it used', async () => {
    const scene = await invoiceScene({ rollups: [{ bucketMs: march(2), requests: 110 }] })
    await at(scene, march(10, 12), () => deleteTenant(scene, { tenant: 'acme', force: true, actor }))
    // 9 of 31 days of 49.00: the day on which it ends is not billed.
    expect(scene.said(await scene.run())).toEqual([
      'acme INV-2026-0001: Pro: fee 0 14.23',
      'acme INV-2026-0001: Pro: calls 110 0.10',
    ])
    scene.clock.set(APRIL_2026.endMs + 600_000)
    expect((await scene.run(APRIL_2026)).made).toEqual([])
  })

  test('a tenant that is suspended keeps its plan, and pays for it', async () => {
    const scene = await invoiceScene()
    await at(scene, march(10), () => suspendTenant(scene, { tenant: 'acme', reason: 'abuse', actor }))
    expect(scene.said(await scene.run())[0]).toBe('acme INV-2026-0001: Pro: fee 0 49.00')
  })

  test('who goes to another plan and back on one day pays no day twice', async () => {
    const scene = await invoiceScene()
    const move = (hour: number, planId: string) =>
      at(scene, march(10, hour), () =>
        changePlan({ ...scene, billing: rules }, { tenant: 'acme', planId, at: 'now', actor }),
      )
    await move(9, 'big')
    await move(15, 'pro')
    const { made } = await scene.run()
    const fees = made[0]?.content.lines.filter(({ amount, kind }) => kind === 'fee' && amount !== '0.00')
    expect(fees?.map(({ planId, days, amount }) => `${planId} ${days?.left} ${amount}`)).toEqual([
      'pro 9 14.23',
      'pro 22 34.77',
    ])
    expect(made[0]?.totalMinor).toBe(4_900n)
  })

  test('a price of its own that begins inside of it holds for all of it', async () => {
    const scene = await invoiceScene({ rollups: [{ bucketMs: march(2), requests: 110 }] })
    const prices = ['calls={ model: per_unit, unit: "1" }']
    await at(scene, march(20), () =>
      overrideTenant(scene, { tenant: 'acme', prices, actor, knownFeatures: [] }),
    )
    expect(scene.said(await scene.run())[1]).toBe('acme INV-2026-0001: Pro: calls 110 110.00')
  })

  test('a price of its own that begins after it changes nothing, not even for what comes late', async () => {
    const scene = await invoiceScene({ rollups: [{ bucketMs: march(2), requests: 110 }] })
    const prices = ['calls={ model: per_unit, unit: "1" }']
    await scene.run()
    scene.clock.set(Date.UTC(2026, 3, 2))
    await overrideTenant(scene, { tenant: 'acme', prices, actor, knownFeatures: [] })
    await scene.use({ bucketMs: march(3), requests: 5 })
    scene.clock.set(APRIL_2026.endMs + 600_000)
    const april = scene.said(await scene.run(APRIL_2026))
    expect(april).toContain('acme INV-2026-0002: Pro: calls of an earlier period 5 0.05')
  })

  test('the tax that holds when the invoice is made is on all of it, and stays on it', async () => {
    const scene = await invoiceScene()
    const rates = (rate: string) => ({
      mode: 'exclusive' as const,
      rates: [{ id: 'vat', name: 'VAT', rate, charges: null }],
    })
    const taxed = { ...scene.invoicing, tax: rates('20') }
    Object.assign(scene.invoicing, taxed)
    const [first] = (await scene.run()).made
    expect(first?.content.taxes).toMatchObject([{ rate: '20', amount: '9.80' }])
    Object.assign(scene.invoicing, { tax: rates('22') })
    expect((await scene.store.invoices.find('INV-2026-0001'))?.content.tax).toBe('9.80')
  })
})

describe('a clock that steps back', () => {
  test('into the period makes nothing of it, and its number is not used again', async () => {
    const scene = await invoiceScene()
    await scene.run()
    scene.clock.set(march(20))
    const due = { billing: scene.billing, closeAfterMs: 300_000, nowMs: scene.clock.nowMs() }
    const starts = (await duePeriods(scene.store, due)).map(({ startMs }) => startMs)
    expect(starts).not.toContain(MARCH_2026.startMs)
    expect(await scene.run()).toMatchObject({ made: [], kept: 1 })
    scene.clock.set(APRIL_2026.endMs + 600_000)
    expect((await scene.run(APRIL_2026)).made[0]?.number).toBe('INV-2026-0002')
  })

  test('over New Year goes on in the numbers of the year it is back in', async () => {
    const scene = await invoiceScene()
    await scene.run()
    scene.clock.set(Date.UTC(2027, 0, 1, 1))
    const december = { startMs: Date.UTC(2026, 11, 1), endMs: Date.UTC(2027, 0, 1) }
    expect((await scene.run(december)).made[0]?.number).toBe('INV-2027-0001')
    scene.clock.set(Date.UTC(2026, 11, 31, 23))
    expect((await scene.run(APRIL_2026)).made[0]?.number).toBe('INV-2026-0002')
  })
})

test('a void invoice is made again with all usage known by then, and nothing of it is adjusted once more', async () => {
  const scene = await invoiceScene({ rollups: [{ bucketMs: march(2), requests: 110 }] })
  await scene.run()
  await scene.use({ bucketMs: march(3), requests: 10 })
  await voidInvoice(scene, { invoice: 'INV-2026-0001', reason: 'Wrong', actor })
  const again = await scene.run(MARCH_2026, { tenantId: 'acme' })
  expect(scene.said(again)[1]).toBe('acme INV-2026-0002: Pro: calls 120 0.20')
  scene.clock.set(APRIL_2026.endMs + 600_000)
  expect(scene.said(await scene.run(APRIL_2026)).filter((line) => line.includes('earlier'))).toEqual([])
})

test('after a change of the currency, what came late to a period billed in the old one is not mixed with it', async () => {
  const scene = await invoiceScene({ rollups: [{ bucketMs: march(2), requests: 110 }] })
  await scene.run()
  await scene.use({ bucketMs: march(3), requests: 10 })
  Object.assign(scene.billing, { currency: 'JPY' })
  scene.clock.set(APRIL_2026.endMs + 600_000)
  const april = await scene.run(APRIL_2026)
  expect(april.made).toEqual([])
  expect(april.problems).toEqual([{ tenantId: 'acme', why: expect.stringContaining('was billed in USD') }])
})

describe('odd quantities', () => {
  const tokens = (price: Charge['price']): readonly Charge[] => [{ id: 'tokens', meter: 'tokens', price }]
  const used = (amount: string) => ({ bucketMs: march(2), requests: 1, quantities: { tokens: amount } })

  test('a million billion units with 15 decimals are priced to the cent', async () => {
    const scene = await invoiceScene({
      charges: tokens({ model: 'per_unit', unit: '0.000000000001' }),
      rollups: [used('999999999999999.999999999999999'), { ...used('0.000000000000001'), keyId: 'key_2' }],
    })
    expect(scene.said(await scene.run())).toEqual([
      'acme INV-2026-0001: Pro: tokens 1000000000000000 1000.00',
    ])
    const [invoice] = await scene.store.invoices.list({})
    expect(invoice?.content.lines[0]?.exact).toBe('1000')
  })

  test('nothing used of tiers costs what their first one says', async () => {
    const tiers = [
      { up_to: '10', unit: '1', flat: '5' },
      { up_to: null, unit: '2', flat: '7' },
    ]
    const scene = await invoiceScene({ charges: tokens({ model: 'graduated', tiers }) })
    expect(scene.said(await scene.run())).toEqual(['acme INV-2026-0001: Pro: tokens 0 5.00'])
    const banded = { model: 'stairstep' as const, tiers: [{ up_to: '10', flat: '75' }] }
    const bands = await invoiceScene({ charges: tokens(banded) })
    expect(bands.said(await bands.run())).toEqual(['acme INV-2026-0001: Pro: tokens 0 75.00'])
  })

  test('a flat amount above free units is not charged for nothing used, not even after they were used up', async () => {
    const tiers = [
      { up_to: '100', unit: '0' },
      { up_to: null, unit: '0.01', flat: '5' },
    ]
    const subscriptions = [
      { id: 'sub_1', endMs: march(16) },
      { id: 'sub_2', startMs: march(16), planSinceMs: Date.UTC(2026, 0, 1) },
    ]
    const inTwo = (later: number) =>
      invoiceScene({
        charges: [{ id: 'calls', meter: 'calls', price: { model: 'graduated', tiers } }],
        subscriptions,
        rollups: [
          { bucketMs: march(2), requests: 100 },
          { bucketMs: march(20), subscriptionId: 'sub_2', requests: later },
        ],
      })
    expect((await (await inTwo(0)).run()).made[0]?.totalMinor).toBe(0n)
    expect((await (await inTwo(1)).run()).made[0]?.totalMinor).toBe(501n)
  })
})
