import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeCaller, encodeEvent } from '../../src/metering/event.ts'
import { decodeEvents } from '../../src/metering/event-decoder.ts'
import type { UsageEvent } from '../../src/model/event.ts'
import { usageEvent } from '../support/usage-events.ts'

const PLACE = { nodeId: 'node-1', epoch: 3, firstSeq: 41 }

/** Texts as they can come: anything but what ends a field or a line. */
const text = fc
  .oneof(fc.string({ unit: 'binary', maxLength: 30 }), fc.string({ unit: 'grapheme', maxLength: 30 }))
  .map((value) => value.replace(/[\t\n]/g, ' '))
const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const named = fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/), text, {
  maxKeys: 4,
  noNullPrototype: true,
})

const events: fc.Arbitrary<UsageEvent> = fc.record({
  id: text,
  timestampMs: count,
  tenantId: text,
  keyId: text,
  apiId: text,
  routeId: text,
  planId: text,
  planVersion: count,
  subscriptionId: text,
  method: text,
  endpoint: text,
  statusCode: fc.integer({ min: 0, max: 999 }),
  outcome: fc.constantFrom('ok', 'client_aborted', 'upstream_truncated', 'upstream_error', 'refused'),
  refusal: text,
  billable: fc.boolean(),
  responseTimeMs: count,
  bytesSent: count,
  bytesReceived: count,
  usageUnits: count,
  quantities: named,
  dimensions: named,
  clientIp: text,
  requestId: text,
  nodeId: fc.constant(PLACE.nodeId),
  epoch: fc.constant(PLACE.epoch),
  seq: fc.constant(0),
  source: text,
  count: fc.integer({ min: 1, max: 1_000_000 }),
})

function encode(event: UsageEvent): string {
  return encodeEvent({
    ...event,
    caller: encodeCaller(event),
    quantities: Object.keys(event.quantities).length === 0 ? '' : JSON.stringify(event.quantities),
    dimensions: Object.keys(event.dimensions).length === 0 ? '' : JSON.stringify(event.dimensions),
  })
}

test('every field of every event comes back as it was, in order, numbered without a gap', () => {
  fc.assert(
    fc.property(fc.array(events, { maxLength: 5 }), (all) => {
      const lines = all.map(encode).join('')
      const expected = all.map((event, index) => ({ ...event, seq: PLACE.firstSeq + index }))
      expect(decodeEvents(lines, PLACE)).toEqual(expected)
    }),
    { numRuns: 1_000 },
  )
})

test('whatever number a fault of ours makes, its line can be read, and those of others with it', () => {
  const odd = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.constantFrom(-0, -146, 0.5, 999_999_999, 1e9, 2 ** 53, 1e20, Number.NaN),
  )
  fc.assert(
    fc.property(odd, odd, odd, (bytesSent, bytesReceived, responseTimeMs) => {
      const lines = encode(usageEvent({ bytesSent, bytesReceived, responseTimeMs })) + encode(usageEvent())
      const [first, second] = decodeEvents(lines, PLACE)
      expect(first?.bytesSent).toBe(
        bytesSent > 0 ? Math.min(Math.floor(bytesSent), Number.MAX_SAFE_INTEGER) : 0,
      )
      expect(second).toMatchObject({ bytesSent: usageEvent().bytesSent })
    }),
  )
})

test('an event is one line of readable text', () => {
  const line = encode(usageEvent())
  expect(line.endsWith('\n')).toBe(true)
  expect(line.indexOf('\n')).toBe(line.length - 1)
  expect(line.split('\t')).toContain('/v1/search')
})

test.each([
  { lines: encode(usageEvent()).slice(0, -1), why: 'without its end' },
  { lines: 'a\tb\n', why: 'with too few fields' },
  { lines: encode(usageEvent()).replace('\n', '\tx\n'), why: 'with one field too many' },
  { lines: encode(usageEvent()).replace('\to\t', '\tz\t'), why: 'with an outcome that is none' },
])('a line $why is a fault of ours, never a wrong number', ({ lines }) => {
  expect(() => decodeEvents(lines, PLACE)).toThrow(/assertion failed/)
})
