import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { REPORT_BY, type ReportBy } from '../../src/metering/report-columns.ts'
import type { BillingTerms } from '../../src/metering/usage-amounts.ts'
import { usageReport } from '../../src/metering/usage-report.ts'
import { viewUsageReport } from '../../src/metering/usage-view.ts'
import { type BillingScene, billingStore, CALLS, FEE } from '../support/billing-scene.ts'
import { MARCH } from '../support/rollups.ts'

const DAY_MS = 86_400_000
const SPAN = { startMs: MARCH, endMs: Date.UTC(2026, 3, 1) }
const BILLING = { currency: 'USD', timezone: 'UTC', period: 'month' } as const

interface Asked {
  readonly by?: readonly ReportBy[]
  readonly span?: typeof SPAN
  readonly billing?: BillingTerms
  readonly tenant?: string
}

/** The report of such a store, as scripts read it. */
async function report(
  scene: BillingScene,
  { by = ['tenant', 'key'], span = SPAN, billing = BILLING, tenant }: Asked = {},
) {
  await using store = await billingStore(scene)
  return viewUsageReport(await usageReport(store, { span, timezone: 'UTC', by, tenant }, billing))
}

/** `columns … amount` of each row. */
function amounts(
  { rows }: Awaited<ReturnType<typeof report>>,
  ...columns: readonly string[]
): readonly string[] {
  return rows.map((row) => {
    const cells = row as Readonly<Record<string, unknown>>
    return [...columns, 'amount'].map((column) => String(cells[column] ?? '–')).join(' ')
  })
}

describe('what a month costs', () => {
  test('keys share what they used, fees stand on an empty key, and it all adds up', async () => {
    const found = await report({
      rollups: [
        { keyId: 'key_1', requests: 1_000 },
        { keyId: 'key_2', requests: 2_000, bucketMs: MARCH + DAY_MS },
        { keyId: 'key_2', requests: 7, billable: false, statusClass: 4 },
      ],
    })
    // 2,900 calls above the free ones: 29.00, shared 1 to 2.
    expect(amounts(found, 'key_id')).toEqual([' 49.00', 'key_1 9.67', 'key_2 19.33'])
    expect(found).toMatchObject({ currency: 'USD', total: { amount: '78.00' } })
    expect(found).not.toHaveProperty('unpriced')
  })

  test('where one route gave back more than it used, the others bear what its key owes', async () => {
    const tokens = (amount: string) => ({ keyId: 'key_1', quantities: { tokens: amount } })
    const found = await report(
      {
        charges: [{ id: 'tokens', meter: 'tokens', price: { model: 'per_unit', unit: '0.5' } }],
        rollups: [
          { ...tokens('10'), routeId: 'search' },
          { ...tokens('-4'), routeId: 'lookup' },
        ],
      },
      { by: ['route'] },
    )
    expect(amounts(found, 'route_id')).toEqual(['lookup 0.00', 'search 3.00'])
    expect(found.total).toMatchObject({ amount: '3.00' })
  })

  test('a tenant that used nothing has its fee', async () => {
    expect(amounts(await report({}), 'tenant_id', 'key_id')).toEqual(['acme  49.00'])
  })

  test('a plan without prices adds no rows', async () => {
    expect(await report({ charges: [] })).toMatchObject({ rows: [], total: { amount: '0.00' } })
  })

  test('a price of no use at all, as a least amount, stands on the empty key, too', async () => {
    const price = { model: 'per_unit', unit: '0.01', minimum: '5' }
    const found = await report({ charges: [{ ...CALLS, price }] })
    expect(amounts(found, 'key_id')).toEqual([' 5.00'])
    const used = await report({ charges: [{ ...CALLS, price }], rollups: [{ requests: 3 }] })
    expect(amounts(used, 'key_id')).toEqual(['key_1 5.00'])
  })

  test('every meter can be priced', async () => {
    const sums = {
      requests: 1,
      usageUnits: 2,
      bytesReceived: 3,
      bytesSent: 4,
      durationMs: 5,
      quantities: { tokens: '0.5' },
    }
    const meters = ['calls', 'units', 'bytes_in', 'bytes_out', 'bandwidth', 'duration_ms', 'tokens', 'images']
    const costs = await Promise.all(
      meters.map((meter) =>
        report({ charges: [{ id: 'a', meter, price: { model: 'per_unit', unit: '1' } }], rollups: [sums] }),
      ),
    )
    expect(costs.map(({ total }) => total.amount)).toEqual([
      '1.00',
      '2.00',
      '3.00',
      '4.00',
      '7.00',
      '5.00',
      '0.50',
      '0.00',
    ])
  })

  test('a price of its own holds for a tenant', async () => {
    const own = { model: 'per_unit', unit: '0.5' }
    const overrides = { limits: {}, quotas: {}, features: [], prices: { calls: own } }
    const found = await report({ tenants: [{ overrides }], rollups: [{ requests: 4 }] })
    expect(amounts(found, 'key_id')).toEqual([' 49.00', 'key_1 2.00'])
  })

  test('amounts have the digits of the currency', async () => {
    const billing = { ...BILLING, currency: 'JPY' }
    expect(await report({}, { billing })).toMatchObject({ currency: 'JPY', total: { amount: '49' } })
  })

  test('usage without a plan costs nothing', async () => {
    const found = await report({
      subscriptions: [],
      rollups: [{ subscriptionId: '', planId: '', planVersion: 0 }],
    })
    expect(found.total.amount).toBe('0.00')
  })
})

describe('a change of plan', () => {
  const moved = Date.UTC(2026, 2, 11, 15)
  const change = [{ endMs: moved }, { id: 'sub_2', planId: 'big', startMs: moved }]

  test('parts each fee by its days: the day of the change belongs to the new plan', async () => {
    const found = await report({ subscriptions: change }, { by: ['plan'] })
    // 49 × 10 ÷ 31 and 310 × 21 ÷ 31.
    expect(amounts(found, 'plan_id')).toEqual(['big 210.00', 'pro 15.81'])
    expect(found.total.amount).toBe('225.81')
  })

  test('prices usage by the plan it was made under', async () => {
    const found = await report(
      {
        subscriptions: change,
        rollups: [
          { requests: 200 },
          { requests: 5_000, subscriptionId: 'sub_2', planId: 'big', bucketMs: moved - (moved % 900_000) },
        ],
      },
      { by: ['plan'] },
    )
    expect(amounts(found, 'plan_id')).toEqual(['big 210.00', 'pro 16.81'])
  })

  test('a tenant that came in the month pays from its day on, a deleted one up to it', async () => {
    const came = await report({ subscriptions: [{ startMs: Date.UTC(2026, 2, 30, 23, 59) }] })
    expect(came.total.amount).toBe('3.16')
    const gone = await report({
      tenants: [{ state: 'deleted' }],
      subscriptions: [{ endMs: Date.UTC(2026, 2, 2) }],
    })
    expect(amounts(gone, 'tenant_id')).toEqual(['acme 1.58'])
  })

  test('days are those of the time zone of bills', async () => {
    const billing = { ...BILLING, timezone: 'Pacific/Auckland' }
    const span = { startMs: Date.UTC(2026, 1, 28, 11), endMs: Date.UTC(2026, 2, 31, 11) }
    // 30 March 23:59 UTC is the 31st there.
    const found = await report(
      { subscriptions: [{ startMs: Date.UTC(2026, 2, 30, 23, 59) }] },
      { billing, span },
    )
    expect(found.total.amount).toBe('1.58')
  })
})

describe('where there is no amount', () => {
  test('a part of a day has none, but two whole months have', async () => {
    const hours = await report({}, { span: { startMs: MARCH, endMs: MARCH + DAY_MS / 2 } })
    expect(hours).not.toHaveProperty('currency')
    expect(hours.total).not.toHaveProperty('amount')

    const span = { startMs: MARCH, endMs: Date.UTC(2026, 4, 1) }
    const rollups = [{ requests: 150 }, { requests: 150, bucketMs: Date.UTC(2026, 3, 7) }]
    const two = await report({ rollups }, { span, by: ['month'] })
    // Each month has its own free calls.
    expect(amounts(two, 'month')).toEqual(['2026-03 49.50', '2026-04 49.50'])
  })

  test('usage above the last band of a price is told, and leaves no wrong total', async () => {
    const price = { model: 'stairstep', tiers: [{ up_to: '100', flat: '75' }] }
    const scene = {
      charges: [FEE, { ...CALLS, price }],
      tenants: [{}, { id: 'globex' }],
      subscriptions: [{}, { id: 'sub_2', tenantId: 'globex' }],
      rollups: [
        { requests: 101 },
        { requests: 100, tenantId: 'globex', subscriptionId: 'sub_2', keyId: 'key_9' },
      ],
    }
    const found = await report(scene)
    expect(amounts(found, 'tenant_id', 'key_id')).toEqual([
      'acme  49.00',
      'acme key_1 –',
      'globex  49.00',
      'globex key_9 75.00',
    ])
    expect(found.total).not.toHaveProperty('amount')
    expect(found.unpriced).toEqual([
      {
        tenant_id: 'acme',
        why: 'charge calls of plan pro: quantity comes to 101, above the last tier, which ends at 100',
      },
    ])
    expect((await report(scene, { tenant: 'globex' })).total.amount).toBe('124.00')
  })
})

describe('whatever was used and however it is shown', () => {
  const part = fc.record({
    bucketMs: fc.nat(31 * 96 - 1).map((quarter) => MARCH + quarter * 900_000),
    keyId: fc.constantFrom('key_1', 'key_2', 'key_3'),
    routeId: fc.constantFrom('search', 'lookup'),
    apiId: fc.constantFrom('a', 'b'),
    statusClass: fc.constantFrom(2, 4),
    billable: fc.boolean(),
    requests: fc.integer({ min: 1, max: 500 }),
    ours: fc.boolean(),
  })

  test('rows add up to the total, the total is always the same, and so is that of each key', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 25 }), fc.subarray([...REPORT_BY]), async (parts, by) => {
        const unique = new Map(parts.map((each) => [JSON.stringify({ ...each, requests: 0 }), each]))
        const rollups = [...unique.values()]
          .sort((one, other) => one.bucketMs - other.bucketMs)
          .map(({ ours, ...rest }) => {
            return ours
              ? rest
              : { ...rest, tenantId: 'globex', subscriptionId: 'sub_2', keyId: `${rest.keyId}9` }
          })
        const scene = {
          rollups,
          tenants: [{}, { id: 'globex' }],
          subscriptions: [{}, { id: 'sub_2', tenantId: 'globex' }],
        }
        const found = await report(scene, { by })
        const byKey = await report(scene, { by: ['key'] })
        const finer = await report(scene, { by: [...new Set<ReportBy>(['key', ...by])] })
        expect(cents(found.rows)).toBe(centsOf(found.total.amount))
        expect(found.total.amount).toBe(byKey.total.amount)
        for (const row of byKey.rows as readonly any[]) {
          const same = (finer.rows as readonly any[]).filter(({ key_id }) => key_id === row.key_id)
          expect(cents(same)).toBe(centsOf(row.amount))
        }
      }),
      { numRuns: 30 },
    )
  })

  function cents(rows: readonly any[]): number {
    return rows.reduce((sum, { amount }) => sum + centsOf(amount), 0)
  }

  function centsOf(amount: string | undefined): number {
    return Number(amount?.replace('.', ''))
  }
})
