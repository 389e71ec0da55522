import { expect, test } from 'vitest'
import { createKey } from '../../src/access/create-key.ts'
import { createTenant } from '../../src/access/create-tenant.ts'
import { requestKey } from '../../src/access/request-key.ts'
import { revokeKeys } from '../../src/access/revoke-keys.ts'
import { rotateKey } from '../../src/access/rotate-key.ts'
import { hashSecret } from '../../src/model/key.ts'
import { NOON, openFor, putPlans, testStore } from '../support/control-store.ts'

const actor = 'cli:ann'
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Tenant `acme` on a plan with one key, which it holds. */
async function oneKey(expires?: string) {
  const access = await testStore()
  await putPlans(access.store)
  await createTenant(access, { actor, id: 'acme', planId: 'free' })
  const scope = { routes: 'search', ips: '10.0.0.0/8', knownRoutes: ['search'] }
  const key = await createKey(access, { actor, tenant: 'acme', mode: 'test', name: 'ci', expires, scope })
  const rotate = (keyId: string, options: { overlap?: string; expires?: string } = {}) =>
    rotateKey(access, { actor, keyId, ...options })
  return { ...access, key, rotate }
}

test('the new key has all of the old one but id and secret; both work until the overlap is over', async () => {
  const { store, clock, key, rotate } = await oneKey()
  const next = await rotate(key.id)
  expect(next).toMatchObject({
    tenant_id: 'acme',
    name: 'ci',
    mode: 'test',
    state: 'active',
    routes: ['search'],
    ips: ['10.0.0.0/8'],
    expires_at: null,
    replaced_by: null,
    replaces: { id: key.id, replaced_by: next.id, expires_at: '2026-03-11T12:00:00.000Z', state: 'active' },
  })
  expect(next.id).not.toBe(key.id)
  expect(next.secret).not.toBe(key.secret)
  for (const { secret } of [key, next]) {
    expect(await store.keys.grantByHash(hashSecret(secret))).toMatchObject({ keyState: 'active' })
  }
  clock.advance(DAY_MS)
  expect(await store.keys.grantByHash(hashSecret(key.secret))).toMatchObject({ expiresAtMs: NOON + DAY_MS })
})

test('the overlap never outlives the expiry of the old key, and the new one keeps that expiry', async () => {
  const { key, rotate } = await oneKey('1h')
  const next = await rotate(key.id)
  expect(next.replaces.expires_at).toBe('2026-03-10T13:00:00.000Z')
  expect(next.expires_at).toBe('2026-03-10T13:00:00.000Z')
})

test('a new expiry is for the new key only', async () => {
  const { key, rotate } = await oneKey()
  const next = await rotate(key.id, { expires: '30d', overlap: '2h' })
  expect(next.expires_at).toBe('2026-04-09T12:00:00.000Z')
  expect(next.replaces.expires_at).toBe('2026-03-10T14:00:00.000Z')
})

test('without overlap the old key is revoked at once', async () => {
  const { store, key, rotate } = await oneKey()
  const next = await rotate(key.id, { overlap: '0' })
  expect(next.replaces).toMatchObject({ state: 'revoked', decision_reason: `rotated to ${next.id}` })
  expect(await store.keys.grantByHash(hashSecret(key.secret))).toMatchObject({ keyState: 'revoked' })
})

test('rotation needs no room in keys.max and makes none', async () => {
  const access = await oneKey()
  await access.rotate(access.key.id)
  expect(await access.store.keys.countHeld('acme')).toBe(1)
  await expect(createKey(access, { actor, tenant: 'acme', mode: 'live' })).rejects.toMatchObject({
    code: 'key-limit-reached',
  })
})

test('a key is rotated once, its successor when the overlap is over or ended', async () => {
  const access = await oneKey()
  const { key, rotate, clock } = access
  const second = await rotate(key.id)
  await expect(rotate(key.id)).rejects.toMatchObject({
    code: 'wrong-state',
    message: expect.stringContaining(second.id),
  })
  await expect(rotate(second.id)).rejects.toMatchObject({
    code: 'wrong-state',
    message: expect.stringContaining(`gatez keys revoke ${key.id}`),
  })
  clock.advance(DAY_MS)
  const third = await rotate(second.id)
  await revokeKeys(access, { actor, keyIds: [second.id] })
  await rotate(third.id)
})

test('of many who rotate one key at once over two connections, one gets a secret', async () => {
  const { key, rotate, store, folder, clock } = await oneKey()
  const other = await openFor(folder, clock)
  const outcomes = await Promise.allSettled(
    Array.from({ length: 10 }, (_, index) =>
      index % 2 === 0 ? rotate(key.id) : rotateKey({ store: other, clock }, { actor, keyId: key.id }),
    ),
  )
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(await store.keys.list({ tenantId: 'acme' })).toHaveLength(2)
})

test.each([
  { overlap: '91d', why: 'more than 90 days' },
  { overlap: 'soon', why: 'no span' },
  { overlap: '-1h', why: 'a negative one' },
  { overlap: '', why: 'nothing' },
])('an overlap of $why is refused', async ({ overlap }) => {
  const { key, rotate } = await oneKey()
  await expect(rotate(key.id, { overlap })).rejects.toMatchObject({ code: 'invalid-parameter' })
})

test('only an active key can be rotated', async () => {
  const access = await oneKey()
  await revokeKeys(access, { actor, keyIds: [access.key.id] })
  await expect(access.rotate(access.key.id)).rejects.toMatchObject({
    code: 'wrong-state',
    message: expect.stringContaining('gatez keys create acme'),
  })
  const asked = await requestKey(access, { actor, tenant: 'acme', mode: 'live' })
  await expect(access.rotate(asked.id)).rejects.toMatchObject({ code: 'wrong-state' })
  await expect(access.rotate('key_none')).rejects.toMatchObject({ code: 'not-found' })
})

test('both keys have their audit row, and running gateways hear of the old one', async () => {
  const { key, rotate, store } = await oneKey()
  const sequence = await store.changes.latestSequence()
  const next = await rotate(key.id)
  expect(await store.audit.list({ subject: `key:${key.id}`, limit: 1 })).toMatchObject([
    { actor, action: 'key.rotated', detail: { replaced_by: next.id, until_ms: NOON + DAY_MS } },
  ])
  expect(await store.audit.list({ subject: `key:${next.id}` })).toMatchObject([{ action: 'key.created' }])
  const heard = await store.changes.after(sequence)
  expect(heard.map(({ subject }) => subject)).toEqual([`key:${key.id}`, `key:${next.id}`])
})
