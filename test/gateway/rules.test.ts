import { describe, expect, test } from 'vitest'
import { Caller } from '../../src/gateway/call-plan.ts'
import { Rules } from '../../src/gateway/rules.ts'
import { windowCounter } from '../../src/limits/call-counters.ts'
import type { Grant } from '../../src/model/grant.ts'
import { periodAt } from '../../src/model/period.ts'
import type { Limit, Quota } from '../../src/model/plan.ts'
import { NEVER_REFUSES } from '../../src/storage/ports/counters.ts'
import { NOON, plan } from '../support/control-store.ts'
import { apiOn, route } from '../support/gateway.ts'
import { OWN_PATHS } from '../support/gateway-defaults.ts'

const SEARCH = route({ id: 'search', path: '/v1/search' })
const LOOKUP = route({ id: 'lookup', path: '/v1/lookup/{id}' })
const ANALYZE = route({ id: 'analyze', path: '/v1/analyze', cost: 5, requires: ['ai'] })
const BATCH = route({ id: 'batch', path: '/v1/batch', cost: 0, requires: ['ai', 'bulk'] })

const PLANS = [
  plan({ id: 'free', name: 'Free', routes: ['search', 'lookup'] }),
  plan({ id: 'pro', name: 'Pro', routes: 'all', features: ['ai'] }),
  plan({ id: 'business', name: 'Business', routes: 'all', features: ['ai', 'bulk'] }),
]

const rules = rulesWith(PLANS)

function rulesWith(plans: typeof PLANS, features = [{ id: 'ai', label: 'AI endpoints' }]): Rules {
  const api = apiOn(1, { routes: [SEARCH, LOOKUP, ANALYZE, BATCH] })
  return new Rules({ apis: [api], plans, features, meters: [], ownPaths: OWN_PATHS })
}

function grant(overrides: Partial<Grant> = {}): Grant {
  return {
    keyId: 'key_1',
    keyMode: 'live',
    keyState: 'active',
    routes: null,
    ips: null,
    overrides: null,
    expiresAtMs: null,
    tenantId: 'acme',
    tenantState: 'active',
    planId: 'free',
    planVersion: 3,
    subscriptionId: 'sub_1',
    planUntilMs: null,
    anchorMs: null,
    planSinceMs: null,
    ...overrides,
  }
}

const gateOf = (held: Grant, each = SEARCH) =>
  rules.gate(held, held.planId === null ? undefined : rules.plans.get(held.planId), each)

describe('gates', () => {
  test('a route of the plan is open', () => {
    expect(gateOf(grant())).toBeUndefined()
    expect(gateOf(grant({ planId: 'business' }), BATCH)).toBeUndefined()
  })

  test('a route outside the plan names the plans that open it, in the order of the file', () => {
    expect(gateOf(grant(), ANALYZE)).toMatchObject({
      code: 'route-not-in-plan',
      status: 403,
      detail: 'The plan Free does not include analyze; Pro and Business do.',
      extra: { plan: 'free', route: 'analyze', upgrade_to: ['pro', 'business'] },
    })
  })

  test('a missing feature is told by the label customers read, with the plans that have all it takes', () => {
    expect(gateOf(grant({ planId: 'pro' }), BATCH)).toMatchObject({
      code: 'feature-not-in-plan',
      detail: 'bulk requires the Business plan or higher.',
      extra: { plan: 'pro', route: 'batch', feature: 'bulk', upgrade_to: ['business'] },
    })
    const noAi = rulesWith([
      plan({ id: 'free', routes: 'all' }),
      plan({ id: 'pro', name: 'Pro', features: ['ai'] }),
    ])
    expect(noAi.gate(grant(), noAi.plans.get('free'), ANALYZE)).toMatchObject({
      code: 'feature-not-in-plan',
      detail: 'AI endpoints requires the Pro plan or higher.',
    })
  })

  test('when no plan opens it, none is named', () => {
    const poor = rulesWith([plan({ id: 'free', routes: 'all' })])
    expect(poor.gate(grant(), poor.plans.get('free'), ANALYZE)).toMatchObject({
      code: 'feature-not-in-plan',
      extra: { upgrade_to: [] },
    })
  })

  test.each([
    { overrides: { tenantState: 'suspended' as const }, code: 'tenant-suspended' },
    { overrides: { tenantState: 'deleted' as const }, code: 'tenant-suspended' },
    { overrides: { planId: null }, code: 'no-plan' },
    { overrides: { planId: 'gone' }, code: 'no-plan' },
    { overrides: { tenantState: 'suspended' as const, planId: null }, code: 'tenant-suspended' },
  ])('$overrides: 403 $code, never 500', ({ overrides, code }) => {
    expect(gateOf(grant(overrides))).toMatchObject({ code, status: 403 })
  })

  test('who did not pay in time gets 402, with or without a plan', () => {
    for (const overrides of [{}, { planId: null }]) {
      const refusal = gateOf(grant({ tenantState: 'unpaid', ...overrides }))
      expect(refusal).toMatchObject({ code: 'payment-overdue', status: 402 })
    }
  })
})

const MINUTE: Limit = {
  id: 'tenant-minute',
  counts: 'requests',
  amount: 100,
  windowMs: 60_000,
  per: 'minute',
  scope: 'tenant',
}
const UNITS: Limit = { ...MINUTE, id: 'units-minute', counts: 'units' }
const CALLS: Quota = { id: 'calls-month', meter: 'calls', per: 'month', included: '1000', onExceed: 'block' }

function callerOf(limits: readonly Limit[], quotas: readonly Quota[] = [], held = grant({ planId: 'free' })) {
  const own = rulesWith([plan({ id: 'free', routes: 'all', features: ['ai', 'bulk'], limits, quotas })])
  const caller = new Caller(held, own)
  const api = apiOn(1)
  return {
    caller,
    planCall: (each = SEARCH, nowMs = NOON) =>
      caller.planCall({ api, route: each }, own, nowMs, (cycle, atMs) => periodAt(cycle, 'UTC', atMs)),
  }
}

describe('the counters of a call', () => {
  test('are the same objects for routes that count alike', () => {
    const { planCall } = callerOf([MINUTE])
    expect(planCall(SEARCH).limits).toBe(planCall(ANALYZE).limits)
    expect(planCall(SEARCH).limits.policy).toBe('"tenant-minute";q=100;w=60')
  })

  test('take what the route costs where units are counted, and leave out what costs nothing', () => {
    const { planCall } = callerOf([MINUTE, UNITS])
    const costs = (each: typeof SEARCH) => planCall(each).limits.counters.map(({ id, cost }) => [id, cost])
    expect(costs(SEARCH)).toEqual([
      ['tenant-minute', 1],
      ['units-minute', 1],
    ])
    expect(costs(ANALYZE)).toEqual([
      ['tenant-minute', 1],
      ['units-minute', 5],
    ])
    expect(costs(BATCH)).toEqual([['tenant-minute', 1]])
  })

  test.each(['route', 'key-route'] as const)('a limit by %s counts each route on its own', (scope) => {
    const { planCall } = callerOf([{ ...MINUTE, scope }])
    const names = [SEARCH, LOOKUP].map((each) => planCall(each).limits.counters[0]?.name)
    expect(new Set(names).size).toBe(2)
  })

  test('a quota belongs to the billing period of the call', () => {
    const { planCall } = callerOf([], [CALLS])
    const march = planCall(SEARCH, Date.UTC(2026, 3, 1) - 1)
    const april = planCall(SEARCH, Date.UTC(2026, 3, 1))
    expect(march.limits.hasQuota).toBe(true)
    expect(march.limits.counters[0]).toMatchObject({ periodEndMs: Date.UTC(2026, 3, 1) })
    expect(april.limits.counters[0]).toMatchObject({ periodStartMs: Date.UTC(2026, 3, 1) })
    expect(april.limits.counters[0]?.name).toBe(march.limits.counters[0]?.name)
  })

  test.each(['bill', 'notify', 'upgrade'] as const)('a quota that would %s stops no call', (onExceed) => {
    const { counters, hasQuota } = callerOf([], [{ ...CALLS, onExceed }]).planCall().limits
    expect(counters).toMatchObject([
      { id: CALLS.id, allowance: Number(CALLS.included), amount: NEVER_REFUSES },
    ])
    // It is given back all the same where a call is not billed.
    expect(hasQuota).toBe(true)
  })

  test('no limits, no policy; unlimited is no limit', () => {
    expect(callerOf([{ ...MINUTE, amount: null }]).planCall().limits).toMatchObject({
      counters: [],
      policy: '',
    })
  })

  test('who is suspended learns no limits', () => {
    const { planCall } = callerOf([MINUTE], [], grant({ tenantState: 'suspended' }))
    expect(planCall()).toMatchObject({ refusal: { code: 'tenant-suspended' }, limits: { counters: [] } })
  })
})

describe('who calls', () => {
  test('the upstream learns tenant, key, plan and features', () => {
    const { identity } = new Caller(grant({ planId: 'business' }), rules)
    expect(identity).toEqual([
      'x-gatez-tenant',
      'acme',
      'x-gatez-key',
      'key_1',
      'x-gatez-plan',
      'business',
      'x-gatez-features',
      'ai,bulk',
    ])
    expect(new Caller(undefined, rules).identity).toEqual([])
  })

  test('test keys and open routes are never billed', () => {
    expect(new Caller(grant(), rules).billed).toBe(true)
    expect(new Caller(grant({ keyMode: 'test' }), rules).billed).toBe(false)
    expect(new Caller(undefined, rules).billed).toBe(false)
  })
})

describe('upgrade_to of a call that found no room', () => {
  const day = (amount: number | null, id = 'tenant-day') => ({
    ...({ id, counts: 'requests', amount, windowMs: 86_400_000, per: 'day', scope: 'tenant' } as const),
  })
  const byPlan = rulesWith([
    plan({ id: 'free', routes: 'all', limits: [day(100)] }),
    plan({ id: 'same', routes: 'all', limits: [day(100, 'named')] }),
    plan({ id: 'closed', routes: ['lookup'], limits: [day(1_000)] }),
    plan({ id: 'pro', routes: 'all', limits: [day(1_000)] }),
    plan({ id: 'unlimited', routes: 'all', limits: [day(null)] }),
    plan({ id: 'without', routes: 'all', limits: [] }),
  ])

  test('names the plans with more of that limit that open the route, in the order of the file', () => {
    const counter = windowCounter(day(100), 100, 1, { tenantId: 'a', keyId: 'k', routeId: 'search', cost: 1 })
    expect(byPlan.plansWithMore('free', SEARCH, counter)).toEqual(['pro', 'unlimited', 'without'])
    expect(byPlan.plansWithMore('gone', SEARCH, counter)).toEqual([])
  })

  test('and counts what the tenant has beside its plan', () => {
    const counter = windowCounter(day(100), 5_000, 1, {
      tenantId: 'a',
      keyId: 'k',
      routeId: 'search',
      cost: 1,
    })
    expect(byPlan.plansWithMore('free', SEARCH, counter)).toEqual(['unlimited', 'without'])
  })
})
