import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../src/lib/clock.ts'
import { rollUp } from '../../src/metering/roll-up.ts'
import { usageReport } from '../../src/metering/usage-report.ts'
import { viewUsageReport } from '../../src/metering/usage-view.ts'
import type { UsageEvent } from '../../src/model/event.ts'
import type { Aggregation } from '../../src/model/mark.ts'
import { formatQuantity, quantityFemtos } from '../../src/model/quantity.ts'
import { openSqlControlStore } from '../../src/storage/sql/control-store.ts'
import { sqliteEngine } from '../../src/storage/sql/sqlite-engine.ts'
import { openSqliteFile } from '../../src/storage/sql/sqlite-file.ts'
import { usageEvent } from '../support/usage-events.ts'

const MARCH = { startMs: Date.UTC(2026, 2, 1), endMs: Date.UTC(2026, 3, 1) }
const DAY = 24 * 3_600_000
const LENGTH = MARCH.endMs - MARCH.startMs

const AGGREGATION: Readonly<Record<string, Aggregation>> = {
  tokens: 'sum',
  images: 'count',
  peak: 'max',
  seats: 'latest',
  users: 'unique_count',
  storage: 'time-weighted',
}

const rollUpAll = (events: readonly UsageEvent[]) => rollUp(events, (id) => AGGREGATION[id] ?? 'sum')

/** A store with these events in its ledger, in as many batches. */
async function storeWith(...batches: readonly (readonly UsageEvent[])[]) {
  const store = await openSqlControlStore(sqliteEngine(openSqliteFile(':memory:')), new ManualClock(0))
  for (const [index, events] of batches.entries()) {
    const advance = { nodeId: 'node-1', epoch: 1, afterSeq: index, throughSeq: index + 1 }
    await store.transaction(({ ledger }) => ledger.apply(rollUpAll(events), advance))
  }
  return store
}

async function report(events: readonly UsageEvent[], asked: object = {}) {
  await using store = await storeWith(events)
  const query = { span: MARCH, timezone: 'UTC', by: [], tenant: undefined, ...asked }
  return viewUsageReport(await usageReport(store, query))
}

let seq = 0
const at = (ms: number, quantities: Record<string, string>, fields: Partial<UsageEvent> = {}) => {
  seq += 1
  return usageEvent({ seq, timestampMs: MARCH.startMs + ms, quantities, ...fields })
}

describe('a month of a meter', () => {
  test.each([
    { meter: 'tokens', values: ['0.1', '0.2'], total: '0.3', why: 'is the exact sum' },
    { meter: 'images', values: ['1', '1', '1'], total: '3', why: 'is how often it was reported' },
    { meter: 'peak', values: ['9', '10.5', '7'], total: '10.5', why: 'is the highest value' },
    { meter: 'seats', values: ['5', '9', '4'], total: '4', why: 'is the last value' },
    { meter: 'users', values: ['ann', 'bob', 'ann'], total: '2', why: 'is how many differ' },
  ])('$meter $why', async ({ meter, values, total }) => {
    const events = values.map((value, index) => at(index * DAY, { [meter]: value }))
    expect((await report(events)).total.quantities).toEqual({ [meter]: total })
    expect((await report(events.toReversed())).total.quantities).toEqual({ [meter]: total })
  })

  test('is what the tenants’ bills add up to: what cannot be added up is made one number for each', async () => {
    const events = [
      at(0, { peak: '10', users: 'ann', seats: '3' }),
      at(DAY, { peak: '4', users: 'ann', seats: '2' }, { tenantId: 'globex' }),
    ]
    const found = await report(events, { by: ['tenant'] })
    expect(found.total.quantities).toEqual({ peak: '14', seats: '5', users: '2' })
    expect(found.rows).toMatchObject([
      { tenant_id: 'acme', quantities: { peak: '10', seats: '3', users: '1' } },
      { tenant_id: 'globex', quantities: { peak: '4', seats: '2', users: '1' } },
    ])
  })

  test('takes no value of calls that are not billed', async () => {
    const events = [
      at(0, { peak: '10', users: 'ann', storage: '7' }, { billable: false }),
      at(1, { peak: '2' }),
    ]
    expect((await report(events)).total.quantities).toEqual({ peak: '2' })
  })

  test('takes no value that its aggregation cannot take, whatever wrote it: it is a leak', async () => {
    const events = [at(0, { tokens: 'ann', storage: '1e3', users: '\u0007' }), at(1, { tokens: '2' })]
    await using store = await storeWith(events)
    const query = { span: MARCH, timezone: 'UTC', by: [], tenant: undefined }
    expect((await usageReport(store, query)).total).toMatchObject({ quantities: { tokens: '2' }, leaks: '3' })
  })

  test('takes what is below zero, of an event that was let in so', async () => {
    const events = [at(0, { tokens: '-0.5', peak: '-3' }), at(1, { tokens: '2', peak: '-4' })]
    expect((await report(events)).total.quantities).toEqual({ peak: '-3', tokens: '1.5' })
  })
})

describe('a level', () => {
  test('is weighted by how long it held: half a month 10, half a month 20', async () => {
    const events = [at(0, { storage: '10' }), at(LENGTH / 2, { storage: '20' })]
    expect((await report(events)).total.quantities).toEqual({ storage: '15' })
  })

  test('is 0 before the first, and holds to the end after the last', async () => {
    expect((await report([at(LENGTH / 4, { storage: '8' })])).total.quantities).toEqual({ storage: '6' })
  })

  test('holds on from before the span, also in a month without any call', async () => {
    const earlier = at(-40 * DAY, { storage: '10' })
    expect(await report([earlier], { by: ['tenant'] })).toMatchObject({
      rows: [{ tenant_id: 'acme', requests: 0, quantities: { storage: '10' } }],
      total: { requests: 0, quantities: { storage: '10' } },
    })
    const later = at(LENGTH / 2, { storage: '0' })
    expect((await report([earlier, later])).total.quantities).toEqual({ storage: '5' })
  })

  test('holds on from one day to the next', async () => {
    const events = [at(-DAY, { storage: '4' }), at(DAY / 2, { storage: '8' }), at(2 * DAY, { tokens: '1' })]
    expect((await report(events, { by: ['day'] })).rows).toMatchObject([
      { day: '2026-03-01', quantities: { storage: '6' } },
      { day: '2026-03-03', quantities: { storage: '8' } },
    ])
  })

  test('is rounded at the 15th place, half up', async () => {
    const span = { startMs: MARCH.startMs, endMs: MARCH.startMs + 3 * 900_000 }
    const found = await report([at(0, { storage: '1' }), at(900_000, { storage: '0' })], { span })
    expect(found.total.quantities).toEqual({ storage: '0.333333333333333' })
  })

  test('over any span is what counting each millisecond gives, however events are batched', async () => {
    const slots = 8
    const slot = 900_000
    const events = fc.array(
      fc.record({ ms: fc.nat(slots * slot), quantity: fc.integer({ min: 0, max: 50 }).map(String) }),
      { maxLength: 12 },
    )
    const spans = fc.tuple(fc.nat(slots - 1), fc.integer({ min: 1, max: slots }))
    await fc.assert(
      fc.asyncProperty(events, spans, fc.nat(12), async (drawn, [from, length], cut) => {
        const all = drawn.map(({ ms, quantity }) => at(ms, { storage: quantity }))
        const batches = [all.slice(cut).toReversed(), all.slice(0, cut)].filter((batch) => batch.length > 0)
        const span = { startMs: MARCH.startMs + from * slot, endMs: MARCH.startMs + (from + length) * slot }
        await using store = await storeWith(...batches)
        const query = { span, timezone: 'UTC', by: [], tenant: undefined }
        const { quantities } = (await usageReport(store, query)).total
        expect(quantities.storage ?? '0').toBe(bruteForce(all, span))
      }),
      { numRuns: 60 },
    )
  })

  /** The mean of the level, by the events in the order of time, then id. */
  function bruteForce(events: readonly UsageEvent[], { startMs, endMs }: typeof MARCH): string {
    const sorted = events.toSorted((a, b) => a.timestampMs - b.timestampMs || (a.id < b.id ? -1 : 1))
    let area = 0n
    for (const [index, event] of sorted.entries()) {
      const from = Math.max(startMs, Math.min(endMs, event.timestampMs))
      const to = Math.max(startMs, Math.min(endMs, sorted[index + 1]?.timestampMs ?? endMs))
      area += quantityFemtos(event.quantities.storage ?? '0') * BigInt(to - from)
    }
    const length = BigInt(endMs - startMs)
    return formatQuantity((2n * area + length) / (2n * length))
  }
})

describe('a report', () => {
  const dimensions = (region: string) => ({ dimensions: { region, team: 'a' } })
  const events = [
    at(0, { tokens: '5' }, { ...dimensions('eu'), responseTimeMs: 30, bytesReceived: 8, bytesSent: 100 }),
    at(1, { tokens: '7' }, { ...dimensions('us'), responseTimeMs: 40, bytesReceived: 2, bytesSent: 10 }),
    at(2, {}, { responseTimeMs: 5, bytesSent: 0 }),
  ]

  test('can be broken down by a dimension, beside anything else; calls without it stand by themselves', async () => {
    expect((await report(events, { by: ['region', 'tenant'] })).rows).toMatchObject([
      { region: '', tenant_id: 'acme', requests: 1 },
      { region: 'eu', tenant_id: 'acme', quantities: { tokens: '5' } },
      { region: 'us', tenant_id: 'acme', quantities: { tokens: '7' } },
    ])
    expect((await report(events, { by: ['team'] })).rows).toMatchObject([
      { team: '', requests: 1 },
      { team: 'a', requests: 2 },
    ])
  })

  test('can show the built-in meters as quantities, beside custom ones and in the order asked for', async () => {
    const meters = ['duration_ms', 'tokens', 'bandwidth', 'calls', 'units', 'bytes_in', 'bytes_out', 'unused']
    const { quantities } = (await report(events, { meters })).total
    expect(Object.entries(quantities)).toEqual([
      ['duration_ms', '75'],
      ['tokens', '12'],
      ['bandwidth', '120'],
      ['calls', '3'],
      ['units', '3'],
      ['bytes_in', '10'],
      ['bytes_out', '110'],
      ['unused', '0'],
    ])
  })
})
