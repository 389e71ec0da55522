import { describe, expect, onTestFinished, test } from 'vitest'
import { ManualClock } from '../../src/lib/clock.ts'
import { countersOf } from '../../src/limits/call-counters.ts'
import { AdjustedQuotas } from '../../src/limits/release-adjusted.ts'
import { carryAdjustments } from '../../src/metering/carry-adjustments.ts'
import { usageReport } from '../../src/metering/usage-report.ts'
import { periodAt } from '../../src/model/period.ts'
import type { Quota } from '../../src/model/plan.ts'
import { subtractQuantities } from '../../src/model/quantity.ts'
import { voidEvent } from '../../src/reconcile/void-event.ts'
import { makeCounterMemory, openControlStore, openCounters, openUsageLog } from '../../src/storage/open.ts'
import { plan, putPlans, storesIn, subscription, tenant } from '../support/control-store.ts'
import { COUNTED_FROM, fillStores } from '../support/counted-stores.ts'
import { reconcileIn } from '../support/mutations.ts'
import { tempDir } from '../support/temp-dir.ts'

const LATER = COUNTED_FROM + 40 * 86_400_000

async function scene() {
  const folder = tempDir()
  await fillStores({ folder, events: 300, spooled: 40 })
  const clock = new ManualClock(LATER)
  const store = await openControlStore(storesIn(folder), clock)
  const usageLog = await openUsageLog(storesIn(folder))
  onTestFinished(async () => {
    await store[Symbol.asyncDispose]()
    await usageLog[Symbol.asyncDispose]()
  })
  const log = async () => (await usageLog.appendedAfter(0, 10_000)).map(({ event }) => event)
  const find = async (wanted: { billable: boolean; tenantId?: string; outcome?: string }) => {
    return (await log()).find((event) => {
      return Object.entries(wanted).every(([field, value]) => Reflect.get(event, field) === value)
    })!
  }
  const report = () => {
    const span = { startMs: COUNTED_FROM, endMs: COUNTED_FROM + 86_400_000 }
    return usageReport(store, { span, timezone: 'UTC', by: ['tenant'], tenant: undefined })
  }
  const total = async (tenantId?: string) => {
    const { rows, total: ofAll } = await report()
    return tenantId === undefined ? ofAll : rows.find(({ cells }) => cells[0] === tenantId)!.totals
  }
  const parts = { store, usageLog, clock }
  const take = (event: string, reason = 'an outage') => voidEvent(parts, { event, reason, actor: 'cli:ann' })
  return { folder, store, usageLog, clock, parts, log, find, total, take }
}

describe('a billed event that is taken back', () => {
  test('counts no longer: in report, ledger, quotas and log alike, and all stores agree', async () => {
    const { folder, store, find, total, take } = await scene()
    const event = await find({ billable: true, tenantId: 'tenant-2' })
    const [before, ofTenant] = [await total(), await total('tenant-2')]
    const used = () => store.ledger.usedByTenant('units', 0, LATER)
    const usedBefore = (await used()).find(({ tenantId }) => tenantId === 'tenant-2')!.used
    expect(await take(event.id)).toMatchObject({
      event_id: event.id,
      tenant_id: 'tenant-2',
      usage_units: -event.usageUnits,
      already: false,
      counts_at: new Date(event.timestampMs).toISOString(),
    })
    const after = await total()
    expect(after).toMatchObject({
      requests: before.requests - 1,
      billable: before.billable - 1,
      usageUnits: before.usageUnits - event.usageUnits,
      bytesSent: before.bytesSent - event.bytesSent,
    })
    expect((await total('tenant-2')).billable).toBe(ofTenant.billable - 1)
    expect((await used()).find(({ tenantId }) => tenantId === 'tenant-2')!.used).toBe(
      usedBefore - event.usageUnits,
    )
    const found = await reconcileIn(folder)
    expect(found).toMatchObject({ equal: true, differences: [], events: 301 })
    expect(found.through).toContainEqual({ node_id: 'adjustments', epoch: 1, seq: 1 })
  })

  test('takes its exact quantities with it', async () => {
    const { log, total, take } = await scene()
    const event = (await log()).find(({ quantities }) => quantities.images !== undefined)!
    const before = await total()
    await take(event.id)
    const after = await total()
    expect(Number(before.quantities.images) - Number(after.quantities.images)).toBe(2)
    expect(subtractQuantities(before.quantities.tokens!, after.quantities.tokens!)).toBe(
      event.quantities.tokens,
    )
    expect(event.quantities.tokens).toBe('0.000000000000001')
  })

  test('stays in the list as it was: the list before is the beginning of the list after', async () => {
    const { log, find, take } = await scene()
    const event = await find({ billable: true })
    const before = await log()
    await take(event.id)
    const after = await log()
    expect(after.slice(0, before.length)).toEqual(before)
    expect(after).toHaveLength(before.length + 1)
    expect(after.at(-1)).toMatchObject({
      ...{ tenantId: event.tenantId, keyId: event.keyId, count: -1, billable: true, source: 'adjustment' },
      requestId: `void:${event.id}`,
    })
  })

  test('is taken back once, however often and by however many it is asked', async () => {
    const { folder, log, find, total, take, store } = await scene()
    const event = await find({ billable: true })
    const all = await Promise.all(Array.from({ length: 6 }, () => take(event.id)))
    expect(all.filter(({ already }) => !already)).toHaveLength(1)
    expect(new Set(all.map(({ id }) => id)).size).toBe(1)
    const after = await total()
    expect(await take(event.id, 'another reason')).toMatchObject({ already: true, reason: 'an outage' })
    expect(await total()).toEqual(after)
    expect((await log()).filter(({ source }) => source === 'adjustment')).toHaveLength(1)
    expect(await store.audit.list({ subject: `event:${event.id}` })).toMatchObject([
      { actor: 'cli:ann', action: 'usage.voided', detail: { reason: 'an outage', tenant: event.tenantId } },
    ])
    expect((await reconcileIn(folder)).equal).toBe(true)
  })

  test('is found by its request id, unless several calls had it', async () => {
    const { log, take, usageLog } = await scene()
    const event = (await log()).find(({ billable, requestId }) => billable && requestId.startsWith('order-'))!
    expect((await take(event.requestId)).event_id).toBe(event.id)
    await usageLog.append([
      { ...event, id: 'twin-1', requestId: 'twin' },
      { ...event, id: 'twin-2', requestId: 'twin' },
    ])
    await expect(take('twin')).rejects.toMatchObject({
      code: 'invalid-parameter',
      message: expect.stringContaining('twin-1'),
    })
  })

  test('counts when it happened, however much later it is taken back', async () => {
    const { folder, find, parts } = await scene()
    const { id: event, timestampMs } = await find({ billable: true })
    const voided = await voidEvent(parts, { event, reason: 'late', actor: 'cli:ann' })
    expect(voided).toMatchObject({
      ...{ counts_at: new Date(timestampMs).toISOString(), at: new Date(LATER).toISOString() },
    })
    expect((await reconcileIn(folder)).equal).toBe(true)
  })

  test('reaches the usage log later, when the process ended between the two stores', async () => {
    const { folder, find, log, store, usageLog, parts } = await scene()
    const event = await find({ billable: true })
    const broken = { ...parts.usageLog, append: () => Promise.reject(new Error('the power went')) }
    Object.setPrototypeOf(broken, usageLog)
    const breaking = new Proxy(usageLog, {
      get: (target, name) => (name === 'append' ? broken.append : Reflect.get(target, name).bind?.(target)),
    })
    const request = { event: event.id, reason: 'x', actor: 'cli:ann' }
    await expect(voidEvent({ ...parts, usageLog: breaking }, request)).rejects.toThrow('the power went')
    expect((await reconcileIn(folder)).differences).toEqual([])
    for (let time = 0; time < 3; time += 1) await carryAdjustments(store, usageLog, LATER)
    expect((await log()).filter(({ source }) => source === 'adjustment')).toHaveLength(1)
    expect((await reconcileIn(folder)).differences).toEqual([])
  })
})

describe('what is refused, with nothing written', () => {
  test.each([
    { wanted: { billable: false, outcome: 'refused' }, why: /was never billed \(it was refused\)/ },
    {
      wanted: { billable: false, outcome: 'upstream_error' },
      why: /was never billed \(it was answered 502\)/,
    },
  ])('$wanted', async ({ wanted, why }) => {
    const { log, find, take } = await scene()
    const event = await find(wanted)
    const before = await log()
    await expect(take(event.id)).rejects.toMatchObject({
      code: 'wrong-state',
      message: expect.stringMatching(why),
    })
    expect(await log()).toEqual(before)
  })

  test('an adjustment itself, an unknown id, and no reason', async () => {
    const { log, find, take } = await scene()
    const { adjustment_event_id: id } = await take((await find({ billable: true })).id)
    const before = await log()
    await expect(take(id)).rejects.toMatchObject({
      code: 'wrong-state',
      message: expect.stringMatching(/itself/),
    })
    await expect(take('nothing')).rejects.toMatchObject({ code: 'not-found' })
    await expect(take((await find({ billable: true })).id, ' ')).rejects.toMatchObject({
      code: 'invalid-parameter',
    })
    expect(await log()).toEqual(before)
  })
})

test('admissions stay: what was taken back later had its place in the window all the same', async () => {
  const { usageLog, find, take } = await scene()
  const admissions = () => Array.fromAsync(usageLog.admissions(0, 1))
  const before = await admissions()
  await take((await find({ billable: true })).id)
  expect(await admissions()).toEqual(before)
})

test('quotas get back what was adjusted, once, and not what belongs to another period', async () => {
  const { store, find, take, log } = await scene()
  const quota = (meter: string, onExceed: Quota['onExceed']): Quota => {
    return { id: `${meter}-${onExceed}`, meter, per: 'month', included: '100', onExceed }
  }
  const quotas = [quota('calls', 'block'), quota('units', 'block'), quota('calls', 'bill')]
  const pro = plan({ id: 'pro', quotas })
  await putPlans(store, [pro])
  let nowMs = COUNTED_FROM
  await using counters = openCounters(makeCounterMemory(1))
  const periodOf = () => periodAt('month', 'UTC', nowMs)
  const event = (await log()).find(({ billable, usageUnits }) => billable && usageUnits === 3)!
  const { tenantId, keyId, routeId } = event
  await store.tenants.insert(tenant({ id: tenantId }))
  await store.subscriptions.insert(
    subscription({ id: 'sub', tenantId, planId: 'pro', planVersion: 1, startMs: 0 }),
  )
  const asked = countersOf(pro, { tenantId, keyId, routeId, cost: 3 }, periodOf)
  for (const counter of asked) await counters.restore(counter, nowMs, 50)
  const left = async () => {
    const { remaining } = await counters.peek(asked, nowMs)
    return Object.fromEntries(asked.map(({ id }, index) => [id, remaining[index]]))
  }
  // One that bills what is above it is counted, and never refuses.
  const bill = (await left())['calls-bill'] ?? 0
  expect(await left()).toEqual({ 'calls-block': 50, 'units-block': 50, 'calls-bill': bill })
  const released = new AdjustedQuotas(
    {
      ...{ store, counters, nowMs: () => nowMs },
      rules: async () => ({ plans: [pro], billing: { timezone: 'UTC', period: 'month' } }),
    },
    0,
  )
  await take(event.id)
  await Promise.all([released.release(), released.release()])
  await released.release()
  expect(await left()).toEqual({ 'calls-block': 51, 'units-block': 53, 'calls-bill': bill + 1 })
  nowMs = LATER
  await take((await find({ billable: true, tenantId })).id)
  await released.release()
  nowMs = COUNTED_FROM
  expect(await left()).toEqual({ 'calls-block': 51, 'units-block': 53, 'calls-bill': bill + 1 })
})
