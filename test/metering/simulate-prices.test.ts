import { expect, test } from 'vitest'
import { simulatePrices } from '../../src/metering/simulate-prices.ts'
import type { Charge, Plan } from '../../src/model/plan.ts'
import { type BillingScene, billingStore, CALLS, FEE } from '../support/billing-scene.ts'
import { plan } from '../support/control-store.ts'
import { MARCH } from '../support/rollups.ts'

const SPAN = { startMs: MARCH, endMs: Date.UTC(2026, 3, 1) }
const BILLING = { currency: 'USD', timezone: 'UTC', period: 'month' } as const

/** Small uses 150 calls, large 10,100, quiet none. */
const SCENE: BillingScene = {
  tenants: [{ id: 'small' }, { id: 'large' }, { id: 'quiet' }],
  subscriptions: ['small', 'large', 'quiet'].map((tenantId) => ({ id: `sub_${tenantId}`, tenantId })),
  rollups: [
    { tenantId: 'small', subscriptionId: 'sub_small', keyId: 'key_1', requests: 150 },
    { tenantId: 'large', subscriptionId: 'sub_large', keyId: 'key_2', requests: 10_100 },
  ],
}

const pro = (...charges: readonly Charge[]): Plan => plan({ id: 'pro', charges })
const unit = (price: string): Charge => ({ ...CALLS, price: { model: 'per_unit', unit: price } })

async function simulate(plans: readonly Plan[], scene = SCENE, tenantId?: string, span = SPAN) {
  await using store = await billingStore(scene)
  return await simulatePrices(store, { span, tenantId, plans, billing: BILLING })
}

test('the same prices give the same bills: nobody wins or loses', async () => {
  const found = await simulate([pro(FEE, CALLS)])
  expect(found).toMatchObject({ winners: 0, losers: 0, same: 3, missing_plans: [], left_out: [] })
  expect(found.total).toEqual({ before: '247.50', after: '247.50', change: '0.00' })
})

test('other prices say who pays less, who more, and what it comes to', async () => {
  const found = await simulate([pro(unit('0.02'))])
  expect(found.tenants).toEqual([
    { tenant_id: 'quiet', before: '49.00', after: '0.00', change: '-49.00' },
    { tenant_id: 'small', before: '49.50', after: '3.00', change: '-46.50' },
    { tenant_id: 'large', before: '149.00', after: '202.00', change: '53.00' },
  ])
  expect(found).toMatchObject({ currency: 'USD', winners: 2, losers: 1, same: 0 })
  expect(found.total).toEqual({ before: '247.50', after: '205.00', change: '-42.50' })
})

test('can be about one tenant', async () => {
  const found = await simulate([pro(unit('0.02'))], SCENE, 'large')
  expect(found.tenants).toEqual([{ tenant_id: 'large', before: '149.00', after: '202.00', change: '53.00' }])
})

test('prices that a tenant has of its own stay', async () => {
  const overrides = { limits: {}, quotas: {}, features: [], prices: { calls: unit('0.001').price } }
  const scene = { ...SCENE, tenants: [{ id: 'small' }, { id: 'large', overrides }, { id: 'quiet' }] }
  const { tenants } = await simulate([pro(FEE, unit('5'))], scene)
  expect(tenants).toContainEqual({ tenant_id: 'large', before: '59.10', after: '59.10', change: '0.00' })
})

test('a plan that the file lacks is named, and priced as before', async () => {
  const found = await simulate([plan({ id: 'other' })])
  expect(found).toMatchObject({ missing_plans: ['pro'], same: 3, total: { change: '0.00' } })
})

test('a tenant whose usage has no price on one side is in no sum', async () => {
  const bands: Charge = { ...CALLS, price: { model: 'stairstep', tiers: [{ up_to: '1000', flat: '10' }] } }
  const found = await simulate([pro(bands)])
  expect(found.left_out).toEqual([
    {
      tenant_id: 'large',
      why: 'charge calls of plan pro: quantity comes to 10100, above the last tier, which ends at 1000',
    },
  ])
  expect(found.total).toEqual({ before: '98.50', after: '20.00', change: '-78.50' })
})

test('a span that is not one of whole billing periods is refused', async () => {
  const span = { startMs: MARCH, endMs: MARCH + 86_400_000 }
  await expect(simulate([pro()], SCENE, undefined, span)).rejects.toMatchObject({ code: 'invalid-parameter' })
})
