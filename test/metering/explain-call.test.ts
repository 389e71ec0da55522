import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type ExplainParts, explainCall } from '../../src/metering/explain-call.ts'
import { limitsThen } from '../../src/metering/limits-then.ts'
import { wholeCalls } from '../../src/metering/whole-calls.ts'
import type { UsageEvent } from '../../src/model/event.ts'
import type { Limit, Plan } from '../../src/model/plan.ts'
import { makeCounterMemory, openCounters, openUsageLog } from '../../src/storage/open.ts'
import { NOON, plan, storesIn } from '../support/control-store.ts'
import { route } from '../support/gateway.ts'
import { tempDir } from '../support/temp-dir.ts'
import { usageEvent } from '../support/usage-events.ts'

const minute = (amount: number, id = 'minute'): Limit => ({
  ...{ id, counts: 'requests', amount, windowMs: 60_000, per: 'minute', scope: 'tenant' },
})

const version = (of: Plan, createdAtMs = 0, number = 1) => ({
  plan: of,
  version: number,
  hash: '',
  createdAtMs,
})

async function partsWith(events: readonly UsageEvent[], overrides: Partial<ExplainParts> = {}) {
  const usageLog = await openUsageLog(storesIn(tempDir()))
  onTestFinished(() => usageLog[Symbol.asyncDispose]())
  await usageLog.append(events)
  const small = plan({ id: 'free', limits: [minute(2)], routes: 'all' })
  const large = plan({ id: 'pro', limits: [minute(100)], routes: 'all', features: ['ai'] })
  const parts: ExplainParts = {
    usageLog,
    billing: { timezone: 'UTC', period: 'month' },
    held: { anchorMs: null, planSinceMs: null },
    emptyCounters: () => openCounters(makeCounterMemory(1)),
    routes: [route({ id: 'search' }), route({ id: 'analyze', requires: ['ai'] })],
    meters: [],
    plansNow: [version(small), version(large)],
    versionsOf: async (id) => (id === 'free' ? [version(small)] : [version(large)]),
    overrides: null,
    ...overrides,
  }
  return parts
}

let seq = 0
const call = (atMs: number, fields: Partial<UsageEvent> = {}) => {
  seq += 1
  const id = `e${String(seq).padStart(6, '0')}`
  return usageEvent({ id, seq, timestampMs: NOON + atMs, planId: 'free', routeId: 'search', ...fields })
}

const refused = (atMs: number, refusal = 'rate-limited', fields: Partial<UsageEvent> = {}) =>
  call(atMs, { statusCode: 429, outcome: 'refused', refusal, billable: false, usageUnits: 0, ...fields })

describe('a refusal', () => {
  test('names the limit, whose it is, what was used, when it frees and which plan would pass', async () => {
    const last = refused(3_000)
    const parts = await partsWith([call(0), call(1_000), refused(2_000), last, call(4_000)])
    expect(await explainCall(parts, last)).toMatchObject({
      verdict: 'refused',
      because: 'The limit minute of the plan free had 2 of 2 used before this call came.',
      rule: { kind: 'limit', id: 'minute', plan: 'free' },
      limits: [{ id: 'minute', limit: 2, used_before: 2, cost: 1, had_room: false }],
      frees_at: new Date(NOON + 60_000).toISOString(),
      plans_that_pass: ['pro'],
    })
  })

  test('goes by the limits of then, not by those of today', async () => {
    const last = refused(3_000)
    const then = version(plan({ id: 'free', limits: [minute(1)] }), NOON)
    const now = version(plan({ id: 'free', limits: [minute(50)] }), NOON + 10_000, 2)
    const parts = await partsWith([call(0), last], { versionsOf: async () => [then, now], plansNow: [now] })
    expect(await explainCall(parts, last)).toMatchObject({
      limits: [{ limit: 1, used_before: 1 }],
      plans_that_pass: ['free'],
    })
  })

  test('by a quota counts what was billed, and what was still under way', async () => {
    const quotas = [{ id: 'month', meter: 'calls', per: 'month', included: '3', onExceed: 'block' }] as const
    const then = version(plan({ id: 'free', limits: [], quotas }))
    const last = refused(5_000, 'quota-exceeded')
    const failed = { outcome: 'upstream_error', statusCode: 502, billable: false, usageUnits: 1 } as const
    const events = [
      call(0),
      call(1_000),
      call(2_000, { ...failed, responseTimeMs: 100 }),
      call(3_000, { ...failed, responseTimeMs: 60_000 }),
      last,
    ]
    const parts = await partsWith(events, { versionsOf: async () => [then], plansNow: [then] })
    expect(await explainCall(parts, last)).toMatchObject({
      rule: { kind: 'quota', id: 'month', plan: 'free' },
      limits: [{ used_before: 3, limit: 3 }],
      frees_at: '2026-04-01T00:00:00.000Z',
      plans_that_pass: [],
    })
  })

  test('by a limit of calls at a time counts what was under way at that moment', async () => {
    const atOnce = (amount: number): Limit => ({
      ...{ id: 'at-once', counts: 'concurrent', amount, windowMs: 0, per: 'moment', scope: 'tenant' },
    })
    const limits = [minute(100), atOnce(2)]
    const plans = [plan({ id: 'free', limits }), plan({ id: 'pro', limits: [atOnce(3)] })]
    const versions = plans.map((each) => version(each))
    const last = refused(5_000, 'concurrency-limited')
    const events = [
      call(0, { responseTimeMs: 5_000 }),
      call(0, { responseTimeMs: 5_001 }),
      call(1_000, { responseTimeMs: 60_000, outcome: 'client_aborted', statusCode: 0, billable: false }),
      call(2_000, { responseTimeMs: 1_000 }),
      last,
      call(5_001, { responseTimeMs: 9_000 }),
    ]
    const overrides = { versionsOf: async () => [versions[0]!], plansNow: versions }
    const explained = await explainCall(await partsWith(events, overrides), last)
    expect(explained).toMatchObject({
      verdict: 'refused',
      because:
        'The limit at-once of the plan free lets 2 calls run at a time, and 2 were under way when this call came.',
      rule: { kind: 'limit', id: 'at-once', plan: 'free' },
      limits: [
        { id: 'minute', used_before: 4 },
        { id: 'at-once', limit: 2, used_before: 2, had_room: false },
      ],
      frees_at: null,
      plans_that_pass: ['pro'],
    })
    // On another thread one came in while it was looked at, and took its place first.
    const meanwhile = [events[0]!, events[1]!, call(5_002, { responseTimeMs: 300 })]
    const looked = { ...last, timestampMs: last.timestampMs - 2_500, responseTimeMs: 2_501 }
    const besides = await partsWith([...meanwhile.slice(1), looked], overrides)
    expect(await explainCall(besides, looked)).toMatchObject({
      limits: [{}, { id: 'at-once', used_before: 2, had_room: false }],
      plans_that_pass: ['pro'],
    })
    // One of them is under way still, and in no log.
    const early = await explainCall(await partsWith([events[1]!, last], overrides), last)
    expect(early).toMatchObject({
      because:
        'The limit at-once of the plan free lets 2 calls run at a time, and so many were under way when this call came; of those 1 has ended since.',
      rule: { kind: 'limit', id: 'at-once' },
      frees_at: null,
      plans_that_pass: ['pro'],
    })
  })

  test.each([
    { refusal: 'feature-not-in-plan', rule: { kind: 'feature', id: 'ai', plan: 'free' }, passes: ['pro'] },
    { refusal: 'route-not-in-plan', rule: { kind: 'route', id: 'analyze', plan: 'free' }, passes: ['pro'] },
    { refusal: 'tenant-suspended', rule: { kind: 'other', id: 'tenant-suspended' }, passes: [] },
  ])('$refusal', async ({ refusal, rule, passes }) => {
    const last = refused(0, refusal, { routeId: 'analyze', statusCode: 403 })
    const parts = await partsWith([last])
    expect(await explainCall(parts, last)).toMatchObject({ rule, frees_at: null, plans_that_pass: passes })
  })
})

test.each([
  { fields: {}, verdict: 'billed', because: /answered 200, which counts: 1 call, 1 unit/ },
  { fields: { outcome: 'client_aborted' }, verdict: 'billed', because: /the client left before the end/ },
  { fields: { billable: false }, verdict: 'not_billed', because: /test key/ },
  { fields: { billable: false, statusCode: 404 }, verdict: 'not_billed', because: /answered 404: only/ },
  { fields: { billable: false, tenantId: '' }, verdict: 'not_billed', because: /open to everyone/ },
  {
    fields: { billable: false, outcome: 'upstream_error', statusCode: 502, refusal: 'upstream-unreachable' },
    verdict: 'not_billed',
    because: /gave no answer/,
  },
  {
    fields: { billable: false, outcome: 'upstream_truncated' },
    verdict: 'not_billed',
    because: /half an answer/,
  },
  {
    fields: { billable: false, statusCode: 0, outcome: 'client_aborted' },
    verdict: 'not_billed',
    because: /left before/,
  },
] as const)('a call with $fields is $verdict', async ({ fields, verdict, because }) => {
  const last = call(0, fields)
  expect(await explainCall(await partsWith([last]), last)).toMatchObject({
    verdict,
    because: expect.stringMatching(because),
  })
})

test('a call that took long is explained as one, and its parts count once in windows and quotas', async () => {
  const first = call(0, { outcome: 'open', requestId: 'long', responseTimeMs: 1_000 })
  const part = { requestId: 'long', count: 0, usageUnits: 0 } as const
  const rest = [
    call(1_000, { ...part, outcome: 'open', responseTimeMs: 1_000 }),
    call(2_000, { ...part, outcome: 'upstream_truncated', billable: false, bytesSent: 7 }),
  ]
  const quotas = [{ id: 'month', meter: 'calls', per: 'month', included: '9', onExceed: 'block' }] as const
  const then = version(plan({ id: 'free', limits: [minute(1)], quotas }))
  const last = refused(3_000)
  const overrides = { versionsOf: async () => [then], plansNow: [then] }
  const parts = await partsWith([first, ...rest, last], overrides)
  expect(await explainCall(parts, last)).toMatchObject({
    limits: [
      { id: 'minute', used_before: 1 },
      { id: 'month', used_before: 1 },
    ],
  })
  const whole = wholeCalls([first, ...rest])[0]!
  expect(await explainCall(parts, whole.event, whole)).toMatchObject({
    verdict: 'billed',
    because: expect.stringMatching(
      /metered in 3 parts\. The upstream broke it off: the 7 bytes .* not billed/,
    ),
    call: { id: first.id, outcome: 'upstream_truncated' },
  })
})

test('what was used before a call is what a brute-force count says, and the moment it frees is exact', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 120_000 }), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 5 }),
      async (times, amount) => {
        const events = times.sort((one, other) => one - other).map((atMs) => call(atMs))
        const last = refused(times.at(-1) ?? 0)
        const parts = await partsWith([...events, last])
        const limited = plan({ limits: [minute(amount)] })
        const { used, decision } = await limitsThen(parts, last, limited, 1)
        const inWindow = events.filter(({ timestampMs }) => timestampMs > last.timestampMs - 60_000).length
        expect(used).toEqual([Math.min(inWindow, amount)])
        expect(decision.outcome).toBe(inWindow >= amount ? 'refused' : 'admitted')
        if (decision.outcome === 'admitted') return
        const frees = decision.resetAtMs[0] ?? 0
        const at = async (timestampMs: number) =>
          (await limitsThen(parts, { ...last, id: 'zzz', timestampMs }, limited, 1)).decision.outcome
        // Only the calls before it count; the call itself was refused.
        expect([await at(frees - 1), await at(frees)].map((outcome) => outcome === 'refused')).toContain(
          false,
        )
      },
    ),
    { numRuns: 40 },
  )
})
