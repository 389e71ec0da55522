import { describe, expect, test } from 'vitest'
import { countersOf } from '../../src/limits/call-counters.ts'
import { periodFinder } from '../../src/limits/period-finder.ts'
import { restoreQuotas } from '../../src/limits/restore-counters.ts'
import { rollUp } from '../../src/metering/roll-up.ts'
import { heldPlan, type QuotaRules } from '../../src/model/billing-calendar.ts'
import { makeCounterMemory, openCounters } from '../../src/storage/open.ts'
import { plan, putPlans, subscription, tenant, testStore } from '../support/control-store.ts'
import { usageEvent } from '../support/usage-events.ts'

const at = (month: number, day: number, hour = 0, minute = 0) => Date.UTC(2026, month - 1, day, hour, minute)

const QUOTA = { id: 'calls-month', meter: 'calls', per: 'month', included: '62', onExceed: 'block' } as const
const PLAN = plan({ id: 'pro', quotas: [QUOTA] })

// `acme` came on 20 January, and to this plan on 5 March at 12:07; `beta` had it all along.
const BEFORE = { id: 'sub_a', startMs: at(1, 20), planId: 'free', endMs: at(3, 5, 12, 7) }
const NOW = { id: 'sub_b', startMs: at(3, 5, 12, 7), planId: 'pro', anchorMs: at(1, 20) }
const BETA = { id: 'sub_c', tenantId: 'beta', planId: 'pro', startMs: at(1, 3) }

/** Calls of `acme`: before the month, under the plan before, in the quarter of an hour of the change, after it. */
const CALLS = [
  { atMs: at(2, 25), subscriptionId: 'sub_a', calls: 3 },
  { atMs: at(3, 2), subscriptionId: 'sub_a', calls: 5 },
  { atMs: at(3, 5, 12, 6), subscriptionId: 'sub_a', calls: 1 },
  { atMs: at(3, 5, 12, 8), subscriptionId: 'sub_b', calls: 2 },
  { atMs: at(3, 6), subscriptionId: 'sub_b', calls: 7 },
]
/** Calls of `beta`. */
const [BEFORE_MARCH, IN_MARCH] = [4, 6]

const RULES: readonly Case[] = [
  // 62 less what was called since 1 March.
  { says: 'the month goes on', acme: 62 - 15, beta: 62 - 6, ...rules('carry') },
  { says: 'it begins anew with the plan', acme: 62 - 9, beta: 62 - 6, ...rules('fresh') },
  // From 5 March there are 27 days left of 31.
  { says: 'it is for the days that are left', acme: 54 - 9, beta: 62 - 6, ...rules('prorate') },
  // From 20 February for the one, and from 3 March for the other.
  { says: 'it goes with the subscription', acme: 62 - 18, beta: 62 - 6, ...rules('carry', 'subscription') },
  { says: 'that one, anew', acme: 62 - 9, beta: 62 - 6, ...rules('fresh', 'subscription') },
  // From 20 February for all.
  { says: 'it begins on a day of ours', acme: 62 - 18, beta: 62 - 10, ...rules('carry', '2001-01-20') },
]

interface Case extends QuotaRules {
  readonly says: string
  /** What is left of 62, or of the part of it that holds. */
  readonly acme: number
  readonly beta: number
}

function rules(quota: 'carry' | 'fresh' | 'prorate', anchor?: string): QuotaRules {
  return { period: 'month', timezone: 'UTC', proration: { quota }, ...(anchor !== undefined && { anchor }) }
}

describe('after a restart a quota says what the ledger says of its period', () => {
  test.each(RULES)('$says', async ({ acme, beta, ...billing }) => {
    const { store, clock } = await testStore()
    const subscriptions = [BEFORE, NOW, BETA].map(subscription)
    await putPlans(store, [plan({ id: 'free' }), PLAN])
    await store.transaction(async (tables) => {
      for (const id of ['acme', 'beta']) await tables.tenants.insert(tenant({ id, name: id }))
      for (const each of subscriptions) await tables.subscriptions.insert(each)
      const ofBeta = [
        { atMs: at(2, 26), subscriptionId: 'sub_c', calls: BEFORE_MARCH, tenantId: 'beta' },
        { atMs: at(3, 8), subscriptionId: 'sub_c', calls: IN_MARCH, tenantId: 'beta' },
      ]
      const events = [...CALLS, ...ofBeta].map(({ atMs: timestampMs, calls: count, ...whose }, index) =>
        usageEvent({ ...whose, seq: index + 1, timestampMs, count }),
      )
      const advance = { nodeId: 'node-1', epoch: 1, afterSeq: 0, throughSeq: events.length }
      await tables.ledger.apply(rollUp(events), advance)
    })
    const counters = openCounters(makeCounterMemory(4))
    await restoreQuotas({ store, counters, clock, billing }, [PLAN])

    const nowMs = clock.nowMs()
    const leftOf = async (tenantId: string) => {
      const held = heldPlan(await store.subscriptions.activeAt(tenantId, nowMs))
      const call = { tenantId, keyId: '', routeId: '', cost: 1 }
      const periodOf = periodFinder(billing)
      const asked = countersOf(PLAN, call, (cycle) => periodOf(cycle, nowMs, held))
      return (await counters.peek(asked, nowMs)).remaining
    }
    expect([await leftOf('acme'), await leftOf('beta')]).toEqual([[acme], [beta]])
  })
})
