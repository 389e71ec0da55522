import { describe, expect, test } from 'vitest'
import { reportSpan, type WrittenSpan } from '../../src/metering/report-span.ts'

const NOW = Date.parse('2026-03-10T12:07:00Z')

function span(written: WrittenSpan, timezone = 'UTC') {
  const { startMs, endMs } = reportSpan(written, { timezone, nowMs: NOW })
  return [startMs, endMs].map((ms) => new Date(ms).toISOString().replace(':00.000Z', 'Z'))
}

describe('the span of a report', () => {
  test.each<{ written: WrittenSpan; timezone?: string; found: readonly string[]; why: string }>([
    { written: {}, found: ['2026-03-01T00:00Z', '2026-04-01T00:00Z'], why: 'the current month by default' },
    { written: { month: '2026-02' }, found: ['2026-02-01T00:00Z', '2026-03-01T00:00Z'], why: '28 days' },
    { written: { month: '2024-02' }, found: ['2024-02-01T00:00Z', '2024-03-01T00:00Z'], why: '29 days' },
    {
      written: { month: '2026-12' },
      found: ['2026-12-01T00:00Z', '2027-01-01T00:00Z'],
      why: 'the year ends',
    },
    {
      written: { month: '2026-03' },
      timezone: 'Europe/Berlin',
      found: ['2026-02-28T23:00Z', '2026-03-31T22:00Z'],
      why: 'a month in which clocks change is an hour shorter',
    },
    {
      written: { month: '2026-03' },
      timezone: 'Asia/Kathmandu',
      found: ['2026-02-28T18:15Z', '2026-03-31T18:15Z'],
      why: 'zones may be off by quarters of an hour',
    },
    {
      written: { from: '2026-03-01', to: '2026-03-08' },
      timezone: 'America/New_York',
      found: ['2026-03-01T05:00Z', '2026-03-08T05:00Z'],
      why: 'dates are midnights of the zone',
    },
    {
      written: { from: '2026-03-01T06:15Z', to: '2026-03-01T09:30+02:00' },
      found: ['2026-03-01T06:15Z', '2026-03-01T07:30Z'],
      why: 'moments are taken as they are',
    },
    {
      written: { from: '1976-02-29', to: '2026-02-28' },
      timezone: 'Europe/Berlin',
      found: ['1976-02-28T23:00Z', '2026-02-27T23:00Z'],
      why: 'fifty years are not too long',
    },
    {
      written: { from: '2026-03-08' },
      timezone: 'Asia/Tokyo',
      found: ['2026-03-07T15:00Z', '2026-03-10T15:00Z'],
      why: 'without an end it reaches to the end of today',
    },
  ])('$written in $timezone is $found: $why', ({ written, timezone, found }) => {
    expect(span(written, timezone)).toEqual(found)
  })

  test.each<{ written: WrittenSpan; says: string }>([
    { written: { month: '2026-13' }, says: '--month is "2026-13"; write year and month, as 2026-03.' },
    { written: { month: '2026-00' }, says: '--month is "2026-00"' },
    { written: { month: '2026-3' }, says: '--month is "2026-3"' },
    { written: { month: '03/2026' }, says: '--month is "03/2026"' },
    { written: { month: '' }, says: '--month is ""' },
    { written: { month: '2026-03', from: '2026-03-01' }, says: '--month goes without --from and --to' },
    { written: { to: '2026-03-01' }, says: '--to 2026-03-01 needs --from' },
    { written: { from: '2026-02-30', to: '2026-03-02' }, says: '--from is "2026-02-30"; write a date' },
    { written: { from: '2026-03-01', to: 'tomorrow' }, says: '--to is "tomorrow"; write a date' },
    { written: { from: '2026-03-01T06:00', to: '2026-03-02' }, says: 'or a moment with its zone' },
    {
      written: { from: '2026-03-02', to: '2026-03-02' },
      says: '--from 2026-03-02 is not before --to 2026-03-02',
    },
    { written: { from: '2026-03-02', to: '2026-03-01' }, says: 'is not before --to 2026-03-01' },
    { written: { from: '2026-03-11' }, says: '--from 2026-03-11 is not before the end of today' },
    {
      written: { from: '1000-01-02', to: '3026-01-02' },
      says: '--from 1000-01-02 to --to 3026-01-02 is more than 50 years: ask for parts, the first up to --to 1050-01-02.',
    },
    { written: { from: '1974-03-01', to: '2024-03-02' }, says: 'the first up to --to 2024-03-01.' },
    { written: { from: '1969-12-31' }, says: 'to the end of today, 2026-03-11T00:00:00.000Z is more than' },
    {
      written: { from: '2026-03-01T06:07Z', to: '2026-03-02' },
      says: 'the nearest are 2026-03-01T06:00:00.000Z and 2026-03-01T06:15:00.000Z',
    },
  ])('$written is refused, naming flag and value', ({ written, says }) => {
    expect(() => span(written)).toThrow(
      expect.objectContaining({ code: 'invalid-parameter', message: expect.stringContaining(says) }),
    )
  })
})
