import { expect, test } from 'vitest'
import { applyPlans } from '../../src/access/apply-plans.ts'
import { createTenant } from '../../src/access/create-tenant.ts'
import { listPlans } from '../../src/access/list-plans.ts'
import { showPlan } from '../../src/access/show-plan.ts'
import { parseConfig } from '../../src/config/load-config.ts'
import { SMALL_CONFIG } from '../support/config-text.ts'
import { testStore } from '../support/control-store.ts'

const { plans } = parseConfig(SMALL_CONFIG, { file: '/srv/gatez.yaml', env: {} })

test('a plan is shown in the form that scripts rely on', async () => {
  const access = await testStore()
  await applyPlans(access, { plans, actor: 'cli:test', mode: 'explicit' })
  await createTenant(access, { id: 'acme', planId: 'pro', actor: 'cli:test' })
  expect(await showPlan(access, { planId: 'pro' })).toEqual({
    id: 'pro',
    name: 'pro',
    version: 1,
    support: null,
    routes: 'all',
    features: ['ai'],
    keys: { max: null, approval: 'auto' },
    limits: [
      {
        id: 'tenant-day',
        counts: 'requests',
        amount: 10_000,
        per: 'day',
        window_ms: 86_400_000,
        scope: 'tenant',
      },
    ],
    quotas: [{ id: 'calls-month', meter: 'calls', per: 'month', included: '5000', on_exceed: 'bill' }],
    charges: [{ id: 'fee', meter: null, price: { model: 'flat', amount: '49.00' } }],
    subscribers: 1,
    since: '2026-03-10T12:00:00.000Z',
  })
})

test('the list has the same plans in the order of the file', async () => {
  const access = await testStore()
  await applyPlans(access, { plans, actor: 'cli:test', mode: 'explicit' })
  const list = await listPlans(access)
  expect(list.map(({ id }) => id)).toEqual(['free', 'pro'])
  expect(list[1]).toEqual(await showPlan(access, { planId: 'pro' }))
})
