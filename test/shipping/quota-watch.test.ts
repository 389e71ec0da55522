import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { applyPlans } from '../../src/access/apply-plans.ts'
import { changePlan } from '../../src/access/change-plan.ts'
import { createTenant } from '../../src/access/create-tenant.ts'
import { overrideTenant } from '../../src/access/override-tenant.ts'
import type { Plan, Quota } from '../../src/model/plan.ts'
import { QuotaWatch } from '../../src/shipping/quota-watch.ts'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'
import type { Rollup } from '../../src/storage/ports/ledger.ts'
import { NOON, openFor, plan, testStore } from '../support/control-store.ts'
import { rollup } from '../support/rollups.ts'

const actor = 'cli:test'
const NODE = { nodeId: 'node_a', epoch: 1 }
const calls = (parts: Partial<Quota> = {}): Quota => ({
  id: 'calls-month',
  meter: 'calls',
  per: 'month',
  included: '10',
  onExceed: 'bill',
  ...parts,
})

async function scene(
  plans: readonly Plan[],
  proration: { quota: 'carry' | 'fresh' | 'prorate' } = { quota: 'carry' },
) {
  const access = await testStore()
  const billing = { ...access.billing, proration }
  await applyPlans(access, { plans, actor, mode: 'explicit' })
  await createTenant(access, { actor, id: 'acme', planId: plans[0]?.id })
  const watch = (store = access.store) =>
    new QuotaWatch({ store, clock: access.clock, metering: { meters: [], dimensions: [], billing } })
  return {
    ...access,
    watch,
    use: (parts: Partial<Rollup>, store = access.store) => use(store, parts),
    look: () => watch().look(),
    move: (planId: string) =>
      changePlan({ ...access, billing }, { actor, tenant: 'acme', planId, at: 'now' }),
    override: (quotas: string) =>
      overrideTenant(access, { actor, tenant: 'acme', quotas: [quotas], knownFeatures: [] }),
    told: () => told(access.store),
    subscription: async () => (await access.store.subscriptions.activeAt('acme', access.clock.nowMs()))!,
  }
}

/** Adds to the ledger, as shipping does. */
async function use(store: ControlStore, parts: Partial<Rollup>): Promise<void> {
  const bucketMs = NOON - (NOON % 900_000)
  await store.transaction(async (tables) => {
    const afterSeq = await tables.ledger.watermark(NODE)
    const advance = { ...NODE, afterSeq, throughSeq: afterSeq + 1 }
    expect(await tables.ledger.apply([rollup({ bucketMs, ...parts })], advance)).toBe(true)
  })
}

async function told(store: ControlStore): Promise<readonly string[]> {
  // Messages of one moment are in no order.
  const messages = (await store.outbox.pending(100)).map(({ kind, body }) => ({ kind, ...body }) as Message)
  return messages
    .toSorted((one, other) => Number(one.used) - Number(other.used) || one.threshold - other.threshold)
    .map(
      ({ kind, plan, quota, threshold, used, included }) =>
        `${kind} ${plan} ${quota} ${threshold}: ${used} of ${included}`,
    )
}

interface Message {
  readonly kind: string
  readonly plan: string
  readonly quota: string
  readonly threshold: number
  readonly used: string
  readonly included: string
}

describe('thresholds', () => {
  test('are told of when they are reached, each once in a period', async () => {
    const { use, look, told } = await scene([plan({ quotas: [calls()] })])
    const steps: [number, number][] = []
    for (const requests of [7, 1, 1, 1, 5]) {
      await use({ requests })
      await look()
      await look()
      steps.push([requests, (await told()).length])
    }
    expect(steps).toEqual([
      [7, 0],
      [1, 1],
      [1, 1],
      [1, 2],
      [5, 2],
    ])
    expect(await told()).toEqual([
      'quota.threshold free calls-month 80: 8 of 10',
      'quota.threshold free calls-month 100: 10 of 10',
    ])
  })

  test('begin anew with the next period', async () => {
    const { use, look, told, clock } = await scene([plan({ quotas: [calls({ per: 'day' })] })])
    await use({ requests: 8 })
    await look()
    clock.advance(86_400_000)
    await use({ requests: 8, bucketMs: NOON + 86_400_000 })
    await look()
    expect(await told()).toHaveLength(2)
  })

  test('are of what the tenant has in place of its plan, and of what is billable only', async () => {
    const { use, look, told, override } = await scene([plan({ quotas: [calls()] })])
    await override('calls-month=100')
    await use({ requests: 79 })
    await use({ requests: 500, billable: false })
    await look()
    expect(await told()).toEqual([])
    await use({ requests: 1 })
    await look()
    expect(await told()).toEqual(['quota.threshold free calls-month 80: 80 of 100'])
  })

  test('are of any meter, exactly: a tenth of a token is enough', async () => {
    const quotas = [
      calls({ id: 'tokens', meter: 'tokens', included: '1' }),
      calls({ id: 'bytes', meter: 'bandwidth', included: '1000' }),
    ]
    const { use, look, told } = await scene([plan({ quotas })])
    for (let time = 0; time < 9; time += 1) {
      await use({ quantities: { tokens: '0.1' }, bytesReceived: 50, bytesSent: 50 })
    }
    await look()
    expect(await told()).toEqual([
      'quota.threshold free tokens 80: 0.9 of 1',
      'quota.threshold free bytes 80: 900 of 1000',
    ])
    await use({ quantities: { tokens: '0.1' }, bytesReceived: 0, bytesSent: 0 })
    await look()
    expect((await told())[1]).toBe('quota.threshold free tokens 100: 1 of 1')
  })

  test('of what is added to a period long over alarm nobody', async () => {
    const { use, look, told } = await scene([plan({ quotas: [calls()] })])
    await use({ requests: 50, bucketMs: NOON - 40 * 86_400_000 })
    await look()
    expect(await told()).toEqual([])
  })
})

describe('decisions', () => {
  test('survive a crash at any moment: what was added is looked at by the next who comes', async () => {
    const { use, folder, clock, watch } = await scene([plan({ quotas: [calls()] })])
    await use({ requests: 10 })
    const reopened = await openFor(folder, clock)
    await watch(reopened).look()
    await watch(reopened).look()
    expect(await told(reopened)).toHaveLength(2)
  })

  test('of several who look at once are made once, and count what the ledger counts', async () => {
    const { use, folder, clock, watch, store } = await scene([plan({ quotas: [calls({ included: '100' })] })])
    const stores = [store, await openFor(folder, clock), await openFor(folder, clock)]
    for (let round = 0; round < 20; round += 1) {
      await use({ requests: 6 })
      await Promise.all(stores.map((each) => watch(each).look()))
    }
    expect(await told(store)).toEqual([
      'quota.threshold free calls-month 80: 84 of 100',
      'quota.threshold free calls-month 100: 102 of 100',
    ])
    const place = { tenantId: 'acme', meterId: 'calls', fromMs: Date.UTC(2026, 2), toMs: Date.UTC(2026, 3) }
    expect(await store.quotas.used(place)).toBe('120')
  })

  test('agree with the ledger however it is added to and looked at', async () => {
    const step = fc.record({
      requests: fc.integer({ min: -3, max: 9 }),
      day: fc.integer({ min: 1, max: 20 }),
      looks: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        const { use, look, store, told } = await scene([plan({ quotas: [calls({ included: '20' })] })])
        let [sum, most] = [0, 0]
        for (const { requests, day, looks } of steps) {
          await use({ requests, bucketMs: Date.UTC(2026, 2, day, 3) })
          sum += requests
          if (looks) await look()
          if (looks) most = Math.max(most, sum)
        }
        await look()
        most = Math.max(most, sum)
        const place = {
          tenantId: 'acme',
          meterId: 'calls',
          fromMs: Date.UTC(2026, 2),
          toMs: Date.UTC(2026, 3),
        }
        expect(Number((await store.quotas.used(place)) ?? 0)).toBe(sum)
        expect(await told()).toHaveLength([16, 20].filter((amount) => most >= amount).length)
        await store[Symbol.asyncDispose]()
      }),
      { numRuns: 25 },
    )
  }, 60_000)
})

describe('a quota that upgrades', () => {
  const upgrades = (upgradeTo: string, included: string) =>
    calls({ included, onExceed: 'upgrade', upgradeTo })
  const plans = [
    plan({ quotas: [upgrades('pro', '10')] }),
    plan({ id: 'pro', quotas: [upgrades('large', '100')] }),
    plan({ id: 'large', quotas: [calls({ included: '1000' })] }),
  ]

  test('moves the tenant with the first call above it, and tells of the new one by its own measure', async () => {
    const { use, look, told, subscription, store } = await scene(plans)
    await use({ requests: 10 })
    await look()
    expect((await subscription()).planId).toBe('free')
    await use({ requests: 1 })
    await look()
    expect((await subscription()).planId).toBe('pro')
    const [entry] = (await store.audit.list({ subject: 'tenant:acme' })).filter(
      ({ action }) => action === 'tenant.plan_changed',
    )
    expect(entry).toMatchObject({
      actor: 'gatez',
      detail: { from: 'free', to: 'pro', reason: 'a quota was exceeded' },
    })
    await use({ requests: 70 })
    await look()
    expect(await told()).toEqual([
      'quota.threshold free calls-month 80: 10 of 10',
      'quota.threshold free calls-month 100: 10 of 10',
      'quota.threshold pro calls-month 80: 81 of 100',
    ])
  })

  test('goes on where the next plan is too small as well', async () => {
    const { use, look, subscription } = await scene(plans)
    await use({ requests: 500 })
    await look()
    expect((await subscription()).planId).toBe('large')
  })
})

describe('after a change of plan', () => {
  const plans = [plan({ quotas: [calls()] }), plan({ id: 'pro', quotas: [calls({ included: '31' })] })]

  test.each([
    { quota: 'carry', included: '31', used: '25' },
    { quota: 'fresh', included: '31', used: '17' },
    { quota: 'prorate', included: '22', used: '17' },
  ] as const)('the quota counts by $quota: $used of $included', async ({ quota, included, used }) => {
    const { use, look, move, subscription, store, clock } = await scene(plans, { quota })
    await use({ requests: 8, subscriptionId: (await subscription()).id })
    await look()
    clock.advance(60_000)
    await move('pro')
    const { id, startMs } = await subscription()
    await use({ requests: 17, subscriptionId: id })
    await look()
    const fromMs = quota === 'carry' ? Date.UTC(2026, 2) : startMs
    const place = { tenantId: 'acme', meterId: 'calls', fromMs, toMs: Date.UTC(2026, 3) }
    expect(await store.quotas.used(place)).toBe(used)
    await use({ requests: Number(included) - Number(used), subscriptionId: id })
    await look()
    const last = (await store.quotas.told('acme', 0)).at(-1)
    expect(last).toMatchObject({ planId: 'pro', threshold: 100, used: included, included })
  })
})
