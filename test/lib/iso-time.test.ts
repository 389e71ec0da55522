import { expect, test } from 'vitest'
import { isoTime, isoTimeOrNull, parseIsoTime } from '../../src/lib/iso-time.ts'

test('a moment is written in UTC to the millisecond', () => {
  expect(isoTime(1_772_323_200_001)).toBe('2026-03-01T00:00:00.001Z')
  expect(isoTimeOrNull(0)).toBe('1970-01-01T00:00:00.000Z')
  expect(isoTimeOrNull(null)).toBeNull()
})

test.each([
  ['2026-03-01', '2026-03-01T00:00:00.000Z'],
  ['2026-03-01T12:30Z', '2026-03-01T12:30:00.000Z'],
  ['2026-03-01T12:30:15.25Z', '2026-03-01T12:30:15.250Z'],
  ['2026-03-01T00:30+01:00', '2026-02-28T23:30:00.000Z'],
  ['2028-02-29', '2028-02-29T00:00:00.000Z'],
])('%s is %s', (text, iso) => {
  const ms = parseIsoTime(text)
  expect(ms === undefined ? undefined : isoTime(ms)).toBe(iso)
})

test.each([
  '2026-02-29',
  '2026-02-30T00:00Z',
  '2026-13-01',
  '2026-00-10',
  '2026-3-1',
  '2026-03-01T12:30',
  '2026-03-01 12:30Z',
  '2026-03-01T25:00Z',
  '20260301',
  'today',
  '',
])('%j is no time', (text) => {
  expect(parseIsoTime(text)).toBeUndefined()
})
