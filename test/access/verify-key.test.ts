import { expect, test } from 'vitest'
import { createKey } from '../../src/access/create-key.ts'
import { createTenant } from '../../src/access/create-tenant.ts'
import { revokeKeys } from '../../src/access/revoke-keys.ts'
import { showKey } from '../../src/access/show-key.ts'
import { suspendTenant } from '../../src/access/suspend-tenant.ts'
import { verifyKey } from '../../src/access/verify-key.ts'
import { rollUp } from '../../src/metering/roll-up.ts'
import { makeSecret } from '../../src/model/key.ts'
import type { Limit } from '../../src/model/plan.ts'
import { plan, putPlans, testStore } from '../support/control-store.ts'
import { route } from '../support/gateway.ts'
import { usageEvent } from '../support/usage-events.ts'

const actor = 'cli:ann'
const ROUTES = ['search', 'export', 'analyze'].map((id) => {
  return route({ id, methods: ['GET'], path: `/v1/${id}`, requires: id === 'analyze' ? ['ai'] : [] })
})
const minute: Limit = {
  id: 'tenant-minute',
  counts: 'requests',
  amount: 600,
  windowMs: 60_000,
  per: 'minute',
  scope: 'tenant',
}
const PRO = plan({
  id: 'pro',
  routes: ['search', 'analyze'],
  features: ['webhooks'],
  keys: { max: null, approval: 'auto' },
  limits: [{ ...minute, id: 'tenant-day', amount: 9, windowMs: 86_400_000, per: 'day' }, minute],
  quotas: [{ id: 'calls-month', meter: 'calls', per: 'month', included: '2', onExceed: 'block' }],
})

async function desk(options: { expires?: string; routes?: string; ips?: string } = {}) {
  const access = await testStore()
  await putPlans(access.store, [PRO])
  await createTenant(access, { actor, id: 'acme', planId: 'pro' })
  const { routes, ips, expires } = options
  const scope = { routes, ips, knownRoutes: ROUTES.map(({ id }) => id) }
  const key = await createKey(access, { actor, tenant: 'acme', mode: 'live', scope, expires })
  const verify = (call: { secret?: string; route?: string; ip?: string } = {}) =>
    verifyKey(access, { secret: key.secret, ...call, routes: ROUTES })
  return { ...access, key, verify }
}

test('a key that would pass is VALID, with whose it is and what it opens', async () => {
  const { verify, key } = await desk()
  expect(await verify({ route: 'search', ip: '203.0.113.7' })).toEqual({
    code: 'VALID',
    reason: null,
    key_id: key.id,
    tenant_id: 'acme',
    mode: 'live',
    plan: 'pro',
    features: ['webhooks'],
    routes: null,
    ips: null,
    expires_at: null,
  })
})

test.each([
  { secret: makeSecret('live'), why: 'a key nobody has' },
  { secret: `${makeSecret('live').slice(0, -1)}!`, why: 'a mistyped key' },
  { secret: 'short', why: 'what is too short for a key' },
  { secret: 'x'.repeat(300), why: 'what is too long for a key' },
])('$why is NOT_FOUND, and nothing is told of anyone', async ({ secret }) => {
  const { verify } = await desk()
  const verdict = await verify({ secret })
  expect(verdict).toMatchObject({ code: 'NOT_FOUND', tenant_id: null, key_id: null, plan: null })
  expect(JSON.stringify(verdict)).not.toContain(secret)
})

test('a revoked key and one of a suspended tenant are DISABLED, before they are expired', async () => {
  const first = await desk({ expires: '1h' })
  await suspendTenant(first, { actor, tenant: 'acme' })
  expect(await first.verify()).toMatchObject({ code: 'DISABLED', reason: 'tenant-suspended' })
  await first.store.tenants.setState('acme', 'unpaid')
  expect(await first.verify()).toMatchObject({ code: 'DISABLED', reason: 'payment-overdue' })
  const second = await desk({ expires: '1h' })
  await revokeKeys(second, { actor, keyIds: [second.key.id] })
  second.clock.advance(3_600_000)
  expect(await second.verify()).toMatchObject({ code: 'DISABLED', reason: 'invalid-credential' })
})

test('a key is EXPIRED from the moment of its expiry on', async () => {
  const { verify, clock } = await desk({ expires: '1h' })
  clock.advance(3_600_000 - 1)
  expect(await verify()).toMatchObject({ code: 'VALID' })
  clock.advance(1)
  expect(await verify()).toMatchObject({ code: 'EXPIRED' })
})

test('a key is refused the routes and addresses outside its scope, its plan and its features', async () => {
  const { verify } = await desk({ routes: 'search,export', ips: '10.0.0.0/8' })
  const answers = await Promise.all([
    verify({ route: 'search', ip: '10.1.1.1' }),
    verify({ route: 'search', ip: '11.1.1.1' }),
    verify({ route: 'analyze' }),
    verify({ route: 'export' }),
  ])
  expect(answers.map(({ code, reason }) => [code, reason])).toEqual([
    ['VALID', null],
    ['FORBIDDEN', 'key-not-allowed'],
    ['INSUFFICIENT_PERMISSIONS', 'key-not-allowed'],
    ['INSUFFICIENT_PERMISSIONS', 'route-not-in-plan'],
  ])
  const open = await desk()
  expect(await open.verify({ route: 'analyze' })).toMatchObject({ reason: 'feature-not-in-plan' })
})

test('a key whose tenant has no plan opens nothing', async () => {
  const { verify, store } = await desk()
  const [subscription] = await store.subscriptions.list('acme')
  await store.subscriptions.end(subscription!.id, subscription!.startMs)
  expect(await verify()).toMatchObject({ code: 'INSUFFICIENT_PERMISSIONS', reason: 'no-plan' })
})

test('a used up quota is USAGE_EXCEEDED, and asking uses up nothing', async () => {
  const { verify, store, clock } = await desk()
  for (let count = 0; count < 5; count += 1) expect(await verify()).toMatchObject({ code: 'VALID' })
  const events = [1, 2].map((seq) => usageEvent({ seq, timestampMs: clock.nowMs(), tenantId: 'acme' }))
  const place = { nodeId: events[0]!.nodeId, epoch: events[0]!.epoch, afterSeq: 0, throughSeq: 2 }
  await store.transaction((tables) => tables.ledger.apply(rollUp(events), place))
  expect(await verify()).toMatchObject({ code: 'USAGE_EXCEEDED', reason: 'quota-exceeded' })
})

test.each([
  [{ route: 'serch' }, 'not-found', /did you mean search/],
  [{ ip: 'here' }, 'invalid-parameter', /"here"/],
])('%j is refused with %s', async (call, code, message) => {
  const { verify } = await desk()
  await expect(verify(call)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
})

test('show gives the fields other systems know a key by, as they hold for this tenant', async () => {
  const access = await desk()
  const { key, store } = access
  const fields = async () => {
    const { consumer_id, plan, rate_limit, monthly_quota, features } = await showKey(access, {
      keyId: key.id,
    })
    return { consumer_id, plan, rate_limit, monthly_quota, features }
  }
  const common = { consumer_id: 'acme', plan: 'pro' }
  expect(await fields()).toEqual({ ...common, rate_limit: 600, monthly_quota: 2, features: ['webhooks'] })
  await store.tenants.setOverrides(
    'acme',
    {
      limits: { 'tenant-minute': null },
      quotas: { 'calls-month': '50000' },
      features: ['ai'],
    },
    0,
  )
  expect(await fields()).toEqual({
    ...common,
    rate_limit: null,
    monthly_quota: 50_000,
    features: ['webhooks', 'ai'],
  })
})
