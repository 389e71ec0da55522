import { beforeEach, describe, expect, test } from 'vitest'
import { approveKeys } from '../../src/access/approve-keys.ts'
import { changePlan } from '../../src/access/change-plan.ts'
import { createKey } from '../../src/access/create-key.ts'
import { createTenant } from '../../src/access/create-tenant.ts'
import { listKeys } from '../../src/access/list-keys.ts'
import { rejectKeys } from '../../src/access/reject-keys.ts'
import { requestKey } from '../../src/access/request-key.ts'
import { revealKeys } from '../../src/access/reveal-keys.ts'
import { revokeKeys } from '../../src/access/revoke-keys.ts'
import { showKey } from '../../src/access/show-key.ts'
import { hashSecret, secretIsWellFormed } from '../../src/model/key.ts'
import { NOON, putPlans, testStore } from '../support/control-store.ts'

let access: Awaited<ReturnType<typeof testStore>>
const actor = 'cli:ann'
const DAY = 24 * 60 * 60 * 1000

beforeEach(async () => {
  access = await testStore()
  await putPlans(access.store)
  for (const id of ['free', 'pro', 'open']) await createTenant(access, { actor, id, planId: id })
  await createTenant(access, { actor, id: 'bare' })
})

const create = (tenant: string) => createKey(access, { actor, tenant, mode: 'live' })
const ask = (tenant: string) => requestKey(access, { actor, tenant, mode: 'live' })

describe('createKey', () => {
  test('makes an active key and returns its secret, of which only the hash is kept', async () => {
    const made = await createKey(access, { actor, tenant: 'pro', mode: 'live', name: 'ci' })
    expect(made).toEqual({
      id: expect.stringMatching(/^key_[0-9a-z]{20}$/),
      tenant_id: 'pro',
      secret: expect.stringMatching(/^gz_live_[0-9A-Za-z]{38}$/),
      name: 'ci',
      mode: 'live',
      state: 'active',
      masked: `${made.secret.slice(0, 12)}…${made.secret.slice(-4)}`,
      reason: null,
      requested_by: actor,
      decided_by: actor,
      decision_reason: null,
      created_at: '2026-03-10T12:00:00.000Z',
      decided_at: '2026-03-10T12:00:00.000Z',
      revealed_at: '2026-03-10T12:00:00.000Z',
      revoked_at: null,
      expires_at: null,
      routes: null,
      ips: null,
      replaced_by: null,
    })
    expect(secretIsWellFormed(made.secret)).toBe(true)
    expect(await access.store.keys.grantByHash(hashSecret(made.secret))).toMatchObject({ keyId: made.id })
    const { secret: _, ...kept } = made
    expect(await showKey(access, { keyId: made.id })).toEqual({
      ...kept,
      consumer_id: 'pro',
      plan: 'pro',
      rate_limit: null,
      monthly_quota: null,
      features: ['ai'],
    })
  })

  test('a test key shows it in its secret', async () => {
    const made = await createKey(access, { actor, tenant: 'pro', mode: 'test' })
    expect(made).toMatchObject({ mode: 'test', secret: expect.stringMatching(/^gz_test_/) })
  })

  test('is refused beyond the keys of the plan, naming the plans with more', async () => {
    await create('free')
    await expect(create('free')).rejects.toMatchObject({
      code: 'key-limit-reached',
      message: 'Plan free allows 1 key, tenant free holds 1. More are in pro (5), open (any number).',
    })
  })

  test('a plan without a maximum never refuses', async () => {
    for (let count = 0; count < 12; count += 1) await create('open')
    expect(await listKeys(access, { tenant: 'open' })).toHaveLength(12)
  })

  test('is refused without a plan, saying how to get one', async () => {
    await expect(create('bare')).rejects.toMatchObject({
      code: 'no-plan',
      message: expect.stringContaining('gatez tenants plan bare free'),
    })
  })

  test('a revoked key makes room, and so does an expired one', async () => {
    const { id } = await create('free')
    await revokeKeys(access, { actor, keyIds: [id] })
    await createKey(access, { actor, tenant: 'free', mode: 'live', expires: '1d' })
    await expect(create('free')).rejects.toMatchObject({ code: 'key-limit-reached' })
    access.clock.advance(DAY)
    expect(await create('free')).toMatchObject({ state: 'active' })
  })

  test('a downgrade keeps the keys and refuses new ones', async () => {
    for (let count = 0; count < 3; count += 1) await create('pro')
    await changePlan(access, { actor, tenant: 'pro', planId: 'free', at: 'now' })
    expect(await listKeys(access, { tenant: 'pro', status: 'active' })).toHaveLength(3)
    await expect(create('pro')).rejects.toMatchObject({
      message: expect.stringContaining('Plan free allows 1 key, tenant pro holds 3.'),
    })
  })

  test('a larger maximum in a new version of the plan holds for all who are on it', async () => {
    await create('free')
    const [, pro] = await access.store.plans.current()
    await access.store.plans.insertVersion({ ...pro!.plan, id: 'free' }, 'two', 0, NOON)
    expect(await create('free')).toMatchObject({ state: 'active' })
  })

  test.each([
    { expires: '30d', at: '2026-04-09T12:00:00.000Z' },
    { expires: '12h', at: '2026-03-11T00:00:00.000Z' },
    { expires: '90m', at: '2026-03-10T13:30:00.000Z' },
    { expires: '2w', at: '2026-03-24T12:00:00.000Z' },
    { expires: '2027-01-01T00:00Z', at: '2027-01-01T00:00:00.000Z' },
    { expires: '2027-01-01T00:00:30+02:00', at: '2026-12-31T22:00:30.000Z' },
    { expires: '2027-01-01', at: '2027-01-01T00:00:00.000Z' },
  ])('expires $expires is $at', async ({ expires, at }) => {
    const made = await createKey(access, { actor, tenant: 'open', mode: 'live', expires })
    expect(made.expires_at).toBe(at)
  })

  test.each(['30', 'soon', '2027-02-30', '2027-13-01T00:00Z', '2027-01-01T00:00', '', '0d', '2026-03-10'])(
    'expires %j is refused',
    async (expires) => {
      const made = createKey(access, { actor, tenant: 'open', mode: 'live', expires })
      await expect(made).rejects.toMatchObject({
        code: 'invalid-parameter',
        message: expect.stringContaining(`expires is`),
      })
    },
  )
})

describe('from request to key', () => {
  test('one id goes all the way: requested, approved, active, revoked', async () => {
    const asked = await requestKey(access, { actor, tenant: 'pro', mode: 'live', reason: 'nightly import' })
    expect(asked).toMatchObject({ state: 'requested', masked: null, reason: 'nightly import' })
    const [approved] = await approveKeys(access, { actor: 'cli:bob', keyIds: [asked.id] })
    expect(approved).toMatchObject({ id: asked.id, state: 'approved', decided_by: 'cli:bob', masked: null })
    const [revealed] = await revealKeys(access, { actor, keyIds: [asked.id] })
    expect(revealed).toMatchObject({ id: asked.id, state: 'active', secret: expect.any(String) })
    const [revoked] = await revokeKeys(access, { actor, keyIds: [asked.id], reason: 'leaked' })
    expect(revoked).toMatchObject({ id: asked.id, state: 'revoked', decision_reason: 'leaked' })
    const trail = await access.store.audit.list({ subject: `key:${asked.id}` })
    expect(trail.map((entry) => entry.action).toReversed()).toEqual([
      'key.requested',
      'key.approved',
      'key.revealed',
      'key.revoked',
    ])
    const rung = (await access.store.changes.after(0)).filter(({ subject }) => subject === `key:${asked.id}`)
    expect(rung).toHaveLength(4)
  })

  test('a scope asked for is shown to who approves, and kept in the key that is revealed', async () => {
    const scope = { routes: 'search', ips: '10.0.0.0/8', knownRoutes: ['search', 'lookup'] }
    const request = { actor, tenant: 'pro', mode: 'live', scope } as const
    const asked = await requestKey(access, request)
    expect(asked).toMatchObject({ routes: ['search'], ips: ['10.0.0.0/8'] })
    if (asked.state === 'requested') await approveKeys(access, { actor, keyIds: [asked.id] })
    await revealKeys(access, { actor, keyIds: [asked.id] })
    expect(await showKey(access, { keyId: asked.id })).toMatchObject({
      routes: ['search'],
      ips: ['10.0.0.0/8'],
    })
    const wrong = requestKey(access, { ...request, scope: { ...scope, routes: 'serach' } })
    await expect(wrong).rejects.toMatchObject({ code: 'invalid-parameter', message: /search/ })
  })

  test('a plan with automatic approval approves at once', async () => {
    const asked = await ask('free')
    expect(asked).toMatchObject({ state: 'approved', decided_by: 'gatez' })
    expect(await revealKeys(access, { actor, keyIds: [asked.id] })).toHaveLength(1)
  })

  test('an approved key that nobody has revealed yet holds its place', async () => {
    await ask('free')
    await expect(ask('free')).rejects.toMatchObject({ code: 'key-limit-reached' })
  })

  test('requests wait beyond the maximum, approvals do not pass it', async () => {
    const asked = []
    for (let count = 0; count < 7; count += 1) asked.push((await ask('pro')).id)
    await approveKeys(access, { actor, keyIds: asked.slice(0, 5) })
    const sixth = approveKeys(access, { actor, keyIds: asked.slice(5, 6) })
    await expect(sixth).rejects.toMatchObject({ code: 'key-limit-reached' })
    await expect(ask('pro')).rejects.toMatchObject({ code: 'key-limit-reached' })
  })

  test('several are approved all or none', async () => {
    const asked = []
    for (let count = 0; count < 6; count += 1) asked.push((await ask('pro')).id)
    await expect(approveKeys(access, { actor, keyIds: asked })).rejects.toMatchObject({
      code: 'key-limit-reached',
    })
    expect(await listKeys(access, { tenant: 'pro', status: 'pending' })).toHaveLength(6)
  })

  test('a rejected request ends there, with the reason', async () => {
    const { id } = await ask('pro')
    expect(await rejectKeys(access, { actor, keyIds: [id], reason: 'use the one you have' })).toMatchObject([
      { state: 'rejected', decision_reason: 'use the one you have' },
    ])
    await expect(approveKeys(access, { actor, keyIds: [id] })).rejects.toMatchObject({ code: 'wrong-state' })
    await expect(revealKeys(access, { actor, keyIds: [id] })).rejects.toMatchObject({ code: 'wrong-state' })
  })

  test('a secret is shown once', async () => {
    const { id } = await ask('free')
    const [shown] = await revealKeys(access, { actor, keyIds: [id] })
    const again = revealKeys(access, { actor, keyIds: [id] })
    await expect(again).rejects.toMatchObject({ code: 'already-revealed' })
    await expect(again).rejects.not.toThrow(shown!.secret)
  })

  test('a secret is not shown before the approval, nor after an expiry or a revocation', async () => {
    const reveal = (id: string) => revealKeys(access, { actor, keyIds: [id] })
    const { id: waiting } = await ask('pro')
    await expect(reveal(waiting)).rejects.toMatchObject({
      code: 'wrong-state',
      message: expect.stringContaining(`gatez keys approve ${waiting} comes first`),
    })
    const { id: late } = await requestKey(access, { actor, tenant: 'open', mode: 'live', expires: '1d' })
    access.clock.advance(DAY)
    await expect(reveal(late)).rejects.toMatchObject({ code: 'wrong-state' })
    const { id: ended } = await create('open')
    await revokeKeys(access, { actor, keyIds: [ended] })
    await expect(reveal(ended)).rejects.toMatchObject({ code: 'wrong-state' })
  })

  test('what cannot be revoked says why', async () => {
    const { id } = await ask('pro')
    const revoke = () => revokeKeys(access, { actor, keyIds: [id] })
    await expect(revoke()).rejects.toThrow(`gatez keys reject ${id}`)
    await approveKeys(access, { actor, keyIds: [id] })
    await revoke()
    await expect(revoke()).rejects.toMatchObject({
      code: 'wrong-state',
      message: `Key ${id} is revoked already.`,
    })
  })

  test('an id named twice counts once', async () => {
    const { id } = await ask('pro')
    expect(await approveKeys(access, { actor, keyIds: [id, id] })).toHaveLength(1)
  })

  test('an unknown id changes nothing, also for the known ones beside it', async () => {
    const { id } = await ask('pro')
    const approval = approveKeys(access, { actor, keyIds: [id, 'key_none'] })
    await expect(approval).rejects.toMatchObject({
      code: 'not-found',
      message: 'There is no key "key_none".',
    })
    expect(await showKey(access, { keyId: id })).toMatchObject({ state: 'requested' })
  })

  test('a secret in place of an id is refused and not repeated', async () => {
    const { secret } = await create('open')
    const revoke = revokeKeys(access, { actor, keyIds: [secret] })
    await expect(revoke).rejects.toMatchObject({ code: 'invalid-parameter' })
    await expect(revoke).rejects.not.toThrow(secret.slice(12, -4))
  })
})

describe('listKeys', () => {
  test('shows what expired as expired, and tells pending from the rest', async () => {
    await createKey(access, { actor, tenant: 'open', mode: 'live', name: 'short', expires: '1d' })
    access.clock.advance(DAY)
    await createKey(access, { actor, tenant: 'open', mode: 'live', name: 'long' })
    access.clock.advance(1)
    await ask('pro')
    const names = async (status: string) => (await listKeys(access, { status })).map((key) => key.name)
    expect(await names('expired')).toEqual(['short'])
    expect(await names('active')).toEqual(['long'])
    expect(await names('pending')).toEqual(await names('requested'))
    expect((await listKeys(access, {})).map((key) => key.state)).toEqual(['requested', 'active', 'expired'])
  })

  test('a status that does not exist is refused with those that do', async () => {
    await expect(listKeys(access, { status: 'pendng' })).rejects.toMatchObject({
      code: 'invalid-parameter',
      message: expect.stringContaining('(did you mean pending?)'),
    })
  })

  test('an unknown tenant is not found', async () => {
    await expect(listKeys(access, { tenant: 'nobody' })).rejects.toMatchObject({ code: 'not-found' })
  })
})
