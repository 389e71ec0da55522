import { describe, expect, test } from 'vitest'
import { Authenticator } from '../../src/gateway/authenticate.ts'
import { Caller } from '../../src/gateway/call-plan.ts'
import { readRequestHead } from '../../src/gateway/request-head.ts'
import { Rules } from '../../src/gateway/rules.ts'
import { hashSecret, makeSecret } from '../../src/model/key.ts'
import { openGrantReader } from '../../src/storage/open.ts'
import {
  key,
  NOON,
  PLANS,
  plan,
  putPlans,
  storesIn,
  subscription,
  tenant,
  testStore,
} from '../support/control-store.ts'
import { apiOn } from '../support/gateway.ts'
import { OWN_PATHS } from '../support/gateway-defaults.ts'

/** An authenticator on a real store that counts what it looks up. */
async function opened() {
  const { store, clock, folder } = await testStore()
  await putPlans(store)
  await store.transaction(async (tables) => {
    await tables.tenants.insert(tenant())
    await tables.subscriptions.insert(subscription())
  })
  const reader = openGrantReader(storesIn(folder), clock)
  const lookups: string[] = []
  const authenticator = new Authenticator((hash) => {
    lookups.push(hash)
    return reader.grantByHash(hash)
  })
  const rules = rulesWith(PLANS)
  const ask = (fields: readonly string[], by = rules) =>
    authenticator.authenticate(readRequestHead(fields), by, clock.nowMs())
  return { store, clock, authenticator, rules, lookups, ask, folder }
}

function rulesWith(plans: typeof PLANS): Rules {
  return new Rules({ apis: [apiOn(1)], plans, features: [], meters: [], ownPaths: OWN_PATHS })
}

test.each([
  { fields: [], code: 'missing-credential', why: 'no key' },
  { fields: ['x-api-key', ''], code: 'missing-credential', why: 'an empty key' },
  {
    fields: ['authorization', 'Bearer other'],
    code: 'missing-credential',
    why: 'a credential of the upstream',
  },
  { fields: ['x-api-key', 'gz_live_short'], code: 'invalid-credential', why: 'a form that is none of ours' },
  { fields: ['x-api-key', 'a', 'x-api-key', 'a'], code: 'duplicate-credential', why: 'one key twice' },
  {
    fields: ['x-api-key', 'a', 'authorization', 'Bearer gz_b'],
    code: 'duplicate-credential',
    why: 'two places',
  },
])('$why: $code, without a look-up', async ({ fields, code }) => {
  const { ask, lookups } = await opened()
  expect(ask(fields)).toMatchObject({ code })
  expect(lookups).toEqual([])
})

test('a mistyped key is known by its checksum, without a look-up', async () => {
  const { ask, lookups } = await opened()
  const secret = makeSecret('live')
  const mistyped = secret.slice(0, -8) + (secret.at(-8) === 'a' ? 'b' : 'a') + secret.slice(-7)
  expect(ask(['x-api-key', mistyped])).toMatchObject({ code: 'invalid-credential' })
  expect(lookups).toEqual([])
})

test('mistyped, unknown, expired and revoked keys get one and the same answer', async () => {
  const { store, ask } = await opened()
  const [expired, revoked] = [makeSecret('live'), makeSecret('live')]
  await store.keys.insert(key({ id: 'key_e', hash: hashSecret(expired), expiresAtMs: NOON }))
  await store.keys.insert(key({ id: 'key_r', hash: hashSecret(revoked), state: 'revoked' }))
  const answers = [`${makeSecret('live')}x`, makeSecret('live'), expired, revoked].map((secret) =>
    ask(['x-api-key', secret]),
  )
  expect(new Set(answers).size).toBe(1)
  expect(answers[0]).toMatchObject({ code: 'invalid-credential', status: 401 })
})

describe('a good key', () => {
  async function withKey(overrides: Partial<Parameters<typeof key>[0]> = {}) {
    const made = await opened()
    const secret = makeSecret('live')
    await made.store.keys.insert(key({ hash: hashSecret(secret), ...overrides }))
    return { ...made, secret, call: (by?: Rules) => made.ask(['authorization', `Bearer ${secret}`], by) }
  }

  test('is looked up once', async () => {
    const { call, lookups } = await withKey()
    const caller = call()
    expect(caller).toBeInstanceOf(Caller)
    expect(call()).toBe(caller)
    expect(lookups).toHaveLength(1)
  })

  test('ends at its expiry, to the millisecond, also when it is cached', async () => {
    const { call, clock } = await withKey({ expiresAtMs: NOON + 1_000 })
    clock.set(NOON + 999)
    expect(call()).toBeInstanceOf(Caller)
    clock.set(NOON + 1_000)
    expect(call()).toMatchObject({ code: 'invalid-credential' })
  })

  test('is read again after a change of the key or of its tenant, and only then', async () => {
    const { call, authenticator, lookups } = await withKey()
    call()
    authenticator.forget(['key:key_2', 'tenant:other'])
    call()
    expect(lookups).toHaveLength(1)
    authenticator.forget(['key:key_1'])
    call()
    authenticator.forget(['tenant:acme'])
    call()
    expect(lookups).toHaveLength(3)
  })

  test('goes by new rules at once, without being read again', async () => {
    const { call, lookups } = await withKey()
    expect(call()).toMatchObject({ plan: { plan: { name: 'Free' } } })
    expect(call(rulesWith([plan({ name: 'Freer' })]))).toMatchObject({ plan: { plan: { name: 'Freer' } } })
    expect(lookups).toHaveLength(1)
  })

  test('is read again when its subscription ends', async () => {
    const { store, call, clock, authenticator } = await withKey()
    await store.transaction(async (tables) => {
      await tables.subscriptions.end('sub_1', NOON + 5_000)
      await tables.subscriptions.insert(subscription({ id: 'sub_2', planId: 'pro', startMs: NOON + 5_000 }))
    })
    authenticator.forget(['tenant:acme'])
    clock.set(NOON + 4_999)
    expect(call()).toMatchObject({ grant: { planId: 'free' } })
    clock.set(NOON + 5_000)
    expect(call()).toMatchObject({ grant: { planId: 'pro', subscriptionId: 'sub_2' } })
  })
})

test('an unknown key is looked up once, and again after any change: it may have been made meanwhile', async () => {
  const { store, ask, authenticator, lookups } = await opened()
  const secret = makeSecret('test')
  for (let call = 0; call < 3; call += 1) {
    expect(ask(['x-api-key', secret])).toMatchObject({ code: 'invalid-credential' })
  }
  expect(lookups).toHaveLength(1)
  await store.keys.insert(key({ mode: 'test', hash: hashSecret(secret) }))
  authenticator.forget(['key:key_1'])
  expect(ask(['x-api-key', secret])).toMatchObject({ billed: false, grant: { tenantId: 'acme' } })
})

test('a key of another system is known by its hash, in x-api-key only, and guessing one is remembered', async () => {
  const { store, ask, lookups } = await opened()
  const secret = 'legacy-key-0123456789'
  await store.keys.insert(key({ hash: hashSecret(secret) }))
  expect(ask(['x-api-key', secret])).toBeInstanceOf(Caller)
  expect(ask(['authorization', `Bearer ${secret}`])).toMatchObject({ code: 'missing-credential' })
  for (let count = 0; count < 3; count += 1) {
    expect(ask(['x-api-key', `${secret}0`])).toMatchObject({ code: 'invalid-credential' })
  }
  expect(lookups).toEqual([hashSecret(secret), hashSecret(`${secret}0`)])
})

test.each(['fifteen-chars-x', 'x'.repeat(257), 'with a blank in the middle'])(
  '%j can be no key, so nothing is looked up',
  async (credential) => {
    const { ask, lookups } = await opened()
    expect(ask(['x-api-key', credential])).toMatchObject({ code: 'invalid-credential' })
    expect(lookups).toEqual([])
  },
)
