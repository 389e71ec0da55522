import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { CountersConfig } from '../../src/config/counters-config.ts'
import { parseConfig } from '../../src/config/load-config.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { countersOf } from '../../src/limits/call-counters.ts'
import { rollUp } from '../../src/metering/roll-up.ts'
import { heldPlan, quotaPeriodAt } from '../../src/model/billing-calendar.ts'
import { voidEvent } from '../../src/reconcile/void-event.ts'
import { startCounters } from '../../src/serve-counters.ts'
import { openLocalCounters, openUsageLog } from '../../src/storage/open.ts'
import { openLog } from '../../src/telemetry/log.ts'
import { SMALL_CONFIG } from '../support/config-text.ts'
import { NOON, plan, putPlans, storesIn, subscription, tenant, testStore } from '../support/control-store.ts'
import { guardedNodes } from '../support/guarded-nodes.ts'
import { redisConfig } from '../support/redis-config.ts'
import { startRedis } from '../support/services/redis.ts'
import { tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'
import { usageEvent } from '../support/usage-events.ts'

const redis = await startRedis()
const { node } = guardedNodes(redis)

const PLAN = plan({
  quotas: [{ id: 'calls', meter: 'calls', per: 'month', included: '20', onExceed: 'block' }],
})
const TOKYO = { period: 'month', timezone: 'Asia/Tokyo' } as const
/** February by UTC, in which the gateway started, and March in Tokyo. */
const BETWEEN = Date.UTC(2026, 1, 28, 20)

test('what is taken back is given back to the period that the file has now', async () => {
  const { store, usageLog, clock, counters, startedWith } = await scene()
  const { memory, adjusted, replaceRules } = await startedWith({ driver: 'memory' })
  await replaceRules({ plans: [PLAN], billing: TOKYO })
  const left = () => openLocalCounters(memory).peek(counters, NOON).remaining
  expect(left()).toEqual([18])
  const [event] = await usageLog.appendedAfter(0, 1)
  await voidEvent(
    { store, usageLog, clock },
    { event: event!.event.id, reason: 'an outage', actor: 'cli:ann' },
  )
  await adjusted.release()
  expect(left()).toEqual([19])
})

test('shared counters that are lost are counted again by the periods that the file has now', async () => {
  const { counters, startedWith } = await scene()
  const { replaceRules } = await startedWith(redisConfig(redis.url))
  await replaceRules({ plans: [PLAN], billing: TOKYO })
  await redis.command('FLUSHALL')
  const { counters: shared } = await node({ clock: NOON - systemClock.nowMs() })
  const left = await until('they were counted again', async () => {
    const { remaining } = await shared.peek(counters, NOON)
    return shared.isAlone ? undefined : remaining
  })
  expect(left).toEqual([18])
})

/** A tenant that called twice when it was March in Tokyo only. */
async function scene() {
  const { store, clock } = await testStore()
  const folder = tempDir()
  const usageLog = await openUsageLog(storesIn(folder))
  await putPlans(store, [PLAN])
  await store.tenants.insert(tenant())
  const held = subscription({ planId: PLAN.id, startMs: BETWEEN - 86_400_000 * 60 })
  await store.subscriptions.insert(held)
  const events = [1, 2].map((seq) => usageEvent({ seq, timestampMs: BETWEEN, planId: PLAN.id }))
  const advance = { nodeId: 'node-1', epoch: 1, afterSeq: 0, throughSeq: 2 }
  await store.transaction((tables) => tables.ledger.apply(rollUp(events), advance))
  await usageLog.append(events)
  const call = { tenantId: 'acme', keyId: 'key_1', routeId: 'search', cost: 1 }
  const counters = countersOf(PLAN, call, (cycle) => quotaPeriodAt(TOKYO, cycle, NOON, heldPlan(held)))
  const undo = new AsyncDisposableStack()
  onTestFinished(async () => {
    await undo.disposeAsync()
    await usageLog[Symbol.asyncDispose]()
  })
  const startedWith = (counted: CountersConfig) => {
    const config = parseConfig(SMALL_CONFIG, { file: join(folder, 'gatez.yaml'), env: {} })
    const parts = {
      ...{ store, usageLog, clock, nodeId: 'node-1', log: openLog([], () => {}) },
      config: { ...config, stores: { ...config.stores, counters: counted } },
      plans: async () => [PLAN],
    }
    return startCounters(parts, undo)
  }
  return { store, usageLog, clock, counters, startedWith }
}
