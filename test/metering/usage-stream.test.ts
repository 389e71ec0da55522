import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { REPORT_BY } from '../../src/metering/report-columns.ts'
import { type UsageRow, usageReport } from '../../src/metering/usage-report.ts'
import { openUsageStream, streamOf, type UsageStream } from '../../src/metering/usage-stream.ts'
import type { Rollup } from '../../src/storage/ports/ledger.ts'
import { type BillingScene, billingStore } from '../support/billing-scene.ts'
import { level } from '../support/marks.ts'
import { MARCH } from '../support/rollups.ts'

const DAY_MS = 86_400_000
const TENANTS = ['acme', 'beta', 'gamma', 'idle']
const BILLING = { currency: 'USD', timezone: 'UTC', period: 'month' } as const
const QUERY = {
  span: { startMs: MARCH, endMs: Date.UTC(2026, 3, 1) },
  timezone: 'UTC',
  tenant: undefined,
} as const

/** Of four tenants on a plan with a fee, one of which uses nothing. */
function sceneWith(used: readonly (Partial<Rollup> & { readonly tenantId: string })[]): BillingScene {
  return {
    tenants: TENANTS.map((id) => ({ id })),
    subscriptions: TENANTS.map((tenantId) => ({ id: `sub_${tenantId}`, tenantId })),
    rollups: used.map((each) => ({ ...each, subscriptionId: `sub_${each.tenantId}` })),
  }
}

async function rowsOf({ rows }: UsageStream): Promise<readonly UsageRow[]> {
  const all: UsageRow[] = []
  for await (const row of rows) all.push(row)
  return all
}

describe('a report whose rows come one by one', () => {
  const calls = fc.record({
    bucketMs: fc.integer({ min: -2, max: 32 }).map((day) => MARCH + day * DAY_MS),
    tenantId: fc.constantFrom('acme', 'beta', 'gamma'),
    keyId: fc.constantFrom('key_1', 'key_2', ''),
    routeId: fc.constantFrom('search', 'lookup'),
    statusClass: fc.constantFrom(2, 4),
    billable: fc.boolean(),
    requests: fc.integer({ min: 1, max: 500 }),
    quantities: fc.dictionary(fc.constantFrom('tokens', 'images'), fc.nat(99).map(String)),
    gib: fc.option(fc.nat(9), { nil: undefined }),
  })
  /** With a level that holds from its bucket on, some of them. */
  const used = calls.map(({ gib, ...each }) => {
    return { ...each, marks: gib === undefined ? [] : [level(String(gib), each.bucketMs - MARCH)] }
  })
  const breakdown = fc.subarray(REPORT_BY.filter((each) => each !== 'tenant'))
  const span = fc.constantFrom(
    QUERY.span,
    { startMs: MARCH + 3 * DAY_MS, endMs: MARCH + 9 * DAY_MS },
    { startMs: MARCH - 40 * DAY_MS, endMs: MARCH + 5 * DAY_MS },
  )

  test('has the rows of the report that is read at once, whatever it is broken down by and however few are held', async () => {
    const distinct = { selector: (each: Partial<Rollup>) => JSON.stringify(keyOf(each)), maxLength: 30 }
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(used, distinct),
        breakdown,
        span,
        fc.integer({ min: 1, max: 8 }),
        async (rollups, more, asked, rowsAtOnce) => {
          await using store = await billingStore(sceneWith(rollups))
          const query = { ...QUERY, span: asked, by: ['tenant', ...more] }
          const whole = streamOf(await usageReport(store, query, BILLING))
          const stream = await openUsageStream(store, query, { billing: BILLING, rowsAtOnce })
          expect(await rowsOf(stream)).toEqual(whole.rows)
          expect(stream).toMatchObject({ columns: whole.columns, usedMeters: whole.usedMeters })
        },
      ),
      { numRuns: 60 },
    )
  })

  function keyOf({ bucketMs, tenantId, keyId, routeId, statusClass, billable }: Partial<Rollup>) {
    return [bucketMs, tenantId, keyId, routeId, statusClass, billable]
  }

  test('is read for some tenants at a time, and the next when the rows of these are gone', async () => {
    const keys = ['key_1', 'key_2', 'key_3']
    const rollups = ['acme', 'beta', 'gamma'].flatMap((tenantId) =>
      keys.map((keyId) => ({ tenantId, keyId })),
    )
    await using store = await billingStore(sceneWith(rollups))
    const seen: string[] = []
    const between = () => seen.push('–')
    const stream = await openUsageStream(
      store,
      { ...QUERY, by: ['tenant', 'key'] },
      { rowsAtOnce: 4, between },
    )
    for await (const { cells } of stream.rows) seen.push(`${cells[0]} ${cells[2]}`)
    const of = (tenantId: string) => [...keys.map((keyId) => `${tenantId} ${keyId}`), '–']
    expect(seen).toEqual([...of('acme'), ...of('beta'), ...of('gamma'), '–'])
  })

  test('is read at once where it has few rows, where one tenant is asked for, and by anything before tenants', async () => {
    await using store = await billingStore(sceneWith([{ tenantId: 'acme' }, { tenantId: 'beta' }]))
    const whole = async (query: Parameters<typeof openUsageStream>[1], rowsAtOnce: number) => {
      const { rows } = await openUsageStream(store, query, { rowsAtOnce })
      return Array.isArray(rows)
    }
    expect(await whole({ ...QUERY, by: ['tenant'] }, 2)).toBe(true)
    expect(await whole({ ...QUERY, by: ['tenant'] }, 1)).toBe(false)
    expect(await whole({ ...QUERY, by: ['tenant'], tenant: 'acme' }, 1)).toBe(true)
    expect(await whole({ ...QUERY, by: ['route', 'tenant'] }, 1)).toBe(true)
  })

  test('refuses what a report refuses before it has a row', async () => {
    await using store = await billingStore(sceneWith([{ tenantId: 'acme', bucketMs: Date.UTC(1971, 0, 5) }]))
    const span = { startMs: Date.UTC(1971, 0, 1), endMs: Date.UTC(1971, 1, 1) }
    const query = { ...QUERY, span, timezone: 'Africa/Monrovia', by: ['tenant', 'day'] }
    await expect(openUsageStream(store, query, { rowsAtOnce: 1 })).rejects.toMatchObject({
      code: 'invalid-parameter',
    })
  })
})
