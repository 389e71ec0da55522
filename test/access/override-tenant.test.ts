import { expect, test } from 'vitest'
import { changePlan } from '../../src/access/change-plan.ts'
import { createKey } from '../../src/access/create-key.ts'
import { createTenant } from '../../src/access/create-tenant.ts'
import { type OverrideTenantRequest, overrideTenant } from '../../src/access/override-tenant.ts'
import { showTenant } from '../../src/access/show-tenant.ts'
import { hashSecret } from '../../src/model/key.ts'
import { overridePlan } from '../../src/model/overrides.ts'
import type { Limit } from '../../src/model/plan.ts'
import { openFor, plan, putPlans, testStore } from '../support/control-store.ts'

const actor = 'cli:ann'
const day: Limit = {
  id: 'tenant-day',
  counts: 'requests',
  amount: 100,
  windowMs: 86_400_000,
  per: 'day',
  scope: 'tenant',
}
const FREE = plan({
  limits: [day, { ...day, id: 'tenant-minute', windowMs: 60_000, per: 'minute' }],
  quotas: [{ id: 'calls-month', meter: 'calls', per: 'month', included: '1000', onExceed: 'block' }],
})

type Asked = Omit<OverrideTenantRequest, 'actor' | 'tenant' | 'knownFeatures'>

async function desk() {
  const access = await testStore()
  await putPlans(access.store, [FREE, plan({ id: 'pro' })])
  await createTenant(access, { actor, id: 'acme', planId: 'free' })
  const override = (asked: Asked, tenant = 'acme') =>
    overrideTenant(access, { actor, tenant, knownFeatures: ['ai', 'export'], ...asked })
  return { ...access, override }
}

test('what is set is kept with the tenant, shown, and known to the gateway in the one read', async () => {
  const access = await desk()
  const { override, store } = access
  const { secret } = await createKey(access, { actor, tenant: 'acme', mode: 'live' })
  const sequence = await store.changes.latestSequence()
  const set = { limits: { 'tenant-day': 5000 }, quotas: { 'calls-month': '2.5' }, features: ['ai'] }
  const asked = { limits: ['tenant-day=5000'], quotas: ['calls-month = 2.5'], features: ['ai'] }
  expect(await override(asked)).toEqual({ tenant_id: 'acme', plan: 'free', ...set, customer: null })
  expect(await store.keys.grantByHash(hashSecret(secret))).toMatchObject({ overrides: set })
  expect(await showTenant(access, { tenant: 'acme' })).toMatchObject({ overrides: set })
  expect((await store.changes.after(sequence)).map(({ subject }) => subject)).toEqual(['tenant:acme'])
  expect(await store.audit.list({ subject: 'tenant:acme', limit: 1 })).toMatchObject([
    { actor, action: 'tenant.overridden', detail: { from: { limits: {} }, to: set } },
  ])
})

test('what is not named stays; the same again changes and records nothing', async () => {
  const { override, store } = await desk()
  await override({ limits: ['tenant-day=5000'], features: ['export', 'ai', 'ai'] })
  await override({ limits: ['tenant-minute=unlimited'] })
  const sequence = await store.changes.latestSequence()
  expect(await override({ limits: ['tenant-day=5000'] })).toMatchObject({
    limits: { 'tenant-day': 5000, 'tenant-minute': null },
    features: ['ai', 'export'],
  })
  expect(await override({})).toMatchObject({ features: ['ai', 'export'] })
  expect(await store.changes.latestSequence()).toBe(sequence)
})

test('an override is taken back by its id, all of them by all', async () => {
  const { override, store } = await desk()
  await override({ limits: ['tenant-day=5000'], quotas: ['calls-month=7'], features: ['ai'] })
  expect(await override({ unset: ['tenant-day', 'ai'] })).toMatchObject({
    limits: {},
    quotas: { 'calls-month': '7' },
    features: [],
  })
  expect(await override({ unset: ['all'], features: ['export'] })).toMatchObject({
    quotas: {},
    features: ['export'],
  })
  await override({ unset: ['export'] })
  expect((await store.tenants.find('acme'))?.overrides).toBeNull()
})

test('it outlives a change of plan', async () => {
  const access = await desk()
  await access.override({ limits: ['tenant-day=5000'] })
  await changePlan(access, { actor, tenant: 'acme', planId: 'pro', at: 'now' })
  expect(await access.override({})).toMatchObject({ plan: 'pro', limits: { 'tenant-day': 5000 } })
})

test('two who override at once both have their way', async () => {
  const access = await desk()
  const store = await openFor(access.folder, access.clock)
  await Promise.all([
    access.override({ limits: ['tenant-day=5000'] }),
    overrideTenant({ ...access, store }, { actor, tenant: 'acme', features: ['ai'], knownFeatures: ['ai'] }),
  ])
  expect(await access.override({})).toMatchObject({ limits: { 'tenant-day': 5000 }, features: ['ai'] })
})

test.each<[Asked, string, RegExp]>([
  [{ limits: ['tenant-dya=5'] }, 'invalid-parameter', /did you mean tenant-day\?.*plan free has tenant-day/],
  [{ limits: ['tenant-day'] }, 'invalid-parameter', /write id=amount, as tenant-day=5000/],
  [{ limits: ['=5'] }, 'invalid-parameter', /write id=amount/],
  [{ limits: ['tenant-day=0'] }, 'invalid-parameter', /"0": write a whole number from 1/],
  [{ limits: ['tenant-day=-1'] }, 'invalid-parameter', /"-1"/],
  [{ limits: ['tenant-day=1e3'] }, 'invalid-parameter', /"1e3"/],
  [{ limits: ['tenant-day=99999999999'] }, 'invalid-parameter', /to 1000000000/],
  [{ quotas: ['calls-month=-1'] }, 'invalid-parameter', /quota calls-month is "-1"/],
  [{ quotas: ['calls=1'] }, 'invalid-parameter', /did you mean calls-month/],
  [{ features: ['io'] }, 'invalid-parameter', /the file has ai, export/],
  [{ unset: ['tenant-day'] }, 'not-found', /it has none/],
])('%j is refused with %s', async (asked, code, message) => {
  const { override, store } = await desk()
  await expect(override(asked)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  expect((await store.tenants.find('acme'))?.overrides).toBeNull()
})

test('limits need a plan, features do not', async () => {
  const access = await desk()
  await createTenant(access, { actor, id: 'bare' })
  await expect(access.override({ limits: ['tenant-day=5'] }, 'bare')).rejects.toMatchObject({
    code: 'no-plan',
  })
  expect(await access.override({ features: ['ai'] }, 'bare')).toMatchObject({ plan: null, features: ['ai'] })
})

test('a tenant may hold more keys than its plan says, or fewer, until that is taken back', async () => {
  const access = await desk()
  const make = () => createKey(access, { actor, tenant: 'acme', mode: 'live' })
  expect(await access.override({ keys: '2' })).toMatchObject({ keys_max: 2 })
  await make()
  await make()
  await expect(make()).rejects.toMatchObject({ code: 'key-limit-reached', message: /allows 2 keys/ })
  expect(await access.override({ limits: ['tenant-day=5'] })).toMatchObject({ keys_max: 2 })
  expect(await access.override({ keys: 'unlimited' })).toMatchObject({ keys_max: null })
  await make()
  expect(await access.override({ unset: ['keys'] })).not.toHaveProperty('keys_max')
  for (const keys of ['0', 'many', '-1', '']) {
    await expect(access.override({ keys })).rejects.toMatchObject({ code: 'invalid-parameter' })
  }
})

test('a tenant may have a price of its own; what is wrong with one is said', async () => {
  const access = await testStore()
  const price = { model: 'per_unit', unit: '0.01' }
  const fee = { id: 'base', meter: null, price: { model: 'flat', amount: '9' } }
  await putPlans(access.store, [plan({ id: 'free', charges: [{ id: 'calls', meter: 'calls', price }, fee] })])
  await createTenant(access, { actor, id: 'acme', planId: 'free' })
  const override = (asked: Asked) =>
    overrideTenant(access, { actor, tenant: 'acme', knownFeatures: [], ...asked })
  const own = { model: 'per_unit', unit: '0.004' }
  expect(await override({ prices: ['calls={ model: per_unit, unit: "0.004" }'] })).toMatchObject({
    prices: { calls: own },
  })
  const { overrides } = (await access.store.tenants.find('acme')) ?? {}
  expect(
    overridePlan(plan({ charges: [{ id: 'calls', meter: 'calls', price }] }), overrides ?? null),
  ).toMatchObject({
    charges: [{ id: 'calls', price: own }],
  })
  expect(await override({ unset: ['calls'] })).not.toHaveProperty('prices')
  for (const [written, says] of [
    ['calls', /write id=amount/],
    ['fee={ model: flat, amount: "1" }', /price names "fee".*has calls/],
    ['calls={ model: per_uint, unit: "1" }', /did you mean per_unit/],
    ['calls={ model: per_unit, unit: 0.1 }', /unit must be/],
    ['calls=free', /must be a map/],
    ['calls={ model: percentage, rate: "1", min: "2" }', /min is about single events/],
    ['base={ model: per_unit, unit: "1" }', /base is a fee, without a meter/],
  ] as const) {
    await expect(override({ prices: [written] })).rejects.toMatchObject({
      code: 'invalid-parameter',
      message: expect.stringMatching(says),
    })
  }
})
