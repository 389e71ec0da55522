import { expect, test } from 'vitest'
import { FirstCalls } from '../../src/cli/first-calls.ts'
import type { UsageEvent } from '../../src/model/event.ts'
import { usageEvent } from '../support/usage-events.ts'

const START = 1_000_000

function linesOf(...groups: readonly Partial<UsageEvent>[][]): readonly string[] {
  const lines: string[] = []
  const calls = new FirstCalls(START, (line) => lines.push(line))
  for (const group of groups)
    calls.see(group.map((parts) => usageEvent({ timestampMs: START + 2000, ...parts })))
  return lines
}

const BILLED = {
  billable: true,
  refusal: '',
  statusCode: 200,
  method: 'GET',
  endpoint: '/a',
  responseTimeMs: 300,
}

test('the first billed call is told once, with the time from start to its end', () => {
  expect(linesOf([BILLED, BILLED], [{ ...BILLED, endpoint: '/b' }])).toEqual([
    'First billed call 2.3 s after start: GET /a 200\n→ gatez usage report   shows it, and all that follow.',
  ])
})

test('a call that is not billed is told too, once, and why', () => {
  const missed = { ...BILLED, billable: false, statusCode: 404 }
  expect(linesOf([missed], [missed], [BILLED])).toEqual([
    'First call 2.3 s after start: GET /a 404, not billed: only answers from 200 to 299 are.',
    expect.stringMatching(/^First billed call/),
  ])
})

test('refusals, and calls that an earlier run left behind, are no first calls', () => {
  const refused = { ...BILLED, billable: false, refusal: 'rate-limited', statusCode: 429 }
  expect(linesOf([refused, { ...BILLED, timestampMs: START - 1 }])).toEqual([])
})
