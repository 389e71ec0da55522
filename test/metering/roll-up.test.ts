import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rollUp } from '../../src/metering/roll-up.ts'
import type { UsageEvent } from '../../src/model/event.ts'
import { addQuantities } from '../../src/model/quantity.ts'
import { BUCKET_MS, type RollupEntry } from '../../src/storage/ports/ledger.ts'
import { usageEvent } from '../support/usage-events.ts'

const START = Date.UTC(2026, 2, 1)

/** Few values of each field, so that many events meet in one rollup. */
const events: fc.Arbitrary<UsageEvent[]> = fc.array(
  fc
    .record({
      timestampMs: fc.integer({ min: START, max: START + 2 * BUCKET_MS }),
      tenantId: fc.constantFrom('acme', 'beta', ''),
      keyId: fc.constantFrom('key_1', 'key_2'),
      apiId: fc.constantFrom('shop', 'bank'),
      routeId: fc.constantFrom('search', 'lookup'),
      planId: fc.constantFrom('free', 'pro'),
      planVersion: fc.integer({ min: 1, max: 2 }),
      subscriptionId: fc.constantFrom('sub_1', 'sub_2'),
      statusCode: fc.constantFrom(0, 200, 204, 404, 500),
      billable: fc.boolean(),
      outcome: fc.constantFrom('ok' as const, 'refused' as const, 'upstream_error' as const),
      count: fc.integer({ min: 1, max: 1_000 }),
      usageUnits: fc.integer({ min: 0, max: 100 }),
      bytesSent: fc.integer({ min: 0, max: 1e9 }),
      bytesReceived: fc.integer({ min: 0, max: 1e9 }),
      responseTimeMs: fc.integer({ min: 0, max: 60_000 }),
      quantities: fc.dictionary(
        fc.constantFrom('tokens', 'images'),
        fc.constantFrom('1', '0.1', '0.000000000000001', '12.5', '999999999999'),
        { noNullPrototype: true },
      ),
    })
    .map((fields) => usageEvent(fields)),
  { maxLength: 60 },
)

test('order, batching and splitting do not matter', () => {
  fc.assert(
    fc.property(events, fc.array(fc.nat(60)), fc.nat(), (all, cuts, turn) => {
      const shuffled = all.toSorted((one, other) => mix(one, turn) - mix(other, turn))
      const edges = [0, ...cuts.map((cut) => Math.min(cut, all.length)).sort((a, b) => a - b), all.length]
      const batches = edges.slice(1).map((end, index) => rollUp(shuffled.slice(edges[index], end)))
      expect(merged(batches.flat())).toEqual(merged(rollUp(all)))
    }),
    { numRuns: 300 },
  )
})

test('nothing is lost and nothing is added: the sums are those of the events', () => {
  fc.assert(
    fc.property(events, (all) => {
      const entries = rollUp(all)
      const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0)
      expect(sum(entries.map((entry) => entry.requests))).toBe(sum(all.map((event) => event.count)))
      expect(sum(entries.map((entry) => entry.refused))).toBe(
        sum(all.filter((event) => event.outcome === 'refused').map((event) => event.count)),
      )
      for (const field of ['usageUnits', 'bytesSent', 'bytesReceived'] as const) {
        expect(sum(entries.map((entry) => entry[field]))).toBe(sum(all.map((event) => event[field])))
      }
      for (const meter of ['tokens', 'images']) {
        const total = (values: readonly Readonly<Record<string, string>>[]) =>
          values.reduce((left, { [meter]: value = '0' }) => addQuantities(left, value), '0')
        expect(total(entries.map((entry) => entry.quantities))).toBe(
          total(all.map((event) => event.quantities)),
        )
      }
      expect(new Set(entries.map(keyOf)).size).toBe(entries.length)
    }),
    { numRuns: 300 },
  )
})

test('a bucket is a quarter of an hour, half-open', () => {
  const at = (timestampMs: number) => rollUp([usageEvent({ timestampMs })])[0]?.bucketMs
  expect(at(START)).toBe(START)
  expect(at(START + BUCKET_MS - 1)).toBe(START)
  expect(at(START + BUCKET_MS)).toBe(START + BUCKET_MS)
})

/** Rollups of the same key added up, in one order: what the ledger does with them. */
function merged(entries: readonly RollupEntry[]): RollupEntry[] {
  const byKey = new Map<string, RollupEntry>()
  for (const entry of entries) {
    const before = byKey.get(keyOf(entry))
    byKey.set(keyOf(entry), before === undefined ? entry : add(before, entry))
  }
  return [...byKey.values()].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
}

function add(one: RollupEntry, other: RollupEntry): RollupEntry {
  const quantities = { ...one.quantities }
  for (const [meter, quantity] of Object.entries(other.quantities)) {
    quantities[meter] = addQuantities(quantities[meter] ?? '0', quantity)
  }
  return {
    ...one,
    requests: one.requests + other.requests,
    refused: one.refused + other.refused,
    usageUnits: one.usageUnits + other.usageUnits,
    bytesReceived: one.bytesReceived + other.bytesReceived,
    bytesSent: one.bytesSent + other.bytesSent,
    durationMs: one.durationMs + other.durationMs,
    quantities,
  }
}

function keyOf(entry: RollupEntry): string {
  const { bucketMs, tenantId, keyId, apiId, routeId, planId, planVersion } = entry
  const { subscriptionId, statusClass, billable } = entry
  return JSON.stringify([
    ...[bucketMs, tenantId, keyId, apiId, routeId, planId, planVersion],
    ...[subscriptionId, statusClass, billable],
  ])
}

function mix(event: UsageEvent, turn: number): number {
  return (event.timestampMs * 7_919 + event.bytesSent * 31 + turn) % 1_009
}
