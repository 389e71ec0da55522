import { expect, test } from 'vitest'
import { cancelPlan } from '../../../src/access/cancel-plan.ts'
import { changePlan } from '../../../src/access/change-plan.ts'
import { simulatePrices } from '../../../src/metering/simulate-prices.ts'
import { usageReport } from '../../../src/metering/usage-report.ts'
import type { Charge } from '../../../src/model/plan.ts'
import { plan } from '../../support/control-store.ts'
import { APRIL_2026, invoiceScene, MARCH_2026 } from '../../support/invoice-scene.ts'

const YEARLY: Charge = { id: 'fee', meter: null, per: 'year', price: { model: 'flat', amount: '300' } }
const CENT: Charge = { id: 'calls', meter: 'calls', price: { model: 'per_unit', unit: '0.01' } }
const MONTHLY: Charge = { id: 'fee', meter: null, price: { model: 'flat', amount: '20' } }
const since = Date.UTC(2026, 2, 16, 9)
const actor = 'cli:test'

/** Acme on a plan of 300 a year since 16 March; plan `small` costs 20 a month. */
async function yearly() {
  const scene = await invoiceScene({
    charges: [YEARLY, CENT],
    subscriptions: [{ startMs: since }],
    rollups: [{ bucketMs: since, requests: 50 }],
  })
  await scene.store.plans.insertVersion(plan({ id: 'small', charges: [MONTHLY] }), 'small', 2, 0)
  return scene
}

test('300 a year stand on the bill of the month in which the year begins, and on no other', async () => {
  const scene = await yearly()
  const march = await scene.run()
  expect(scene.said(march)).toEqual([
    'acme INV-2026-0001: Pro: fee 0 300.00',
    'acme INV-2026-0001: Pro: calls 50 0.50',
  ])
  expect(march.made[0]?.content.lines[0]).toMatchObject({
    period: { startMs: since, endMs: Date.UTC(2027, 2, 16) },
    days: null,
  })
  scene.clock.set(APRIL_2026.endMs + 600_000)
  expect(scene.said(await scene.run(APRIL_2026))).toEqual(['acme INV-2026-0002: Pro: calls 0 0.00'])
})

test('the report says what the invoice says', async () => {
  const scene = await yearly()
  const query = { span: MARCH_2026, timezone: 'UTC', by: ['tenant', 'key'], tenant: undefined }
  const report = await usageReport(scene.store, query, scene.billing)
  expect(report.rows.map(({ amount }) => amount)).toEqual(['300.00', '0.50'])
})

test('300 a year is more than 20 a month, so to it is up; back is when the year is over', async () => {
  const scene = await yearly()
  scene.clock.set(Date.UTC(2026, 4, 10))
  const { store, clock, billing } = scene
  const parts = { store, clock, billing }
  const down = await changePlan(parts, { tenant: 'acme', planId: 'small', actor })
  expect(down).toMatchObject({ plan: 'pro', next_plan: 'small', next_plan_at: '2027-03-16T00:00:00.000Z' })
  expect(await cancelPlan(parts, { tenant: 'acme', at: 'period-end', actor })).toMatchObject({
    plan_until: '2027-03-16T00:00:00.000Z',
  })
  const now = await changePlan(parts, { tenant: 'acme', planId: 'small', at: 'now', actor })
  expect(now).toMatchObject({ plan: 'small' })
  const up = await changePlan(parts, { tenant: 'acme', planId: 'pro', actor })
  expect(up).toMatchObject({ plan: 'pro', next_plan: null })
})

test('who leaves inside of the year gets the rest back, on the bill of that month', async () => {
  const scene = await yearly()
  await scene.run()
  scene.clock.set(Date.UTC(2026, 3, 16))
  await cancelPlan(scene, { tenant: 'acme', at: 'now', actor })
  scene.clock.set(APRIL_2026.endMs + 600_000)
  const [invoice] = (await scene.run(APRIL_2026)).made
  // 334 of 365 days are left.
  expect(invoice?.content.lines[0]).toMatchObject({ amount: '-274.52', days: { left: 334, whole: 365 } })
  expect(invoice?.content).toMatchObject({ total: '0.00', carried: '274.52' })
})

test('simulating the same prices changes no amount, and says what the invoice says', async () => {
  const scene = await yearly()
  const same = plan({ id: 'pro', name: 'Pro', charges: [YEARLY, CENT] })
  const request = { span: MARCH_2026, tenantId: undefined, billing: scene.billing }
  const simulated = await simulatePrices(scene.store, { ...request, plans: [same] })
  expect(simulated).toMatchObject({ total: { before: '300.50', after: '300.50' } })
  const cheaper = { ...same, charges: [{ ...YEARLY, price: { model: 'flat', amount: '240' } }, CENT] }
  const other = await simulatePrices(scene.store, { ...request, plans: [cheaper] })
  expect(other).toMatchObject({ total: { before: '300.50', after: '240.50' } })
})
