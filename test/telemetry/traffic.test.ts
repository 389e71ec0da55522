import { expect, test } from 'vitest'
import {
  BOUNDS_MS,
  type Histogram,
  histogramSince,
  makeTrafficMemory,
  quantileMs,
  readTraffic,
  Traffic,
} from '../../src/telemetry/traffic.ts'

test('what several threads counted is added up, each number on its own', () => {
  const memory = makeTrafficMemory(3)
  const threads = [0, 1, 2].map((thread) => new Traffic(memory, thread))
  for (const [index, traffic] of threads.entries()) {
    traffic.ended(200, 4, 3, 1_000, 10)
    traffic.ended(503, 40, -1, 1, 0)
    traffic.ended(0, 1, -1, 0, 0)
    traffic.refused('rate-limited', 429)
    traffic.refused('upstream-timeout', 0)
    traffic.completed(3)
    traffic.durable(5, 3, 0.8)
    traffic.decidedAlone(2, 1)
    traffic.open(index)
    traffic.lagged(index * 10)
  }
  const totals = readTraffic(memory)
  expect(totals).toMatchObject({
    ...{ calls: 9, callsDurable: 9, eventsDurable: 15, bytesSent: 3_003, bytesReceived: 30 },
    ...{ aloneAdmitted: 6, aloneRefused: 3, openNow: 3, lagMsNow: 20 },
  })
  expect(Object.fromEntries(totals.byStatus)).toEqual({
    none: 3,
    '1xx': 0,
    '2xx': 3,
    '3xx': 0,
    '4xx': 0,
    '5xx': 3,
  })
  expect(totals.refusedByStatus.get('4xx')).toBe(3)
  expect(totals.refusedByStatus.get('5xx')).toBe(0)
  expect([...totals.refusedByCode].filter(([, count]) => count > 0)).toEqual([
    ['rate-limited', 3],
    ['upstream-timeout', 3],
  ])
  expect([totals.latency.count, totals.latency.sumMs]).toEqual([9, 135])
  expect([totals.upstream.count, totals.upstream.sumMs]).toEqual([3, 9])
  expect(totals.commit.count).toBe(3)
  expect(totals.lag.count).toBe(3)
})

test('a status no one knows counts as none, and every error code has a place of its own', () => {
  const memory = makeTrafficMemory(1)
  const traffic = new Traffic(memory, 0)
  traffic.ended(999, 1, -1, 0, 0)
  const { byStatus, refusedByCode } = readTraffic(memory)
  expect(byStatus.get('none')).toBe(1)
  for (const code of refusedByCode.keys()) traffic.refused(code, 0)
  expect(new Set(readTraffic(memory).refusedByCode.values())).toEqual(new Set([1]))
})

test('what was measured falls into the bucket whose bound it does not exceed', () => {
  const memory = makeTrafficMemory(1)
  const traffic = new Traffic(memory, 0)
  for (const bound of BOUNDS_MS) traffic.ended(200, bound, -1, 0, 0)
  traffic.ended(200, 1e9, -1, 0, 0)
  expect(readTraffic(memory).latency.buckets).toEqual([...BOUNDS_MS.map(() => 1), 1])
})

test.each([
  { values: [], part: 0.5, ms: null, why: 'nothing was measured' },
  { values: [2, 2, 2, 2], part: 0.5, ms: 1.75, why: 'half way through the bucket from 1 to 2.5' },
  { values: [2, 2, 2, 90], part: 0.99, ms: 99, why: 'the last of four lies between 75 and 100' },
  { values: [1e9], part: 0.5, ms: 30_000, why: 'what is above all bounds counts as the last' },
])('the $part quantile of $values is $ms: $why', ({ values, part, ms }) => {
  const actual = quantileMs(latencyOf(values), part)
  if (ms === null) expect(actual).toBeNull()
  else expect(actual).toBeCloseTo(ms, 6)
})

test('the difference of two readings is what came between them', () => {
  const memory = makeTrafficMemory(1)
  const traffic = new Traffic(memory, 0)
  traffic.ended(200, 3, -1, 0, 0)
  const before = readTraffic(memory).latency
  traffic.ended(200, 80, -1, 0, 0)
  const since = histogramSince(readTraffic(memory).latency, before)
  expect([since.count, since.sumMs]).toEqual([1, 80])
  expect(quantileMs(since, 0)).toBe(75)
})

function latencyOf(values: readonly number[]): Histogram {
  const memory = makeTrafficMemory(1)
  const traffic = new Traffic(memory, 0)
  for (const ms of values) traffic.ended(200, ms, -1, 0, 0)
  return readTraffic(memory).latency
}
