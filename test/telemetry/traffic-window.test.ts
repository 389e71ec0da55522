import { expect, test } from 'vitest'
import { ManualClock } from '../../src/lib/clock.ts'
import { makeTrafficMemory, readTraffic, Traffic } from '../../src/telemetry/traffic.ts'
import { TrafficWindow } from '../../src/telemetry/traffic-window.ts'

const START = Date.parse('2026-03-10T12:00:00Z')

test('what ended in the last minute is told apart from what ended before', () => {
  const { traffic, window, seconds } = scene()
  answer(traffic, 200, 100, 3)
  seconds(61)
  answer(traffic, 200, 20, 3)
  answer(traffic, 503, 5, 40)
  traffic.refused('rate-limited', 429)
  seconds(1)
  expect(window.view()).toMatchObject({
    ...{ at: '2026-03-10T12:01:02.000Z', since: '2026-03-10T12:00:00.000Z' },
    ...{ completed: 125, metered: 125, metered_percent: '100', refused: 1 },
    statuses: { '2xx': 120, '5xx': 5 },
    last_minute: { requests: 26, refused: 1, errors: 5, refusals: { 'rate-limited': 1 } },
  })
  expect(window.view().per_second.slice(-2)).toEqual([0, 26])
})

test('metered is all only when it is: one event of a hundred thousand is not lost in rounding', () => {
  const { traffic, window } = scene()
  traffic.completed(100_000)
  traffic.durable(99_999, 99_999, 1)
  expect(window.view().metered_percent).toBe('99.99')
  traffic.durable(1, 1, 1)
  expect(window.view().metered_percent).toBe('100')
})

test('one error of a million is not none', () => {
  const { traffic, window } = scene()
  traffic.completed(1_000_000)
  traffic.ended(500, 1, 1, 0, 0)
  expect(window.view().last_minute.errors_percent).toBe('0.01')
})

test('nothing is said of what there was none of', () => {
  const { window } = scene()
  expect(window.view()).toMatchObject({ completed: 0, metered_percent: null, per_second: [] })
  expect(window.view().last_minute).toMatchObject({ errors_percent: null, p50_ms: null, p99_ms: null })
})

test('it keeps two minutes, however long it looks', () => {
  const { traffic, window, seconds } = scene()
  for (let second = 0; second < 500; second += 1) {
    traffic.completed(second)
    seconds(1)
  }
  const { per_second: counts, last_minute: minute } = window.view()
  expect(counts).toHaveLength(120)
  expect(counts.at(-1)).toBe(499)
  expect(minute.requests).toBe(counts.slice(-60).reduce((sum, count) => sum + count, 0))
})

function scene() {
  const clock = new ManualClock(START)
  const memory = makeTrafficMemory(1)
  const window = new TrafficWindow(clock, () => readTraffic(memory))
  const seconds = (count: number) => {
    for (let second = 0; second < count; second += 1) {
      clock.advance(1_000)
      window.look()
    }
  }
  return { traffic: new Traffic(memory, 0), window, seconds }
}

function answer(traffic: Traffic, status: number, times: number, ms: number): void {
  for (let time = 0; time < times; time += 1) traffic.ended(status, ms, ms, 0, 0)
  traffic.completed(times)
  traffic.durable(times, times, 1)
}
