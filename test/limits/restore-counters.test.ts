import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ManualClock } from '../../src/lib/clock.ts'
import { countersOf } from '../../src/limits/call-counters.ts'
import { restoreCounters } from '../../src/limits/restore-counters.ts'
import { rollUp } from '../../src/metering/roll-up.ts'
import type { UsageEvent } from '../../src/model/event.ts'
import { periodAt } from '../../src/model/period.ts'
import type { Limit, Plan, Quota } from '../../src/model/plan.ts'
import { makeCounterMemory, openCounters, openUsageLog } from '../../src/storage/open.ts'
import type { CounterStore, Decision } from '../../src/storage/ports/counters.ts'
import { NOON, openFor, plan, putPlans, storesIn, subscription, tenant } from '../support/control-store.ts'
import { tempDir } from '../support/temp-dir.ts'
import { usageEvent } from '../support/usage-events.ts'

const limit = (id: string, overrides: Partial<Limit>): Limit => ({
  id,
  counts: 'requests',
  amount: 20,
  windowMs: 60_000,
  per: 'minute',
  scope: 'tenant',
  ...overrides,
})

const quota = (id: string, overrides: Partial<Quota> = {}): Quota => ({
  id,
  meter: 'calls',
  per: 'month',
  included: '60',
  onExceed: 'block',
  ...overrides,
})

const PLANS: readonly Plan[] = [
  plan({
    limits: [
      limit('tenant-minute', {}),
      limit('tenant-day', { amount: 1_500, windowMs: 86_400_000, per: 'day' }),
      limit('key-hour', { amount: 30, windowMs: 3_600_000, per: 'hour', scope: 'key' }),
      limit('route-hour', { amount: 2_000, windowMs: 3_600_000, per: 'hour', scope: 'route' }),
      limit('units-minute', { amount: 50, counts: 'units' }),
    ],
    quotas: [quota('calls-month'), quota('units-day', { meter: 'units', per: 'day', included: '100' })],
  }),
  plan({ id: 'pro', limits: [limit('tenant-minute', { amount: 25 })], quotas: [quota('calls-month')] }),
]

const TENANTS = [
  { id: 'acme', plan: PLANS[0]! },
  { id: 'beta', plan: PLANS[1]! },
]

interface Call {
  readonly gapMs: number
  readonly tenant: number
  readonly key: string
  readonly route: { readonly id: string; readonly cost: number }
  readonly outcome: 'ok' | 'upstream_error' | 'client_aborted' | 'not-found'
}

const calls: fc.Arbitrary<Call[]> = fc.array(
  fc.record({
    gapMs: fc.oneof(
      fc.constant(0),
      fc.integer({ min: 0, max: 8_000 }),
      fc.integer({ min: 0, max: 1_000_000 }),
    ),
    tenant: fc.integer({ min: 0, max: 1 }),
    key: fc.constantFrom('key_1', 'key_2'),
    route: fc.constantFrom({ id: 'search', cost: 1 }, { id: 'analyze', cost: 5 }, { id: 'free', cost: 0 }),
    outcome: fc.constantFrom('ok', 'ok', 'ok', 'upstream_error', 'client_aborted', 'not-found'),
  }),
  { minLength: 1, maxLength: 150 },
)

test('after a restart every counter says what it would say had the process gone on', async () => {
  await fc.assert(
    fc.asyncProperty(calls, fc.integer({ min: 0, max: 120_000 }), async (made, pauseMs) => {
      const running = openCounters(makeCounterMemory(4))
      const clock = new ManualClock(NOON)
      const events = run(running, clock, made)
      clock.advance(pauseMs)
      const restored = await restart(clock, events)
      for (const each of TENANTS) {
        for (const key of ['key_1', 'key_2']) {
          for (const route of ['search', 'analyze', 'free']) {
            const counters = countersFor(each, key, { id: route, cost: 1 }, clock.nowMs())
            expect(await peek(restored, counters, clock)).toEqual(await peek(running, counters, clock))
          }
        }
      }
    }),
    { numRuns: 25 },
  )
}, 60_000)

test('what was refused, or of a tenant that is gone, is not counted', async () => {
  const clock = new ManualClock(NOON)
  const restored = await restart(clock, [
    usageEvent({ seq: 1, timestampMs: NOON, outcome: 'refused', billable: false, count: 50 }),
    usageEvent({ seq: 2, timestampMs: NOON, tenantId: 'gone' }),
    usageEvent({ seq: 3, timestampMs: NOON, tenantId: '', keyId: '' }),
  ])
  const counters = countersFor(TENANTS[0]!, 'key_1', { id: 'search', cost: 1 }, NOON)
  expect((await peek(restored, counters, clock)).remaining).toEqual([20, 1_500, 30, 2_000, 50, 60, 100])
})

/** A process that takes and gives back, and writes an event for what it admits. */
function run(counters: CounterStore, clock: ManualClock, made: readonly Call[]): UsageEvent[] {
  const events: UsageEvent[] = []
  for (const call of made) {
    clock.advance(call.gapMs)
    const owner = TENANTS[call.tenant]!
    const set = countersFor(owner, call.key, call.route, clock.nowMs())
    const decision = counters.take(set, clock.nowMs()) as Decision
    if (decision.outcome !== 'admitted') continue
    const billable = call.outcome === 'ok'
    if (!billable) void counters.giveBack(set)
    events.push(
      usageEvent({
        seq: events.length + 1,
        timestampMs: clock.nowMs(),
        tenantId: owner.id,
        keyId: call.key,
        routeId: call.route.id,
        usageUnits: call.route.cost,
        outcome: call.outcome === 'not-found' ? 'ok' : call.outcome,
        statusCode: call.outcome === 'not-found' ? 404 : 200,
        billable,
      }),
    )
  }
  return events
}

/** The counters of a process that starts with what these events left in the ledger and the usage log. */
async function restart(clock: ManualClock, events: readonly UsageEvent[]): Promise<CounterStore> {
  const folder = tempDir()
  const store = await openFor(folder, clock)
  const usageLog = await openUsageLog(storesIn(join(folder, 'log')))
  await putPlans(store, PLANS)
  await store.transaction(async (tables) => {
    for (const [index, each] of TENANTS.entries()) {
      await tables.tenants.insert(tenant({ id: each.id, name: each.id }))
      await tables.subscriptions.insert(
        subscription({ id: `sub_${index}`, tenantId: each.id, planId: each.plan.id }),
      )
    }
    if (events.length > 0) {
      const advance = { nodeId: 'node-1', epoch: 1, afterSeq: 0, throughSeq: events.length }
      await tables.ledger.apply(rollUp(events), advance)
    }
  })
  await usageLog.append(events)
  const counters = openCounters(makeCounterMemory(4))
  await restoreCounters(
    { store, usageLog, counters, clock, billing: { timezone: 'UTC', period: 'month' } },
    PLANS,
  )
  await usageLog[Symbol.asyncDispose]()
  return counters
}

function countersFor(
  owner: (typeof TENANTS)[number],
  keyId: string,
  route: { readonly id: string; readonly cost: number },
  nowMs: number,
) {
  const call = { tenantId: owner.id, keyId, routeId: route.id, cost: route.cost }
  return countersOf(owner.plan, call, (cycle) => periodAt(cycle, 'UTC', nowMs))
}

async function peek(counters: CounterStore, set: ReturnType<typeof countersFor>, clock: ManualClock) {
  const { remaining, resetAtMs } = await counters.peek(set, clock.nowMs())
  return { remaining, resetAtMs }
}
