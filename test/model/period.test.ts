import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { daysOf, periodAt, wholePeriods } from '../../src/model/period.ts'

const HOUR = 60 * 60 * 1000
const at = (iso: string) => Date.parse(iso)
const shown = ({ startMs, endMs }: { startMs: number; endMs: number }) => [
  new Date(startMs).toISOString(),
  new Date(endMs).toISOString(),
]

test.each([
  ['day', 'UTC', '2026-03-10T12:00Z', '2026-03-10T00:00:00.000Z', '2026-03-11T00:00:00.000Z', 'a plain day'],
  ['day', 'UTC', '2026-03-10T00:00Z', '2026-03-10T00:00:00.000Z', '2026-03-11T00:00:00.000Z', 'its start'],
  [
    'week',
    'UTC',
    '2026-03-15T23:59:59.999Z',
    '2026-03-09T00:00:00.000Z',
    '2026-03-16T00:00:00.000Z',
    'a Sunday',
  ],
  [
    'week',
    'UTC',
    '2026-01-01T00:00Z',
    '2025-12-29T00:00:00.000Z',
    '2026-01-05T00:00:00.000Z',
    'over new year',
  ],
  [
    'month',
    'UTC',
    '2028-02-29T12:00Z',
    '2028-02-01T00:00:00.000Z',
    '2028-03-01T00:00:00.000Z',
    'a leap month',
  ],
  [
    'month',
    'Asia/Kolkata',
    '2026-03-31T18:30Z',
    '2026-03-31T18:30:00.000Z',
    '2026-04-30T18:30:00.000Z',
    'half hours',
  ],
  [
    'month',
    'America/New_York',
    '2026-03-31T12:00Z',
    '2026-03-01T05:00:00.000Z',
    '2026-04-01T04:00:00.000Z',
    'DST inside',
  ],
  [
    'year',
    'Pacific/Auckland',
    '2026-06-01T00:00Z',
    '2025-12-31T11:00:00.000Z',
    '2026-12-31T11:00:00.000Z',
    'far east',
  ],
  [
    'day',
    'America/Santiago',
    '2026-09-06T12:00Z',
    '2026-09-06T04:00:00.000Z',
    '2026-09-07T03:00:00.000Z',
    'no midnight',
  ],
  [
    'day',
    'Pacific/Apia',
    '2011-12-29T12:00-10:00',
    '2011-12-29T10:00:00.000Z',
    '2011-12-30T10:00:00.000Z',
    'before a day that never was',
  ],
] as const)('the %s in %s at %s runs from %s to %s: %s', (cycle, zone, moment, start, end, _why) => {
  expect(shown(periodAt(cycle, zone, at(moment)))).toEqual([start, end])
})

test.each([
  { zone: 'Europe/Berlin', moment: '2026-03-29T10:00Z', hours: 23 },
  { zone: 'Europe/Berlin', moment: '2026-10-25T10:00Z', hours: 25 },
  { zone: 'Australia/Lord_Howe', moment: '2026-04-05T00:00Z', hours: 24.5 },
])('the day in $zone on which clocks change has $hours hours', ({ zone, moment, hours }) => {
  const { startMs, endMs } = periodAt('day', zone, at(moment))
  expect((endMs - startMs) / HOUR).toBe(hours)
})

test('periods hold their moment and follow each other without gap or overlap, in every zone', () => {
  const zones = [
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'America/Santiago',
    'America/Havana',
    'Asia/Kathmandu',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'Africa/Casablanca',
  ]
  fc.assert(
    fc.property(
      fc.constantFrom('day', 'week', 'month', 'year'),
      fc.constantFrom(...zones),
      fc.integer({ min: at('2000-01-01T00:00Z'), max: at('2050-01-01T00:00Z') }),
      (cycle, zone, ms) => {
        const period = periodAt(cycle, zone, ms)
        expect(period.startMs).toBeLessThanOrEqual(ms)
        expect(period.endMs).toBeGreaterThan(ms)
        expect(periodAt(cycle, zone, period.startMs)).toEqual(period)
        expect(periodAt(cycle, zone, period.endMs - 1)).toEqual(period)
        expect(periodAt(cycle, zone, period.endMs).startMs).toBe(period.endMs)
        expect(periodAt(cycle, zone, period.startMs - 1).endMs).toBe(period.startMs)
      },
    ),
    { numRuns: 500 },
  )
})

describe('the periods of a span', () => {
  test.each([
    { from: '2026-03-01', to: '2026-06-01', cycle: 'month', count: 3, why: 'three months' },
    { from: '2026-03-01', to: '2026-04-02', cycle: 'month', count: undefined, why: 'a day too many' },
    { from: '2026-03-02', to: '2026-04-01', cycle: 'month', count: undefined, why: 'begins inside of one' },
    { from: '2026-03-02', to: '2026-03-16', cycle: 'week', count: 2, why: 'from Monday to Monday' },
    { from: '2026-03-28', to: '2026-03-31', cycle: 'day', count: 3, why: 'one of them with 23 hours' },
  ] as const)('from $from to $to there are $count: $why', ({ from, to, cycle, count }) => {
    const [startMs, endMs] = [from, to].map(
      (date) => Temporal.PlainDate.from(date).toZonedDateTime('Europe/Berlin').epochMilliseconds,
    )
    const periods = wholePeriods({ startMs: startMs!, endMs: endMs! }, cycle, 'Europe/Berlin')
    expect(periods?.length).toBe(count)
    if (periods !== undefined) expect([periods[0]?.startMs, periods.at(-1)?.endMs]).toEqual([startMs, endMs])
  })
})

describe('days of a span', () => {
  const at = (text: string) =>
    Temporal.PlainDateTime.from(text).toZonedDateTime('Europe/Berlin').epochMilliseconds

  test.each([
    { from: '2026-03-01', to: '2026-04-01', days: 31, why: 'a month, though an hour is missing' },
    { from: '2026-03-10T12:00', to: '2026-04-01', days: 22, why: 'the day it begins in counts' },
    { from: '2026-03-01', to: '2026-03-10T12:00', days: 9, why: 'the day it ends in does not: together 31' },
    { from: '2026-03-10T01:00', to: '2026-03-10T23:00', days: 0, why: 'begins and ends on one day' },
  ])('from $from to $to there are $days: $why', ({ from, to, days }) => {
    expect(daysOf({ startMs: at(from), endMs: at(to) }, 'Europe/Berlin')).toBe(days)
  })
})
