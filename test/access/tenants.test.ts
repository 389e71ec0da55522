import { beforeEach, describe, expect, test } from 'vitest'
import { changePlan } from '../../src/access/change-plan.ts'
import { createKey } from '../../src/access/create-key.ts'
import { createTenant } from '../../src/access/create-tenant.ts'
import { listTenants } from '../../src/access/list-tenants.ts'
import { resumeTenant } from '../../src/access/resume-tenant.ts'
import { showTenant } from '../../src/access/show-tenant.ts'
import { suspendTenant } from '../../src/access/suspend-tenant.ts'
import { NOON, putPlans, testStore } from '../support/control-store.ts'

let access: Awaited<ReturnType<typeof testStore>>
const actor = 'cli:ann'

beforeEach(async () => {
  access = await testStore()
  await putPlans(access.store)
})

describe('createTenant', () => {
  test('a tenant with a plan is subscribed from the same moment on', async () => {
    const made = await createTenant(access, {
      actor,
      id: 'acme',
      name: ' Acme Corp ',
      externalId: 'cus_1',
      planId: 'pro',
    })
    expect(made).toEqual({
      id: 'acme',
      name: 'Acme Corp',
      external_id: 'cus_1',
      state: 'active',
      plan: 'pro',
      plan_version: 1,
      subscription_id: expect.stringMatching(/^sub_[0-9a-z]{20}$/),
      plan_since: '2026-03-10T12:00:00.000Z',
      next_plan: null,
      next_plan_at: null,
      plan_until: null,
      trial_until: null,
      created_at: '2026-03-10T12:00:00.000Z',
    })
    expect(await showTenant(access, { tenant: 'cus_1' })).toEqual({
      ...made,
      keys_held: 0,
      keys_max: 5,
      overrides: null,
      customer: null,
    })
  })

  test('without a name the id is the name, and without a plan there is none', async () => {
    const made = await createTenant(access, { actor, id: 'a_b-9' })
    expect(made).toMatchObject({ name: 'a_b-9', external_id: null, plan: null, subscription_id: null })
    expect(await showTenant(access, { tenant: 'a_b-9' })).toMatchObject({ keys_held: 0, keys_max: 0 })
  })

  test.each([
    { id: 'Acme Corp!', slug: 'acme-corp' },
    { id: 'Žluťoučký kůň', slug: 'zlutoucky-kun' },
    { id: '!!!', slug: 'acme' },
    { id: '', slug: 'acme' },
    { id: 'x'.repeat(65), slug: 'x'.repeat(64) },
    { id: 'acme\n', slug: 'acme' },
  ])('$id is refused, and $slug is offered instead', async ({ id, slug }) => {
    await expect(createTenant(access, { actor, id })).rejects.toMatchObject({
      code: 'invalid-parameter',
      message: expect.stringContaining(`as in ${slug}.`),
    })
  })

  test('a name in use is refused with what it names', async () => {
    await createTenant(access, { actor, id: 'acme', externalId: 'cus_1' })
    const refused = async (request: { id: string; externalId?: string }) =>
      createTenant(access, { actor, ...request }).then(
        () => 'made',
        (error: Error & { code: string }) => `${error.code}: ${error.message}`,
      )
    expect(await refused({ id: 'acme' })).toBe('already-exists: Tenant acme exists already.')
    expect(await refused({ id: 'cus_1' })).toBe('already-exists: cus_1 is the external id of tenant acme.')
    expect(await refused({ id: 'bolt', externalId: 'cus_1' })).toBe(
      'already-exists: The external id cus_1 already names tenant acme.',
    )
    await access.store.tenants.setState('acme', 'deleted')
    expect(await refused({ id: 'acme' })).toBe('already-exists: Tenant acme existed once and was deleted.')
  })

  test('an unknown plan leaves no tenant behind and names the plans there are', async () => {
    await expect(createTenant(access, { actor, id: 'acme', planId: 'fre' })).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/"fre" \(did you mean free\?\).*There are free, pro, open/),
    })
    expect(await listTenants(access)).toEqual([])
    expect(await access.store.audit.list({})).toEqual([])
  })

  test.each([
    { field: 'name', name: ' ' },
    { field: 'name', name: 'x'.repeat(201) },
    { field: 'name', name: 'a\u001b[2J' },
    { field: 'external id', externalId: '' },
  ])('a $field that cannot be shown is refused', async ({ field, ...request }) => {
    await expect(createTenant(access, { actor, id: 'acme', ...request })).rejects.toMatchObject({
      code: 'invalid-parameter',
      message: expect.stringContaining(field),
    })
  })
})

test('tenants are listed in the order they came, with their plans', async () => {
  await createTenant(access, { actor, id: 'zeta', planId: 'free' })
  access.clock.advance(1)
  await createTenant(access, { actor, id: 'acme' })
  expect((await listTenants(access)).map(({ id, plan }) => [id, plan])).toEqual([
    ['zeta', 'free'],
    ['acme', null],
  ])
})

test('an unknown tenant is not found, and the nearest is offered', async () => {
  await createTenant(access, { actor, id: 'acme' })
  await expect(showTenant(access, { tenant: 'acmee' })).rejects.toMatchObject({
    code: 'not-found',
    message: 'There is no tenant "acmee" (did you mean acme?).',
  })
})

test('a deleted tenant is not found', async () => {
  await createTenant(access, { actor, id: 'acme' })
  await access.store.tenants.setState('acme', 'deleted')
  await expect(showTenant(access, { tenant: 'acme' })).rejects.toMatchObject({
    code: 'not-found',
    message: 'Tenant acme was deleted.',
  })
})

describe('suspend and resume', () => {
  test('a suspended tenant keeps its keys and its plan, and is resumed with them', async () => {
    await createTenant(access, { actor, id: 'acme', externalId: 'cus_1', planId: 'free' })
    const { masked } = await createKey(access, { actor, tenant: 'acme', mode: 'live' })
    expect(await suspendTenant(access, { actor, tenant: 'cus_1', reason: 'unpaid' })).toMatchObject({
      state: 'suspended',
      plan: 'free',
    })
    expect(await access.store.keys.list({ tenantId: 'acme' })).toMatchObject([{ masked, state: 'active' }])
    expect(await resumeTenant(access, { actor, tenant: 'acme' })).toMatchObject({ state: 'active' })
    expect(await access.store.audit.list({ subject: 'tenant:acme' })).toMatchObject([
      { action: 'tenant.resumed', actor },
      { action: 'tenant.suspended', actor, detail: { reason: 'unpaid' } },
      { action: 'tenant.created', actor },
    ])
  })

  test('doing it twice changes nothing', async () => {
    await createTenant(access, { actor, id: 'acme' })
    await resumeTenant(access, { actor, tenant: 'acme' })
    await suspendTenant(access, { actor, tenant: 'acme' })
    const seen = await access.store.changes.latestSequence()
    expect(await suspendTenant(access, { actor, tenant: 'acme' })).toMatchObject({ state: 'suspended' })
    expect(await access.store.changes.latestSequence()).toBe(seen)
  })
})

describe('changePlan', () => {
  const APRIL = Date.UTC(2026, 3, 1)

  beforeEach(async () => {
    await createTenant(access, { actor, id: 'acme', externalId: 'cus_1', planId: 'free' })
    access.clock.advance(1000)
  })

  const subscriptions = async () =>
    (await access.store.subscriptions.list('acme')).map(({ planId, startMs, endMs }) => [
      planId,
      startMs,
      endMs,
    ])

  test('a change now ends the old plan at the moment the new one starts', async () => {
    const view = await changePlan(access, { actor, tenant: 'cus_1', planId: 'pro', at: 'now' })
    expect(view).toMatchObject({ plan: 'pro', plan_since: '2026-03-10T12:00:01.000Z', next_plan: null })
    expect(await subscriptions()).toEqual([
      ['free', NOON, NOON + 1000],
      ['pro', NOON + 1000, null],
    ])
    expect((await access.store.changes.after(0)).at(-1)?.subject).toBe('tenant:acme')
  })

  test('a change at period end keeps the plan until then', async () => {
    const view = await changePlan(access, { actor, tenant: 'acme', planId: 'pro', at: 'period-end' })
    expect(view).toMatchObject({
      plan: 'free',
      next_plan: 'pro',
      next_plan_at: '2026-04-01T00:00:00.000Z',
    })
    access.clock.set(APRIL - 1)
    expect(await showTenant(access, { tenant: 'acme' })).toMatchObject({ plan: 'free', keys_max: 1 })
    access.clock.set(APRIL)
    expect(await showTenant(access, { tenant: 'acme' })).toMatchObject({
      plan: 'pro',
      next_plan: null,
      keys_max: 5,
    })
  })

  test('period end is that of the billing time zone', async () => {
    const billing = { period: 'day', timezone: 'America/New_York' } as const
    const request = { actor, tenant: 'acme', planId: 'pro', at: 'period-end' } as const
    expect(await changePlan({ ...access, billing }, request)).toMatchObject({
      next_plan_at: '2026-03-11T04:00:00.000Z',
    })
  })

  test('the latest word holds: a second change takes the first one back', async () => {
    await changePlan(access, { actor, tenant: 'acme', planId: 'pro', at: 'period-end' })
    const view = await changePlan(access, { actor, tenant: 'acme', planId: 'open', at: 'period-end' })
    expect(view).toMatchObject({ plan: 'free', next_plan: 'open' })
    expect(await changePlan(access, { actor, tenant: 'acme', planId: 'open', at: 'now' })).toMatchObject({
      plan: 'open',
      next_plan: null,
    })
    expect(await access.store.subscriptions.countSubscribers('pro', NOON + 1000)).toBe(0)
    access.clock.set(APRIL)
    expect(await showTenant(access, { tenant: 'acme' })).toMatchObject({ plan: 'open', next_plan: null })
  })

  test('naming the present plan keeps it: its subscription goes on as if nothing had been set', async () => {
    const before = await showTenant(access, { tenant: 'acme' })
    await changePlan(access, { actor, tenant: 'acme', planId: 'pro', at: 'period-end' })
    await changePlan(access, { actor, tenant: 'acme', planId: 'free', at: 'now' })
    access.clock.set(APRIL)
    expect(await showTenant(access, { tenant: 'acme' })).toEqual(before)
  })

  test('naming the present plan when nothing was set writes nothing', async () => {
    const seen = await access.store.changes.latestSequence()
    await changePlan(access, { actor, tenant: 'acme', planId: 'free', at: 'now' })
    expect(await access.store.changes.latestSequence()).toBe(seen)
  })

  test('a tenant without a plan gets one at once, whatever the moment named', async () => {
    await createTenant(access, { actor, id: 'bolt' })
    const view = await changePlan(access, { actor, tenant: 'bolt', planId: 'pro', at: 'period-end' })
    expect(view).toMatchObject({ plan: 'pro', next_plan: null })
  })

  test('an unknown plan changes nothing', async () => {
    const change = changePlan(access, { actor, tenant: 'acme', planId: 'gold', at: 'now' })
    await expect(change).rejects.toMatchObject({ code: 'not-found' })
    expect(await subscriptions()).toEqual([['free', NOON, null]])
  })

  test('of many changes at once each holds in turn, and one plan is left', async () => {
    const plans = ['pro', 'free', 'open', 'pro', 'open', 'free', 'pro']
    await Promise.all(plans.map((planId) => changePlan(access, { actor, tenant: 'acme', planId, at: 'now' })))
    const running = (await subscriptions()).filter(([, , endMs]) => endMs === null)
    expect(running).toHaveLength(1)
  })
})
