import { expect, test } from 'vitest'
import { changePlan } from '../../src/access/change-plan.ts'
import { createKey } from '../../src/access/create-key.ts'
import { createTenant } from '../../src/access/create-tenant.ts'
import { deleteTenant, tenantBlockers } from '../../src/access/delete-tenant.ts'
import { inviteMember } from '../../src/access/invite-member.ts'
import { requestKey } from '../../src/access/request-key.ts'
import { rotateKey } from '../../src/access/rotate-key.ts'
import { hashSecret } from '../../src/model/key.ts'
import { openFor, putPlans, testStore } from '../support/control-store.ts'

const actor = 'cli:ann'

async function busyTenant() {
  const access = await testStore()
  await putPlans(access.store)
  await createTenant(access, { actor, id: 'acme', externalId: 'cus_1', planId: 'pro' })
  const key = await createKey(access, { actor, tenant: 'acme', mode: 'live' })
  await rotateKey(access, { actor, keyId: key.id })
  await requestKey(access, { actor, tenant: 'acme', mode: 'live' })
  await changePlan(access, { actor, tenant: 'acme', planId: 'free', at: 'period-end' })
  await inviteMember(access, { actor, tenant: 'acme', email: 'ann@example.com' })
  return { ...access, key }
}

const BLOCKERS = [
  '2 active keys',
  '1 requested key',
  'a subscription to plan pro',
  'a change to plan free set for later',
]

test('a tenant in use is not deleted, and everything that uses it is named', async () => {
  const access = await busyTenant()
  expect(await tenantBlockers(access, { tenant: 'cus_1' })).toEqual({ id: 'acme', blockers: BLOCKERS })
  await expect(deleteTenant(access, { actor, tenant: 'acme', force: false })).rejects.toMatchObject({
    code: 'tenant-in-use',
    message: `Tenant acme has ${BLOCKERS.join(' and ')}.`,
    extra: { blockers: BLOCKERS },
  })
  expect(await access.store.tenants.find('acme')).toMatchObject({ state: 'active' })
})

test('with force all of it ends with the tenant, and its keys open nothing', async () => {
  const access = await busyTenant()
  const { store, key, clock } = access
  const deleted = await deleteTenant(access, { actor, tenant: 'acme', force: true })
  expect(deleted).toMatchObject({ id: 'acme', state: 'deleted', plan: null, next_plan: null })
  const states = (await store.keys.list({ tenantId: 'acme' })).map(({ state }) => state)
  expect(states.toSorted()).toEqual(['rejected', 'revoked', 'revoked'])
  expect(await store.keys.grantByHash(hashSecret(key.secret))).toMatchObject({
    keyState: 'revoked',
    tenantState: 'deleted',
    planId: null,
  })
  expect(await store.subscriptions.countSubscribers('pro', clock.nowMs())).toBe(0)
  expect(await store.subscriptions.countSubscribers('free', clock.nowMs())).toBe(0)
  expect(await store.tenants.listMembers('acme')).toEqual([])
  expect(await store.audit.list({ subject: 'tenant:acme', limit: 1 })).toMatchObject([
    { action: 'tenant.deleted', actor, detail: { ended: BLOCKERS } },
  ])
})

test('a tenant without keys and plan needs no force', async () => {
  const access = await testStore()
  await createTenant(access, { actor, id: 'acme' })
  expect(await deleteTenant(access, { actor, tenant: 'acme', force: false })).toMatchObject({
    state: 'deleted',
  })
})

test('a deleted tenant cannot be found, deleted again or made anew', async () => {
  const access = await busyTenant()
  await deleteTenant(access, { actor, tenant: 'acme', force: true })
  for (const tenant of ['acme', 'cus_1']) {
    await expect(deleteTenant(access, { actor, tenant, force: true })).rejects.toMatchObject({
      code: 'not-found',
      message: 'Tenant acme was deleted.',
    })
    await expect(createTenant(access, { actor, id: tenant })).rejects.toMatchObject({
      code: 'already-exists',
    })
  }
})

test('a key made while the tenant is deleted never outlives it', async () => {
  const access = await busyTenant()
  const other = { ...access, store: await openFor(access.folder, access.clock) }
  await Promise.allSettled([
    createKey(other, { actor, tenant: 'acme', mode: 'live' }),
    deleteTenant(access, { actor, tenant: 'acme', force: true }),
    createKey(other, { actor, tenant: 'acme', mode: 'live' }),
  ])
  const left = (await access.store.keys.list({ tenantId: 'acme' })).filter(({ state }) => state === 'active')
  expect(left).toEqual([])
})
