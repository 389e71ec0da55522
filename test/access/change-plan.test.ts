import { beforeEach, describe, expect, test } from 'vitest'
import { applyPlans } from '../../src/access/apply-plans.ts'
import { cancelPlan } from '../../src/access/cancel-plan.ts'
import { changePlan } from '../../src/access/change-plan.ts'
import { createTenant } from '../../src/access/create-tenant.ts'
import { showTenant } from '../../src/access/show-tenant.ts'
import { formatExactly } from '../../src/model/rational.ts'
import { directionOf, monthlyValue } from '../../src/pricing/monthly-value.ts'
import { plan, testStore } from '../support/control-store.ts'

const fee = (amount: string) => ({ id: 'fee', meter: null, price: { model: 'flat', amount } })
const PLANS = [
  plan({ id: 'free' }),
  plan({ id: 'basic', charges: [fee('20')] }),
  plan({ id: 'pro', charges: [fee('49')] }),
  plan({ id: 'other', charges: [fee('49')] }),
]
const actor = 'cli:test'

let access: Awaited<ReturnType<typeof testStore>>
const move = (planId: string, more: Partial<Parameters<typeof changePlan>[1]> = {}) =>
  changePlan(access, { actor, tenant: 'acme', planId, ...more })
const show = () => showTenant(access, { tenant: 'acme' })
const subscriptions = () => access.store.subscriptions.list('acme')

beforeEach(async () => {
  access = await testStore()
  await applyPlans(access, { plans: PLANS, actor, mode: 'explicit' })
  await createTenant(access, { actor, id: 'acme', planId: 'basic' })
})

describe('direction', () => {
  test.each([
    { to: 'pro', plan: 'pro', next: null, why: 'up is now' },
    {
      to: 'free',
      plan: 'basic',
      next: 'free',
      why: 'down is at the end of the period, and the old limits hold until then',
    },
  ])('decides when a change begins: to $to, $why', async ({ to, plan: now, next }) => {
    expect(await move(to)).toMatchObject({ plan: now, next_plan: next })
  })

  test('is up between plans of one value, and the word of the operator goes before it', async () => {
    await move('pro')
    expect(await move('other')).toMatchObject({ plan: 'other', next_plan: null })
    expect(await move('free', { at: 'now' })).toMatchObject({ plan: 'free', next_plan: null })
    expect(await move('pro', { at: 'period-end' })).toMatchObject({ plan: 'free', next_plan: 'pro' })
  })

  test('goes by what a plan costs in a month: 300 a year is more than 20 a month', () => {
    const [monthly, yearly] = [
      monthlyValue({ charges: [fee('20')] }, 'month'),
      monthlyValue({ charges: [fee('300')] }, 'year'),
    ]
    expect([formatExactly(monthly), formatExactly(yearly)]).toEqual(['20', '25'])
    expect(directionOf(monthly, yearly)).toBe('upgrade')
    expect(directionOf(yearly, monthly)).toBe('downgrade')
    const least = { id: 'calls', meter: 'calls', price: { model: 'per_unit', unit: '0.1', minimum: '30' } }
    expect(formatExactly(monthlyValue({ charges: [fee('20'), least] }, 'month'))).toBe('50')
  })

  test('goes by the price a tenant has of its own', async () => {
    await access.store.tenants.setOverrides(
      'acme',
      { limits: {}, quotas: {}, features: [], prices: { fee: { model: 'flat', amount: '9' } } },
      0,
    )
    expect(await move('free')).toMatchObject({ next_plan: 'free' })
    expect(await move('pro')).toMatchObject({ plan: 'pro' })
  })
})

describe('billing periods', () => {
  test('that follow the subscription go on over a change of plan', async () => {
    const billing = { ...access.billing, anchor: 'subscription' } as const
    access.clock.set(Date.parse('2026-04-20T12:00Z'))
    await changePlan({ ...access, billing }, { actor, tenant: 'acme', planId: 'pro' })
    const request = { actor, tenant: 'acme', planId: 'free' } as const
    expect(await changePlan({ ...access, billing }, request)).toMatchObject({
      next_plan_at: '2026-05-10T00:00:00.000Z',
    })
    expect((await subscriptions()).map(({ anchorMs }) => anchorMs)).toEqual([
      undefined,
      ...Array.from({ length: 2 }, () => Date.parse('2026-03-10T12:00Z')),
    ])
  })
})

describe('a trial', () => {
  test('is of the plan at once, without being billed, and goes over into it', async () => {
    expect(await move('pro', { trialDays: 14 })).toMatchObject({
      plan: 'pro',
      next_plan: 'pro',
      trial_until: '2026-03-24T12:00:00.000Z',
    })
    access.clock.set(Date.parse('2026-03-24T12:00Z'))
    expect(await show()).toMatchObject({ plan: 'pro', trial_until: null, next_plan: null, plan_until: null })
    expect((await subscriptions()).map(({ planId, isTrial }) => [planId, isTrial])).toEqual([
      ['basic', undefined],
      ['pro', true],
      ['pro', undefined],
    ])
  })

  test('ends where it would when it is kept, and nothing follows when it is cancelled', async () => {
    await move('pro', { trialDays: 14 })
    expect(await cancelPlan(access, { actor, tenant: 'acme', at: 'period-end' })).toMatchObject({
      plan: 'pro',
      plan_until: '2026-03-24T12:00:00.000Z',
      next_plan: null,
    })
    expect(await move('pro')).toMatchObject({ trial_until: '2026-03-24T12:00:00.000Z', next_plan: 'pro' })
    expect(await move('free', { at: 'period-end' })).toMatchObject({
      next_plan: 'free',
      next_plan_at: '2026-03-24T12:00:00.000Z',
    })
  })

  test('is for who never had the plan', async () => {
    await expect(move('basic', { trialDays: 7 })).rejects.toThrow(
      'has plan basic since 2026-03-10T12:00:00.000Z',
    )
  })
})

describe('a plan that is cancelled', () => {
  test('holds to the end of its period, and can be kept until then', async () => {
    const cancelled = await cancelPlan(access, { actor, tenant: 'acme', at: 'period-end' })
    expect(cancelled).toMatchObject({
      plan: 'basic',
      plan_until: '2026-04-01T00:00:00.000Z',
      next_plan: null,
    })
    expect(await move('basic')).toMatchObject({ plan: 'basic', plan_until: null })
    await cancelPlan(access, { actor, tenant: 'acme', at: 'period-end' })
    access.clock.set(Date.parse('2026-04-01T00:00Z'))
    expect(await show()).toMatchObject({ plan: null, plan_until: null })
  })

  test('takes a change set for later with it; now means now', async () => {
    await move('free')
    expect(await cancelPlan(access, { actor, tenant: 'acme', at: 'now' })).toMatchObject({
      plan: null,
      next_plan: null,
    })
    await expect(cancelPlan(access, { actor, tenant: 'acme', at: 'now' })).rejects.toThrow(
      'Tenant acme has no plan that could be cancelled.',
    )
  })
})
