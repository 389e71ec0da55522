import { describe, expect, test } from 'vitest'
import { countersOf } from '../../src/limits/call-counters.ts'
import { type Period, periodAt } from '../../src/model/period.ts'
import type { Limit, LimitScope, Quota } from '../../src/model/plan.ts'
import { leftOf } from '../../src/storage/ports/counters.ts'
import { NOON, plan } from '../support/control-store.ts'

const CALL = { tenantId: 'acme', keyId: 'key_1', routeId: 'search', cost: 5 }

const limit = (overrides: Partial<Limit> = {}): Limit => ({
  id: 'tenant-minute',
  counts: 'requests',
  amount: 100,
  windowMs: 60_000,
  per: 'minute',
  scope: 'tenant',
  ...overrides,
})

const quota = (overrides: Partial<Quota> = {}): Quota => ({
  id: 'calls-month',
  meter: 'calls',
  per: 'month',
  included: '1000',
  onExceed: 'block',
  ...overrides,
})

const periodOf = (cycle: Quota['per']): Period => periodAt(cycle, 'UTC', NOON)
const of = (limits: readonly Limit[], quotas: readonly Quota[] = [], call = CALL) =>
  countersOf(plan({ limits, quotas }), call, periodOf)

describe('whose calls share a counter', () => {
  test.each<{ scope: LimitScope; name: string; why: string }>([
    { scope: 'tenant', name: 'rl:{acme}:*:id', why: 'all calls of the tenant' },
    { scope: 'key', name: 'rl:{acme}:key.key_1:id', why: 'all calls of one key' },
    { scope: 'route', name: 'rl:{acme}:search:id', why: 'all calls of the tenant on one route' },
    { scope: 'key-route', name: 'rl:{acme}:key.key_1.search:id', why: 'calls of one key on one route' },
  ])('$scope: $why', ({ scope, name }) => {
    expect(of([limit({ id: 'id', scope })])[0]?.name).toBe(name)
  })

  test('the amount and the price of a plan are not part of the name: a plan change keeps the count', () => {
    const [small, large] = [of([limit()])[0], of([limit({ amount: 5_000 })])[0]]
    expect(small?.name).toBe(large?.name)
    expect([small?.hash0, small?.hash1, small?.hash2]).toEqual([large?.hash0, large?.hash1, large?.hash2])
  })

  test('all counters of a call belong to its tenant', () => {
    const counters = of([limit(), limit({ id: 'key-day', scope: 'key' })], [quota()])
    expect(new Set(counters.map((counter) => counter.tenantHash)).size).toBe(1)
  })
})

describe('how it counts', () => {
  test.each([
    { amount: 1, kind: 'log' },
    { amount: 1_000, kind: 'log' },
    { amount: 1_001, kind: 'steps' },
  ])('a limit of $amount keeps $kind', ({ amount, kind }) => {
    expect(of([limit({ amount })])[0]).toMatchObject({ kind, amount, windowMs: 60_000, cost: 1 })
  })

  test('units count what the route costs', () => {
    expect(of([limit({ counts: 'units' })], [quota({ meter: 'units' })]).map(({ cost }) => cost)).toEqual([
      5, 5,
    ])
  })

  test('a quota that does not block counts, tells what it includes, and has room for all', () => {
    for (const onExceed of ['bill', 'notify', 'upgrade'] as const) {
      const [counter] = of([], [quota({ onExceed, included: '1000' })])
      expect(counter).toMatchObject({ kind: 'quota', allowance: 1000, amount: 10_000_000_000_000 })
      expect(leftOf(counter!, 10_000_000_000_000 - 400)).toBe(600)
      expect(leftOf(counter!, 10_000_000_000_000 - 1400)).toBe(0)
    }
  })

  test('a quota for a part of its period includes that part, rounded up to a whole call', () => {
    const period = { startMs: 0, endMs: 1, share: { left: 22n, whole: 31n } }
    const [counter] = countersOf(plan({ quotas: [quota({ included: '10000' })] }), CALL, () => period)
    expect(counter).toMatchObject({ amount: 7097, allowance: 7097 })
  })

  test('unlimited and free ones are left out, and quotas of what only the answer tells', () => {
    expect(of([limit({ amount: null })], [quota({ onExceed: 'bill', meter: 'tokens' })])).toEqual([])
    const free = { ...CALL, cost: 0 }
    expect(of([limit({ counts: 'units' })], [quota({ meter: 'units' })], free)).toEqual([])
    expect(of([limit()], [quota()], free)).toHaveLength(2)
  })

  test.each([
    { per: 'day' as const, startMs: Date.UTC(2026, 2, 10), endMs: Date.UTC(2026, 2, 11) },
    { per: 'week' as const, startMs: Date.UTC(2026, 2, 9), endMs: Date.UTC(2026, 2, 16) },
    { per: 'month' as const, startMs: Date.UTC(2026, 2, 1), endMs: Date.UTC(2026, 3, 1) },
    { per: 'year' as const, startMs: Date.UTC(2026, 0, 1), endMs: Date.UTC(2027, 0, 1) },
  ])('a quota per $per has that period', ({ per, startMs, endMs }) => {
    expect(of([], [quota({ per })])[0]).toMatchObject({
      name: 'q:{acme}:calls-month',
      kind: 'quota',
      amount: 1_000,
      periodStartMs: startMs,
      periodEndMs: endMs,
    })
  })

  test.each([
    { included: '0', amount: 0 },
    { included: '1.9', amount: 1 },
    { included: '9007199254740991', amount: Number.MAX_SAFE_INTEGER },
  ])('a part of a unit opens no call: $included is $amount', ({ included, amount }) => {
    expect(of([], [quota({ included })])[0]?.amount).toBe(amount)
  })
})
