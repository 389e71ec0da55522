import { describe, expect, test } from 'vitest'
import type { IncomingEvent } from '../../src/ingest/incoming-event.ts'
import { matchMeters } from '../../src/ingest/match-meters.ts'
import type { Meter } from '../../src/model/meter.ts'
import { eventMeter, incoming } from '../support/incoming-events.ts'

const match = (meters: readonly Meter[], fields: Readonly<Record<string, unknown>> = {}, mayLower = true) =>
  matchMeters(incoming(fields) as IncomingEvent, meters, { mayLower })

const rule = (metrics: readonly string[], property: string | null = null, negative = false) => ({
  event: { metrics, property, negative },
})

describe('the meters of an event', () => {
  test('are those that its metric names; meters of calls take none', () => {
    const meters = [
      eventMeter('compute_ms'),
      eventMeter('other'),
      eventMeter('compute_ms', { from: 'header' }),
    ]
    expect(match(meters)).toEqual({ quantities: { compute_ms: '145' } })
    expect(match(meters, { metric: 'nothing' })).toEqual({ quantities: {} })
  })

  test('may be many, each with a property of its own; and one meter may take many metrics', () => {
    const meters = [
      eventMeter('ms', rule(['request', 'job'])),
      eventMeter('bytes', rule(['request'], 'size')),
      eventMeter('requests', { aggregation: 'count', ...rule(['request']) }),
    ]
    const properties = { size: '0.5', other: 1 }
    expect(match(meters, { metric: 'request', properties })).toEqual({
      quantities: { ms: '145', bytes: '0.5', requests: '1' },
    })
    expect(match(meters, { metric: 'job', properties })).toEqual({ quantities: { ms: '145' } })
  })

  test('take nothing of a property that is not there, or is none they could take', () => {
    const meters = [
      eventMeter('bytes', rule(['compute_ms'], 'size')),
      eventMeter('odd', rule(['compute_ms'], 'constructor')),
    ]
    expect(match(meters)).toEqual({ quantities: {} })
    expect(match(meters, { properties: { size: { deep: 1 } } })).toEqual({ quantities: {} })
  })

  test('count events whatever their value, also without one', () => {
    const meters = [eventMeter('compute_ms', { aggregation: 'count' })]
    expect(match(meters, { value: undefined })).toEqual({ quantities: { compute_ms: '1' } })
    expect(match(meters, { value: 'x' })).toEqual({ quantities: { compute_ms: '1' } })
  })

  test('take texts where they count different ones', () => {
    const meters = [eventMeter('users', { aggregation: 'unique_count', ...rule(['login']) })]
    const of = (value: unknown) => match(meters, { metric: 'login', value })
    expect(of('ann@example.com')).toEqual({ quantities: { users: 'ann@example.com' } })
    expect(of('007')).toEqual({ quantities: { users: '007' } })
    expect(of(7.0)).toEqual({ quantities: { users: '7' } })
    expect(of('-ann')).toEqual({ quantities: { users: '-ann' } })
    expect(of('é')).toMatchObject({ code: 'invalid-event' })
  })
})

describe('a value that no invoice could hold', () => {
  test.each([
    { value: 'abc', says: 'value is "abc"; the meter compute_ms takes a decimal' },
    { value: 'NaN', says: 'takes a decimal' },
    { value: '0.0000000000000001', says: 'at most 24 digits before the point and 15 after it' },
    { value: '1'.repeat(25), says: 'takes a decimal' },
    { value: undefined, says: 'value is missing, which the meter compute_ms takes' },
    { value: -1, says: 'the meter compute_ms takes nothing below zero' },
  ])('as $value is refused: $says', ({ value, says }) => {
    expect(match([eventMeter('compute_ms')], { value })).toEqual({
      code: 'invalid-event',
      fault: expect.stringContaining(says),
    })
  })

  test('below zero is taken where the meter allows it, of the operator only', () => {
    const meters = [eventMeter('compute_ms', rule(['compute_ms'], null, true))]
    expect(match(meters, { value: '-0.5' })).toEqual({ quantities: { compute_ms: '-0.5' } })
    expect(match(meters, { value: '-0.5' }, false)).toEqual({
      code: 'invalid-event',
      fault: expect.stringContaining('only a token of the operator may report what is below zero'),
    })
    expect(match(meters, { value: '-0' }, false)).toEqual({ quantities: { compute_ms: '0' } })
  })
})
