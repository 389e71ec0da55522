import { expect, test } from 'vitest'
import { OpenStreams } from '../../src/cli/open-streams.ts'
import { tailLine } from '../../src/cli/tail-line.ts'
import { usageEvent } from '../support/usage-events.ts'

const START = Date.UTC(2026, 2, 1, 12)
const begun = usageEvent({ requestId: 'r', outcome: 'open', timestampMs: START, responseTimeMs: 1_000 })
const ended = usageEvent({ requestId: 'r', count: 0, timestampMs: START + 9_000, responseTimeMs: 500 })

test('the end of a call that took long has the time of all of it, and both lines say what they are', () => {
  const streams = new OpenStreams()
  expect(tailLine(streams.whole(begun), 100)).toMatch(/\/v1\/search \(open\) +200 +… /)
  expect(tailLine(streams.whole(ended), 100)).toMatch(/\/v1\/search \(end\) +200 +9500 /)
})

test('an end whose beginning was not seen has the time of its last part; other calls are as they are', () => {
  const streams = new OpenStreams()
  expect(streams.whole(ended)).toBe(ended)
  streams.whole(begun)
  const other = usageEvent({ requestId: 'r' })
  expect(streams.whole(other)).toBe(other)
  expect(streams.whole({ ...ended, keyId: 'key_2' }).responseTimeMs).toBe(500)
})
