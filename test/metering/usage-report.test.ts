import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../src/lib/clock.ts'
import { REPORT_BY, type ReportBy } from '../../src/metering/report-columns.ts'
import { rollUp } from '../../src/metering/roll-up.ts'
import { usageReport } from '../../src/metering/usage-report.ts'
import { viewUsageReport } from '../../src/metering/usage-view.ts'
import type { UsageEvent } from '../../src/model/event.ts'
import { formatQuantity, quantityFemtos } from '../../src/model/quantity.ts'
import { openSqlControlStore } from '../../src/storage/sql/control-store.ts'
import { sqliteEngine } from '../../src/storage/sql/sqlite-engine.ts'
import { openSqliteFile } from '../../src/storage/sql/sqlite-file.ts'
import { usageEvent } from '../support/usage-events.ts'

const MARCH = { startMs: Date.UTC(2026, 2, 1), endMs: Date.UTC(2026, 3, 1) }

function memoryStore() {
  return openSqlControlStore(sqliteEngine(openSqliteFile(':memory:')), new ManualClock(0))
}

/** A store whose ledger holds the rollups of these events. */
async function storeWith(events: readonly UsageEvent[]) {
  const store = await memoryStore()
  const advance = { nodeId: 'node-1', epoch: 1, afterSeq: 0, throughSeq: 1 }
  await store.transaction(({ ledger }) => ledger.apply(rollUp(events), advance))
  return store
}

async function report(
  events: readonly UsageEvent[],
  { by, timezone = 'UTC', span = MARCH }: { by: readonly ReportBy[]; timezone?: string; span?: typeof MARCH },
) {
  await using store = await storeWith(events)
  return viewUsageReport(await usageReport(store, { span, timezone, by, tenant: undefined }))
}

describe('a usage report', () => {
  test('has the shape that scripts rely on', async () => {
    await using store = await memoryStore()
    await store.tenants.insert({ ...TENANT, id: 'acme', name: 'Acme Inc.' })
    const events = [
      usageEvent({ seq: 1, usageUnits: 5, bytesReceived: 7, quantities: { tokens: '0.1' } }),
      usageEvent({ seq: 2, usageUnits: 5, quantities: { tokens: '0.2', images: '1' } }),
      usageEvent({ seq: 3, statusCode: 500, billable: false, quantities: { tokens: '9' } }),
      usageEvent({ seq: 4, statusCode: 429, outcome: 'refused', billable: false, count: 3, usageUnits: 0 }),
    ]
    const advance = { nodeId: 'node-1', epoch: 1, afterSeq: 0, throughSeq: 4 }
    await store.ledger.apply(rollUp(events), advance)
    const query = { span: MARCH, timezone: 'UTC', by: ['tenant', 'key'], tenant: undefined } as const

    const sums = {
      requests: 6,
      billable: 2,
      refused: 3,
      usage_units: 10,
      bytes_received: 7,
      bytes_sent: 1_024,
      quantities: { images: '1', tokens: '0.3' },
    }
    expect(viewUsageReport(await usageReport(store, query))).toEqual({
      from: '2026-03-01T00:00:00.000Z',
      to: '2026-04-01T00:00:00.000Z',
      rows: [{ tenant_id: 'acme', tenant_name: 'Acme Inc.', key_id: 'key_1', key_name: null, ...sums }],
      total: sums,
    })
  })

  test('of nothing has no rows and a total of zero', async () => {
    expect(await report([], { by: ['tenant'] })).toMatchObject({
      rows: [],
      total: { requests: 0, billable: 0, refused: 0, usage_units: 0, quantities: {} },
    })
  })

  test('takes the span half-open', async () => {
    const events = [MARCH.startMs - 1, MARCH.startMs, MARCH.endMs - 1, MARCH.endMs]
    const found = await report(
      events.map((timestampMs, seq) => usageEvent({ seq, timestampMs })),
      { by: ['day'] },
    )
    expect(found.rows).toMatchObject([{ day: '2026-03-01' }, { day: '2026-03-31' }])
    expect(found.total.requests).toBe(2)
  })

  test('names rows without a tenant, a key or a status, and statuses by their class', async () => {
    const open = { tenantId: '', keyId: '', planId: '' }
    const found = await report(
      [usageEvent({ ...open, statusCode: 0 }), usageEvent({ ...open, statusCode: 101 })],
      {
        by: ['tenant', 'status'],
      },
    )
    expect(found.rows).toMatchObject([
      { tenant_id: '', tenant_name: null, status: '1xx' },
      { tenant_id: '', tenant_name: null, status: 'none' },
    ])
  })

  test('can be about one tenant, by either of its ids, even a deleted one', async () => {
    await using store = await storeWith([usageEvent({ seq: 1 }), usageEvent({ seq: 2, tenantId: 'other' })])
    await store.tenants.insert({ ...TENANT, id: 'acme', externalId: 'crm-7', state: 'deleted' })
    for (const tenant of ['acme', 'crm-7']) {
      const query = { span: MARCH, timezone: 'UTC', by: [], tenant } as const
      expect((await usageReport(store, query)).total.requests).toBe(1)
    }
  })

  test('about an unknown tenant is refused, with the nearest one that exists', async () => {
    await using store = await storeWith([])
    await store.tenants.insert({ ...TENANT, id: 'acme' })
    const query = { span: MARCH, timezone: 'UTC', by: [], tenant: 'amce' } as const
    await expect(usageReport(store, query)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('--tenant "amce": there is no such tenant (did you mean acme?)'),
    })
  })
})

describe('days, weeks and months', () => {
  const hourly = (from: string, hours: number) =>
    Array.from({ length: hours }, (_, seq) =>
      usageEvent({ seq, timestampMs: Date.parse(from) + seq * 3_600_000 + 1 }),
    )

  test('a day on which clocks change is one day, of 23 or 25 hours', async () => {
    const spring = { by: ['day'], timezone: 'Europe/Berlin' } as const
    expect((await report(hourly('2026-03-28T23:00Z', 48), spring)).rows).toMatchObject([
      { day: '2026-03-29', requests: 23 },
      { day: '2026-03-30', requests: 24 },
      { day: '2026-03-31', requests: 1 },
    ])
    const october = { startMs: Date.parse('2026-10-24T22:00Z'), endMs: Date.parse('2026-10-26T23:00Z') }
    expect((await report(hourly('2026-10-24T22:00Z', 49), { ...spring, span: october })).rows).toMatchObject([
      { day: '2026-10-25', requests: 25 },
      { day: '2026-10-26', requests: 24 },
    ])
  })

  test('weeks are ISO weeks: from Monday, and the first has the first Thursday', async () => {
    const span = { startMs: Date.UTC(2026, 11, 1), endMs: Date.UTC(2027, 1, 1) }
    const found = await report(hourly('2026-12-27T23:00Z', 24 * 8), { by: ['week'], span })
    expect(found.rows).toMatchObject([
      { week: '2026-W52', requests: 1 },
      { week: '2026-W53', requests: 7 * 24 },
      { week: '2027-W01', requests: 23 },
    ])
  })

  test('a row covers the part of its week and month that the span holds', async () => {
    await using store = await storeWith(hourly('2026-02-27T00:00Z', 24 * 5))
    const span = { startMs: Date.parse('2026-02-28T12:00Z'), endMs: Date.UTC(2026, 2, 10) }
    const query = { span, timezone: 'UTC', by: ['month', 'week'], tenant: undefined } as const
    const { rows } = await usageReport(store, query)
    expect(rows.map(({ cells, period }) => [...cells, period.startMs, period.endMs])).toEqual([
      ['2026-02', '2026-W09', span.startMs, Date.UTC(2026, 2, 1)],
      ['2026-03', '2026-W09', Date.UTC(2026, 2, 1), Date.UTC(2026, 2, 2)],
      ['2026-03', '2026-W10', Date.UTC(2026, 2, 2), Date.UTC(2026, 2, 9)],
    ])
  })

  test('are cut exactly even where a zone is off by a quarter of an hour', async () => {
    const found = await report(
      [Date.parse('2026-03-09T18:14:59.999Z'), Date.parse('2026-03-09T18:15Z')].map((timestampMs, seq) =>
        usageEvent({ seq, timestampMs }),
      ),
      { by: ['day'], timezone: 'Asia/Kathmandu' },
    )
    expect(found.rows).toMatchObject([{ day: '2026-03-09' }, { day: '2026-03-10' }])
  })

  test('a zone whose days did not begin on a quarter of an hour is refused, not cut wrongly', async () => {
    const span = { startMs: Date.UTC(1971, 0, 1), endMs: Date.UTC(1971, 1, 1) }
    const asked = report([usageEvent({ timestampMs: Date.UTC(1971, 0, 5) })], {
      by: ['day'],
      timezone: 'Africa/Monrovia',
      span,
    })
    await expect(asked).rejects.toMatchObject({ code: 'invalid-parameter' })
  })
})

describe('whatever was used and however it is broken down', () => {
  const event = fc.record({
    timestampMs: fc.integer({ min: Date.UTC(2026, 1, 26), max: Date.UTC(2026, 3, 4) }),
    tenantId: fc.constantFrom('acme', 'globex', ''),
    keyId: fc.constantFrom('key_1', 'key_2', ''),
    apiId: fc.constantFrom('a', 'b'),
    routeId: fc.constantFrom('search', 'lookup', ''),
    planId: fc.constantFrom('free', 'pro', ''),
    planVersion: fc.constantFrom(1, 2),
    statusCode: fc.constantFrom(0, 101, 200, 204, 404, 429, 500),
    outcome: fc.constantFrom<UsageEvent['outcome']>('ok', 'refused'),
    billable: fc.boolean(),
    usageUnits: fc.nat(5),
    bytesSent: fc.nat(10_000),
    bytesReceived: fc.nat(10_000),
    count: fc.integer({ min: 1, max: 3 }),
    quantities: fc.dictionary(
      fc.constantFrom('tokens', 'images'),
      fc.bigInt({ min: 0n, max: 10n ** 20n }).map(formatQuantity),
    ),
  })

  test('the rows sum to the total, and the total is that of the events', async () => {
    const zones = ['UTC', 'Europe/Berlin', 'Australia/Lord_Howe', 'America/St_Johns', 'Asia/Kathmandu']
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 60 }),
        fc.constantFrom(...zones),
        async (parts, timezone) => {
          const events = parts.map((part, seq) => usageEvent({ ...part, seq }))
          const total = totalOf(
            events.filter(({ timestampMs: at }) => at >= MARCH.startMs && at < MARCH.endMs),
          )
          await using store = await storeWith(events)
          for (const by of BREAKDOWNS) {
            const query = { span: MARCH, timezone, by, tenant: undefined }
            const found = viewUsageReport(await usageReport(store, query))
            expect(found.total).toEqual(total)
            const rows = found.rows as unknown as (typeof total)[]
            for (const column of SUMS) expect(sum(rows.map((row) => row[column]))).toBe(total[column])
            expect(sumQuantities(rows.map(({ quantities }) => quantities))).toEqual(total.quantities)
          }
        },
      ),
      { numRuns: 5 },
    )
  })

  test('a row about a day, a week or a month has what a report of that span alone has', async () => {
    const zones = ['UTC', 'Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kathmandu']
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 60 }),
        fc.constantFrom(...zones),
        fc.constantFrom('day', 'week', 'month'),
        async (parts, timezone, cycle) => {
          // Rollups with quantities are read one by one, the others in sums.
          const events = parts.map((part, seq) => usageEvent({ ...part, seq, quantities: {} }))
          await using store = await storeWith(events)
          const asked = { timezone, by: ['key', cycle], tenant: undefined }
          const { rows } = await usageReport(store, { ...asked, span: MARCH })
          for (const { period } of rows) {
            const alone = await usageReport(store, { ...asked, span: period })
            expect(rows.filter((row) => row.period.startMs === period.startMs)).toEqual(alone.rows)
          }
        },
      ),
      { numRuns: 15 },
    )
  })

  // All 512 of them.
  const BREAKDOWNS = Array.from({ length: 2 ** REPORT_BY.length }, (_, chosen) =>
    REPORT_BY.filter((_, index) => (chosen >> index) % 2 === 1),
  )

  function totalOf(events: readonly UsageEvent[]) {
    const billable = events.filter((each) => each.billable)
    return {
      requests: sum(events.map(({ count }) => count)),
      billable: sum(billable.map(({ count }) => count)),
      refused: sum(events.map(({ outcome, count }) => (outcome === 'refused' ? count : 0))),
      usage_units: sum(billable.map(({ usageUnits }) => usageUnits)),
      bytes_received: sum(billable.map(({ bytesReceived }) => bytesReceived)),
      bytes_sent: sum(billable.map(({ bytesSent }) => bytesSent)),
      quantities: sumQuantities(billable.map(({ quantities }) => quantities)),
    }
  }

  const SUMS = ['requests', 'billable', 'refused', 'usage_units', 'bytes_received', 'bytes_sent'] as const
})

const TENANT = {
  name: 'Acme',
  externalId: null,
  state: 'active',
  overrides: null,
  createdAtMs: 0,
} as const

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function sumQuantities(records: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const sums: Record<string, string> = {}
  for (const [meterId, quantity] of records.flatMap((record) => Object.entries(record))) {
    sums[meterId] = formatQuantity(quantityFemtos(sums[meterId] ?? '0') + quantityFemtos(quantity))
  }
  return sums
}
