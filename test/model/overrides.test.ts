import { expect, test } from 'vitest'
import { NO_OVERRIDES, overridePlan, overridesNothing } from '../../src/model/overrides.ts'
import type { Limit, Quota } from '../../src/model/plan.ts'
import { plan } from '../support/control-store.ts'

const day: Limit = {
  id: 'tenant-day',
  counts: 'requests',
  amount: 100,
  windowMs: 86_400_000,
  per: 'day',
  scope: 'tenant',
}
const minute: Limit = { ...day, id: 'tenant-minute', windowMs: 60_000, per: 'minute' }
const calls: Quota = {
  id: 'calls-month',
  meter: 'calls',
  per: 'month',
  included: '1000',
  onExceed: 'block',
}
const free = plan({ features: ['export'], limits: [day, minute], quotas: [calls] })

test('a plan without overrides is the plan itself', () => {
  expect(overridePlan(free, null)).toBe(free)
  expect(overridePlan(free, NO_OVERRIDES)).toEqual(free)
})

test('amounts take the place of the plan’s, under the same ids and windows', () => {
  const overrides = { limits: { 'tenant-day': 5000 }, quotas: { 'calls-month': '0.5' }, features: [] }
  expect(overridePlan(free, overrides)).toEqual({
    ...free,
    limits: [{ ...day, amount: 5000 }, minute],
    quotas: [{ ...calls, included: '0.5' }],
  })
  expect(free.limits[0]?.amount, 'the plan stays as it is').toBe(100)
})

test('null lifts a limit, 0 closes it', () => {
  const overrides = { ...NO_OVERRIDES, limits: { 'tenant-day': null, 'tenant-minute': 0 } }
  expect(overridePlan(free, overrides).limits.map(({ amount }) => amount)).toEqual([null, 0])
})

test('features come on top, each once', () => {
  const overrides = { ...NO_OVERRIDES, features: ['ai', 'export'] }
  expect(overridePlan(free, overrides).features).toEqual(['export', 'ai'])
})

test('what the plan does not have stays without effect', () => {
  const overrides = { ...NO_OVERRIDES, limits: { 'tenant-hour': 5 }, quotas: { 'units-month': '5' } }
  expect(overridePlan(free, overrides)).toEqual(free)
})

test('an id that every object knows is an id like any other', () => {
  const odd = plan({ limits: [{ ...day, id: 'constructor' }] })
  expect(overridePlan(odd, NO_OVERRIDES).limits[0]?.amount).toBe(100)
})

test('overriding nothing is told apart', () => {
  expect(overridesNothing(NO_OVERRIDES)).toBe(true)
  expect(overridesNothing({ ...NO_OVERRIDES, limits: { 'tenant-day': null } })).toBe(false)
})
