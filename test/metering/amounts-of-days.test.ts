import fc from 'fast-check'
import { expect, test } from 'vitest'
import { REPORT_BY, type ReportBy } from '../../src/metering/report-columns.ts'
import type { BillingTerms } from '../../src/metering/usage-amounts.ts'
import { usageReport } from '../../src/metering/usage-report.ts'
import { viewUsageReport } from '../../src/metering/usage-view.ts'
import { type BillingScene, billingStore, CALLS } from '../support/billing-scene.ts'
import { MARCH } from '../support/rollups.ts'

const DAY_MS = 86_400_000
const UTC = { currency: 'USD', timezone: 'UTC', period: 'month' } as const

interface Asked {
  /** Days of March, from 0, without the last. */
  readonly days: readonly [number, number]
  readonly by?: readonly ReportBy[]
  readonly billing?: BillingTerms
  readonly tenant?: string
}

/** The report of such a store over some days, as scripts read it. */
async function report(scene: BillingScene, { days, by = ['key'], billing = UTC, tenant }: Asked) {
  await using store = await billingStore(scene)
  const [from, to] = days
  const span = { startMs: MARCH + from * DAY_MS, endMs: MARCH + to * DAY_MS }
  const { timezone } = billing
  return viewUsageReport(await usageReport(store, { span, timezone, by, tenant }, billing))
}

/** `column amount` of each row. */
function amounts({ rows }: Awaited<ReturnType<typeof report>>, column: string): readonly string[] {
  return (rows as readonly any[]).map((row) => `${row[column]} ${row.amount ?? '–'}`)
}

const rollups = [
  { keyId: 'key_1', requests: 1_000 },
  { keyId: 'key_2', requests: 2_000, bucketMs: MARCH + 10 * DAY_MS },
  { keyId: 'key_1', requests: 1_000, bucketMs: MARCH + 20 * DAY_MS },
  { keyId: 'key_1', requests: 500, bucketMs: Date.UTC(2026, 3, 7) },
]

test('a week costs its share of what the whole month costs, fees on the first day', async () => {
  // 4,000 calls, 100 of them free: 39.00, of which a quarter is of the first week.
  const first = await report({ rollups }, { days: [0, 7] })
  expect(amounts(first, 'key_id')).toEqual([' 49.00', 'key_1 9.75'])
  expect(first).toMatchObject({ currency: 'USD', total: { requests: 1_000, amount: '58.75' } })
  const second = await report({ rollups }, { days: [7, 14] })
  expect(amounts(second, 'key_id')).toEqual(['key_2 19.50'])
  expect(second.total).toMatchObject({ requests: 2_000, amount: '19.50' })
})

test('days of two months have the price of their month', async () => {
  const found = await report({ rollups }, { days: [20, 38], by: ['day'] })
  expect(amounts(found, 'day')).toEqual(['2026-03-21 9.75', '2026-04-01 49.00', '2026-04-07 4.00'])
})

test('where periods begin with subscriptions, one tenant has amounts, all together have none', async () => {
  const scene = { rollups, subscriptions: [{ startMs: MARCH - 5 * DAY_MS }] }
  const billing = { ...UTC, anchor: 'subscription' } as const
  const mine = await report(scene, { days: [0, 7], billing, tenant: 'acme' })
  // The period from 24 February to 23 March has the same 4,000 calls; its fee is on its first day.
  expect(amounts(mine, 'key_id')).toEqual(['key_1 9.75'])
  expect((await report(scene, { days: [0, 7], billing })).total).not.toHaveProperty('amount')
})

test('usage of the month that has no price is told, whichever days are asked for', async () => {
  const price = { model: 'stairstep', tiers: [{ up_to: '100', flat: '75' }] } as const
  const found = await report({ charges: [{ ...CALLS, price }], rollups }, { days: [0, 7] })
  expect(amounts(found, 'key_id')).toEqual(['key_1 –'])
  expect(found.total).not.toHaveProperty('amount')
  expect(found.unpriced).toHaveLength(1)
})

test('however a month is cut into days, its parts add up to it, row by row', async () => {
  const part = fc.record({
    bucketMs: fc.nat(31 * 96 - 1).map((quarter) => MARCH + quarter * 900_000),
    keyId: fc.constantFrom('key_1', 'key_2', 'key_3'),
    routeId: fc.constantFrom('search', 'lookup'),
    requests: fc.integer({ min: 1, max: 500 }),
  })
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 4 })
  const breakdown = fc.subarray(REPORT_BY.filter((by) => by !== 'week' && by !== 'month'))
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 20 }), cuts, breakdown, async (parts, places, by) => {
      const unique = new Map(parts.map((each) => [JSON.stringify({ ...each, requests: 0 }), each]))
      const scene = { rollups: [...unique.values()].sort((one, other) => one.bucketMs - other.bucketMs) }
      const ends = [0, ...places.sort((one, other) => one - other), 31]
      const whole = await report(scene, { days: [0, 31], by })
      const sums = new Map<string, number>()
      let total = 0
      for (const [index, from] of ends.slice(0, -1).entries()) {
        const found = await report(scene, { days: [from, ends[index + 1] ?? 31], by })
        total += centsOf(found.total.amount)
        for (const row of found.rows as readonly any[]) {
          const name = by.map((each) => row[each === 'day' ? 'day' : `${each}_id`] ?? row[each]).join(' ')
          sums.set(name, (sums.get(name) ?? 0) + centsOf(row.amount))
        }
      }
      expect(total).toBe(centsOf(whole.total.amount))
      // Without days a key is split alike; with them its rows are the days themselves.
      if (!by.includes('key')) return
      const keys = (rows: Iterable<readonly [string, number]>) => {
        const found = new Map<string, number>()
        for (const [key, cents] of rows) found.set(key, (found.get(key) ?? 0) + cents)
        return found
      }
      const place = by.indexOf('key')
      const mine = keys([...sums].map(([name, cents]) => [name.split(' ')[place] ?? '', cents] as const))
      const all = keys(
        (whole.rows as readonly any[]).map((row) => [row.key_id, centsOf(row.amount)] as const),
      )
      for (const [key, cents] of all) expect(mine.get(key) ?? 0).toBe(cents)
    }),
    { numRuns: 20 },
  )
})

function centsOf(amount: string | undefined): number {
  return Number(amount?.replace('.', '') ?? Number.NaN)
}
