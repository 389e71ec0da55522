import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { LogFields } from '../../src/telemetry/log.ts'
import { QuietFailures } from '../../src/telemetry/quiet-failures.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function toldBy() {
  const lines: string[] = []
  const error = ({ error: what, times = 1 }: LogFields, message: string): void => {
    lines.push(`${message}: ${what} × ${times}`)
  }
  const failures = new QuietFailures({ error })
  const fail = (what: string, stack = 'at once') => failures.error({ error: what, stack }, 'shipping failed')
  return { lines, fail, told: () => lines.splice(0) }
}

/** Fails twice a second for so long, as a store does that is away. */
function failFor(seconds: number, fail: () => void): void {
  for (let half = 0; half < seconds * 2; half += 1) {
    fail()
    vi.advanceTimersByTime(500)
  }
}

test('a failure that repeats is told at once, and then by ever rarer lines with how often it came', () => {
  const { fail, told } = toldBy()
  fail('disk full')
  expect(told()).toEqual(['shipping failed: disk full × 1'])
  failFor(29.5, () => fail('disk full'))
  vi.advanceTimersByTime(500)
  expect(told()).toEqual(['shipping failed: disk full × 20', 'shipping failed: disk full × 39'])
})

test('an hour of failures is less than twenty lines, whose numbers add up to all of them', () => {
  const { fail, lines } = toldBy()
  failFor(3_600, () => fail('disk full'))
  vi.advanceTimersByTime(300_000)
  const times = lines.map((line) => Number(line.split(' × ')[1]))
  expect(lines.length).toBeLessThan(20)
  expect(times.reduce((sum, each) => sum + each, 0)).toBe(7_200)
})

test('those before the end are told though nothing fails any more', () => {
  const { fail, told } = toldBy()
  for (let time = 0; time < 4; time += 1) fail('disk full')
  told()
  vi.advanceTimersByTime(10_000)
  expect(told()).toEqual(['shipping failed: disk full × 3'])
})

test('another failure, or the same after a while without, is told at once', () => {
  const { fail, told } = toldBy()
  fail('disk full')
  fail('I/O error')
  vi.advanceTimersByTime(10_000)
  fail('disk full', 'elsewhere')
  expect(told()).toEqual([
    'shipping failed: disk full × 1',
    'shipping failed: I/O error × 1',
    'shipping failed: disk full × 1',
  ])
})
