import { expect, test } from 'vitest'
import { parseUsageQuery } from '../../src/metering/usage-query.ts'

const DEFAULTS = {
  nowMs: Date.UTC(2026, 2, 10),
  timezone: 'Europe/Berlin',
  by: ['tenant'],
  dimensions: [],
  meters: [],
} as const

test('without flags a question is about the current month, in the time zone of the bills', () => {
  expect(parseUsageQuery({}, DEFAULTS)).toEqual({
    span: { startMs: Date.parse('2026-02-28T23:00Z'), endMs: Date.parse('2026-03-31T22:00Z') },
    timezone: 'Europe/Berlin',
    by: ['tenant'],
    tenant: undefined,
  })
})

test('breakdowns keep their order, blanks around them and repetition mean nothing', () => {
  expect(parseUsageQuery({ by: 'day, tenant,day' }, DEFAULTS).by).toEqual(['day', 'tenant'])
})

test.each([
  { written: { by: 'tenant,tenent' }, says: 'it has "tenent" (did you mean tenant?)' },
  { written: { by: '' }, says: '--by takes tenant, key, route, api, plan, status, day, week, month' },
  { written: { by: 'toString' }, says: 'it has "toString"' },
  { written: { tz: 'Europe/Berlni' }, says: '--tz must be an IANA time zone' },
  { written: { tz: 'Europe/Berlni' }, says: '(did you mean Europe/Berlin?)' },
  { written: { tz: '+02:00' }, says: 'is "+02:00"' },
])('$written is refused with a way out', ({ written, says }) => {
  expect(() => parseUsageQuery(written, DEFAULTS)).toThrow(
    expect.objectContaining({ code: 'invalid-parameter', message: expect.stringContaining(says) }),
  )
})
