import fc from 'fast-check'
import { expect, test } from 'vitest'
import { periodAt } from '../../src/model/period.ts'

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
