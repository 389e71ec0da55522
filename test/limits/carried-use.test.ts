import { expect, onTestFinished, test } from 'vitest'
import { countersOf } from '../../src/limits/call-counters.ts'
import { CarriedUse } from '../../src/limits/carried-use.ts'
import { AdjustedQuotas } from '../../src/limits/release-adjusted.ts'
import { rollUp } from '../../src/metering/roll-up.ts'
import { heldPlan, type QuotaRules, quotaPeriodAt } from '../../src/model/billing-calendar.ts'
import type { Plan } from '../../src/model/plan.ts'
import { makeCounterMemory, openLocalCounters, openUsageLog } from '../../src/storage/open.ts'
import { NOON, plan, putPlans, storesIn, subscription, tenant, testStore } from '../support/control-store.ts'
import { tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'
import { usageEvent } from '../support/usage-events.ts'

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000]
const BILLING: QuotaRules = { period: 'month', timezone: 'UTC' }

const hour = {
  id: 'tenant-hour',
  counts: 'requests',
  amount: 10,
  windowMs: HOUR,
  per: 'hour',
  scope: 'tenant',
} as const
const month = { id: 'calls', meter: 'calls', per: 'month', included: '20', onExceed: 'block' } as const
const OPEN = plan({ id: 'open' })
const LIMITED = plan({ id: 'limited', limits: [hour], quotas: [month] })

/** A gateway whose tenant is on `open` since January, as far as counters go. */
async function scene({
  plans = [OPEN, LIMITED],
  billing = BILLING,
  logFrom = (log: UsageLogRead) => log,
} = {}) {
  const { store, clock } = await testStore()
  const usageLog = await openUsageLog(storesIn(tempDir()))
  onTestFinished(() => usageLog[Symbol.asyncDispose]())
  await putPlans(store, plans)
  await store.transaction(async (tables) => {
    await tables.tenants.insert(tenant())
    await tables.subscriptions.insert(subscription({ id: 'sub_a', planId: 'open', startMs: NOON - 60 * DAY }))
  })
  const counters = openLocalCounters(makeCounterMemory(4))
  const rules = async () => ({ plans, billing })
  const adjusted = new AdjustedQuotas({ store, counters, nowMs: () => clock.nowMs(), rules }, 0)
  const errors: unknown[] = []
  const parts = { store, usageLog: logFrom(usageLog), counters, adjusted, clock }
  const start = async () => {
    const carried = await CarriedUse.start(
      { ...parts, onError: (error) => errors.push(error) },
      { plans, billing },
    )
    onTestFinished(() => carried.stop())
    return carried
  }
  let seq = 0
  /** Calls that are in the stores. */
  const called = async (count: number, atMs: number, keyId = 'key_1') => {
    const events = Array.from({ length: count }, () =>
      usageEvent({ seq: ++seq, timestampMs: atMs, keyId, planId: 'open', subscriptionId: 'sub_a' }),
    )
    const advance = { nodeId: 'node-1', epoch: 1, afterSeq: seq - count, throughSeq: seq }
    await store.transaction((tables) => tables.ledger.apply(rollUp(events), advance))
    await usageLog.append(events)
  }
  const move = async (startMs: number, planId = 'limited') => {
    await store.subscriptions.end('sub_a', startMs)
    await store.subscriptions.insert(
      subscription({ id: 'sub_b', planId, startMs, anchorMs: NOON - 60 * DAY }),
    )
  }
  const asked = async (by: Plan, rules = billing) => {
    const held = heldPlan(await store.subscriptions.activeAt('acme', clock.nowMs()))
    const call = { tenantId: 'acme', keyId: 'key_1', routeId: 'search', cost: 1 }
    return countersOf(by, call, (cycle) => quotaPeriodAt(rules, cycle, clock.nowMs(), held))
  }
  const left = async (by: Plan, rules = billing) =>
    counters.peek(await asked(by, rules), clock.nowMs()).remaining
  const take = async (by: Plan) => counters.take(await asked(by), clock.nowMs())
  return { store, clock, counters, start, called, move, left, take, errors }
}

type UsageLogRead = Pick<Awaited<ReturnType<typeof openUsageLog>>, 'admissions'>

test('who moves to a plan with limits has used what was let through before, and no more', async () => {
  const { start, called, move, left, clock } = await scene()
  await called(3, NOON - 9 * DAY)
  await called(2, NOON - 30 * MINUTE)
  await called(1, NOON - MINUTE, 'key_2')
  const carried = await start()
  await move(NOON)
  await carried.tenantsChanged(['acme'])
  expect(await left(LIMITED)).toEqual([10 - 3, 20 - 6])
  // Of the hour each call leaves when it did.
  clock.advance(30 * MINUTE + 1)
  expect(await left(LIMITED)).toEqual([10 - 1, 20 - 6])
})

test('what was counted all along is not counted twice, however often something changes', async () => {
  const { start, called, move, left, take, clock } = await scene()
  await called(4, NOON - MINUTE)
  const carried = await start()
  await move(NOON)
  await carried.tenantsChanged(['acme'])
  clock.advance(1_000)
  for (let call = 0; call < 2; call += 1) await take(LIMITED)
  // They reach the stores.
  await called(2, clock.nowMs())
  for (let again = 0; again < 3; again += 1) await carried.tenantsChanged(['acme'])
  expect(await left(LIMITED)).toEqual([4, 14])
})

test('what was let through just before the change counts once it is in the stores', async () => {
  const { start, called, move, left, take } = await scene()
  await called(1, NOON - MINUTE)
  const carried = await start()
  await move(NOON)
  await carried.tenantsChanged(['acme'])
  await take(LIMITED)
  expect(await left(LIMITED)).toEqual([8, 18])
  await called(3, NOON - 1)
  await called(1, NOON)
  await until('it was looked at again', async () => ((await left(LIMITED))[0] === 5 ? true : undefined))
  expect(await left(LIMITED)).toEqual([5, 15])
})

test('a plan that is given limits and quotas counts for its subscribers what they used', async () => {
  const { start, called, left } = await scene()
  await called(3, NOON - MINUTE)
  const carried = await start()
  const limited = { ...LIMITED, id: 'open' }
  await carried.replaceRules({ plans: [limited] })
  expect(await left(limited)).toEqual([7, 17])
})

test('a limit that looks further back than it did, and a quota by another cycle, count all they are about', async () => {
  const minutes = plan({
    id: 'open',
    limits: [{ ...hour, windowMs: MINUTE }],
    quotas: [{ ...month, per: 'day' }],
  })
  const { start, called, left, take } = await scene({ plans: [minutes] })
  await called(3, NOON - DAY)
  await called(2, NOON - 10 * MINUTE)
  const carried = await start()
  await take(minutes)
  await called(1, NOON)
  const hours = { ...LIMITED, id: 'open' }
  await carried.replaceRules({ plans: [hours] })
  expect(await left(hours)).toEqual([7, 14])
})

test('periods that begin on another day of the month count what was used in them', async () => {
  const limited = { ...LIMITED, id: 'open' }
  const { start, called, left, take } = await scene({ plans: [limited] })
  await called(5, Date.UTC(2026, 1, 25))
  const carried = await start()
  await take(limited)
  await called(1, NOON)
  const billing = { ...BILLING, anchor: '2001-01-20' }
  await carried.replaceRules({ billing })
  expect((await left(limited, billing))[1]).toBe(14)
})

test('a move that was set for later carries over what was used when it comes', async () => {
  const { start, called, move, left, clock } = await scene()
  await called(3, NOON - MINUTE)
  await move(NOON + 50)
  await start()
  clock.advance(50)
  await until('it was counted', async () => ((await left(LIMITED))[1] === 17 ? true : undefined))
  expect(await left(LIMITED)).toEqual([7, 17])
})

test('with fresh quotas nothing of before is carried over, and limits are', async () => {
  const billing: QuotaRules = { ...BILLING, proration: { quota: 'fresh' } }
  const { start, called, move, left } = await scene({ billing })
  await called(3, NOON - MINUTE)
  const carried = await start()
  await move(NOON)
  await carried.tenantsChanged(['acme'])
  expect(await left(LIMITED)).toEqual([7, 20])
})

test('a usage log that is away holds up neither the change nor the quotas, and is asked again', async () => {
  const away = Promise.withResolvers<void>()
  const logFrom = (log: UsageLogRead): UsageLogRead => ({
    async *admissions(fromMs, stepMs) {
      await away.promise
      yield* log.admissions(fromMs, stepMs)
    },
  })
  const { start, called, move, left } = await scene({ logFrom })
  await called(3, NOON - MINUTE)
  const carried = await start()
  await move(NOON)
  await carried.tenantsChanged(['acme'])
  expect(await left(LIMITED)).toEqual([10, 17])
  away.resolve()
  await until('the window is counted', async () => ((await left(LIMITED))[0] === 7 ? true : undefined))
})

test('for a limit that the plan before had too the usage log is not read, and it goes on as it was', async () => {
  let reads = 0
  const logFrom = (log: UsageLogRead): UsageLogRead => ({
    admissions(fromMs, stepMs) {
      reads += 1
      return log.admissions(fromMs, stepMs)
    },
  })
  const free = plan({ id: 'open', limits: [hour] })
  const { start, move, take, left } = await scene({ plans: [free, LIMITED], logFrom })
  const carried = await start()
  for (let call = 0; call < 3; call += 1) await take(free)
  await move(NOON)
  await carried.tenantsChanged(['acme'])
  expect([reads, (await left(LIMITED))[0]]).toEqual([0, 7])
})

test('of windows that hold very many calls only so many are read', async () => {
  let read = 0
  const logFrom = (): UsageLogRead => ({
    async *admissions() {
      const call = { tenantId: 'acme', keyId: 'key_1', routeId: 'search', requests: 1, units: 1 }
      for (read = 0; read < 1_000_000; read += 1) yield { ...call, timestampMs: NOON - MINUTE }
    },
  })
  const { start, move, left } = await scene({ logFrom })
  const carried = await start()
  await move(NOON)
  await carried.tenantsChanged(['acme'])
  await until('they were read', async () => ((await left(LIMITED))[0] === 0 ? true : undefined))
  expect(read).toBeLessThan(200_000)
})
