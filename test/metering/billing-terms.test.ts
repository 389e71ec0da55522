import { expect, test } from 'vitest'
import type { BillingTerms } from '../../src/metering/usage-amounts.ts'
import { usageReport } from '../../src/metering/usage-report.ts'
import { viewUsageReport } from '../../src/metering/usage-view.ts'
import { type BillingScene, billingStore } from '../support/billing-scene.ts'

const day = (text: string): number => Date.parse(`${text}T00:00Z`)
const BILLING: BillingTerms = { currency: 'USD', timezone: 'UTC', period: 'month' }

async function totalOf(
  scene: BillingScene,
  from: string,
  to: string,
  more: Partial<BillingTerms> = {},
  tenant?: string,
) {
  await using store = await billingStore(scene)
  const span = { startMs: day(from), endMs: day(to) }
  const report = await usageReport(store, { span, timezone: 'UTC', by: [], tenant }, { ...BILLING, ...more })
  return viewUsageReport(report).total.amount ?? null
}

test.each([
  { anchor: '2001-01-15', from: '2026-02-15', to: '2026-03-15', why: 'from the 15th to the 15th' },
  { anchor: '2024-01-31', from: '2026-01-31', to: '2026-02-28', why: 'to the end of a short month' },
  { anchor: '2024-01-31', from: '2026-02-28', to: '2026-04-30', why: 'two months, of which none drifts' },
])('a bill is $why', async ({ anchor, from, to }) => {
  const months = to === '2026-04-30' ? '98.00' : '49.00'
  expect(await totalOf({}, from, to, { anchor })).toBe(months)
  // The fee stands on the first day of its period, and one begins in any month.
  expect(await totalOf({}, '2026-03-01', '2026-04-01', { anchor })).toBe('49.00')
})

test('where periods begin with the subscription, each tenant has its own, and all together none', async () => {
  const scene = { subscriptions: [{ startMs: day('2026-01-20') + 3_600_000 }] }
  const anchor = 'subscription'
  expect(await totalOf(scene, '2026-02-20', '2026-03-20', { anchor }, 'acme')).toBe('49.00')
  expect(await totalOf(scene, '2026-02-20', '2026-03-20', { anchor })).toBeNull()
  expect(await totalOf(scene, '2026-03-01', '2026-04-01', { anchor }, 'acme')).toBe('49.00')
  expect(await totalOf(scene, '2026-03-01', '2026-03-20', { anchor }, 'acme')).toBe('0.00')
  // The day it begins is a whole one.
  expect(await totalOf(scene, '2026-01-20', '2026-02-20', { anchor }, 'acme')).toBe('49.00')
})

test.each([
  // 49 in two parts; 60 calls of the free 100 are used, so 50 more have 40 left: 10 at a cent.
  { quota: 'carry', total: '49.10' },
  { quota: 'fresh', total: '49.00' },
  // 16 of 31 days of 100 are 52.
  { quota: 'prorate', total: '49.00' },
] as const)(
  'a report reckons what a second plan of the month includes by $quota',
  async ({ quota, total }) => {
    const [moved, first] = [day('2026-03-16'), { endMs: day('2026-03-16') }]
    // To the same plan, and yet anew: it was cancelled, and begun again at once.
    const second = { id: 'sub_2', startMs: moved }
    const rollups = [
      { requests: 60, bucketMs: day('2026-03-02') },
      { requests: 50, bucketMs: moved, subscriptionId: 'sub_2' },
    ]
    const scene = { subscriptions: [first, second], rollups }
    expect(await totalOf(scene, '2026-03-01', '2026-04-01', { proration: { fee: 'days', quota } })).toBe(
      total,
    )
  },
)

test('nothing of a trial is billed, however much was used', async () => {
  const trial = { endMs: day('2026-03-16'), isTrial: true } as const
  const scene = {
    subscriptions: [trial, { id: 'sub_2', startMs: day('2026-03-16') }],
    rollups: [
      { requests: 5_000, bucketMs: day('2026-03-02') },
      { requests: 101, bucketMs: day('2026-03-20'), subscriptionId: 'sub_2' },
    ],
  }
  // 16 of 31 days of 49.00, and a call above 100.
  expect(await totalOf(scene, '2026-03-01', '2026-04-01')).toBe('25.30')
})

test('a price of its own counts from its period on: reports of earlier ones stay as they were', async () => {
  await using store = await billingStore({})
  const own = { limits: {}, quotas: {}, features: [], prices: { fee: { model: 'flat', amount: '9.00' } } }
  await store.tenants.setOverrides('acme', own, day('2026-03-20'))
  await store.tenants.setOverrides('acme', null, day('2026-05-02'))
  const months = ['2026-02', '2026-03', '2026-04', '2026-05', '2026-06'].map((month) => day(`${month}-01`))
  const totals: (string | null | undefined)[] = []
  for (const [index, startMs] of months.slice(0, -1).entries()) {
    const span = { startMs, endMs: months[index + 1]! }
    const report = await usageReport(store, { span, timezone: 'UTC', by: [], tenant: undefined }, BILLING)
    totals.push(viewUsageReport(report).total.amount)
  }
  expect(totals).toEqual(['49.00', '9.00', '9.00', '49.00'])
})
