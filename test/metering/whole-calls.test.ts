import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wholeCalls } from '../../src/metering/whole-calls.ts'
import { usageEvent } from '../support/usage-events.ts'

const first = usageEvent({ seq: 1, requestId: 'r', outcome: 'open', bytesSent: 10, responseTimeMs: 1_000 })
const next = usageEvent({ ...first, seq: 2, id: 'second', count: 0, usageUnits: 0, bytesSent: 20 })
const last = usageEvent({
  ...next,
  id: 'third',
  outcome: 'ok',
  responseTimeMs: 250,
  quantities: { tokens: '7' },
})

test('parts add up to one call, under the id of the first', () => {
  expect(wholeCalls([first, next, last])).toEqual([
    {
      event: { ...first, outcome: 'ok', bytesSent: 50, responseTimeMs: 2_250, quantities: { tokens: '7' } },
      parts: 3,
      pieces: [first, next, last],
      unbilledBytes: 0,
    },
  ])
})

test('a request id that was used again is another call', () => {
  const calls = wholeCalls([usageEvent({ seq: 7 }), first, last, first, next])
  expect(calls.map(({ event, parts }) => [event.outcome, parts])).toEqual([
    ['ok', 1],
    ['ok', 2],
    ['open', 2],
  ])
})

test('two at once under one id are told apart by key and path', () => {
  const other = { keyId: 'key_2', bytesSent: 1 }
  const calls = wholeCalls([first, { ...first, ...other }, last, { ...last, ...other }])
  expect(calls.map(({ event }) => event.bytesSent)).toEqual([30, 2])
})

test('what is not billed of a billed call is said', () => {
  const broken = usageEvent({ ...last, outcome: 'upstream_truncated', billable: false, bytesSent: 5 })
  expect(wholeCalls([first, broken])).toMatchObject([{ event: { billable: true }, unbilledBytes: 5 }])
})

test('however a call is cut, it is the same call', () => {
  const cut = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 2, maxLength: 20 })
  fc.assert(
    fc.property(cut, (sizes) => {
      const events = sizes.map((bytesSent, index) => {
        const isLast = index === sizes.length - 1
        const place = {
          id: `part-${index}`,
          count: index === 0 ? 1 : 0,
          outcome: isLast ? 'ok' : 'open',
        } as const
        return usageEvent({ ...first, ...place, bytesSent, responseTimeMs: bytesSent * 2 })
      })
      const [call, ...rest] = wholeCalls(events)
      const total = sizes.reduce((sum, size) => sum + size, 0)
      expect(rest).toEqual([])
      expect(call).toMatchObject({
        event: { bytesSent: total, responseTimeMs: total * 2 },
        parts: sizes.length,
      })
    }),
  )
})
