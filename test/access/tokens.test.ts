import { beforeEach, expect, test } from 'vitest'
import { createToken } from '../../src/access/create-token.ts'
import { listTokens } from '../../src/access/list-tokens.ts'
import { revokeTokens } from '../../src/access/revoke-tokens.ts'
import {
  hashSecret,
  holdsSecret,
  secretMayBeKey,
  tokenIsWellFormed,
  withoutSecrets,
} from '../../src/model/key.ts'
import { tokenHolds } from '../../src/model/token.ts'
import { testStore } from '../support/control-store.ts'

let access: Awaited<ReturnType<typeof testStore>>
const actor = 'cli:ann'

beforeEach(async () => {
  access = await testStore()
})

const create = (request: { name?: string; scopes?: string; expires?: string } = {}) =>
  createToken(access, { actor, name: 'job', scopes: 'events', ...request })

test('a token is made with a secret that is shown once and of which only the hash is kept', async () => {
  const made = await create({ scopes: ' events , read', expires: '1h' })
  expect(made).toEqual({
    id: expect.stringMatching(/^tok_[0-9a-z]{20}$/),
    secret: expect.stringMatching(/^gzt_[0-9A-Za-z]{38}$/),
    name: 'job',
    scopes: ['read', 'events'],
    state: 'active',
    masked: `${made.secret.slice(0, 8)}…${made.secret.slice(-4)}`,
    created_by: actor,
    created_at: '2026-03-10T12:00:00.000Z',
    expires_at: '2026-03-10T13:00:00.000Z',
    revoked_at: null,
  })
  const { secret, ...kept } = made
  expect(await listTokens(access)).toEqual([kept])
  const found = await access.store.tokens.findByHash(hashSecret(secret))
  expect(found).toMatchObject({ id: made.id })
  expect(JSON.stringify([found, await access.store.audit.list({})])).not.toContain(secret)
})

test('its checksum tells a mistyped one; it is no key, and is cut out of whatever is logged', async () => {
  const { secret } = await create()
  expect(tokenIsWellFormed(secret)).toBe(true)
  const mistyped = `${secret.slice(0, 10)}${secret[10] === 'a' ? 'b' : 'a'}${secret.slice(11)}`
  expect(tokenIsWellFormed(mistyped)).toBe(false)
  expect(holdsSecret(`/a?t=${secret}`)).toBe(true)
  expect(withoutSecrets(`/a?t=${secret}&b`)).toBe('/a?t=gzt_[redacted]&b')
  expect(secretMayBeKey(`gz_live_${secret.slice(4)}`)).toBe(false)
})

test.each([
  { scopes: 'event', message: /no scope "event" \(did you mean events\?\)/ },
  { scopes: '', message: /no scope ""/ },
  { scopes: 'read,,write', message: /no scope ""/ },
  { name: ' ', message: /name is empty/ },
  { expires: 'soon', message: /expires is "soon"/ },
])('%o is refused, and says why', async ({ message, ...request }) => {
  await expect(create(request)).rejects.toMatchObject({
    code: 'invalid-parameter',
    message: expect.stringMatching(message),
  })
  expect(await listTokens(access)).toEqual([])
})

test('tokens are revoked for good, all of those named or none', async () => {
  const [one, other] = [await create({ name: 'one' }), await create({ name: 'other' })]
  await expect(revokeTokens(access, { actor, tokenIds: [one.id, 'tok_9'] })).rejects.toMatchObject({
    code: 'not-found',
  })
  expect((await listTokens(access)).map(({ state }) => state)).toEqual(['active', 'active'])
  const revoked = await revokeTokens(access, { actor, tokenIds: [one.id, other.id, one.id] })
  expect(revoked.map(({ id, state }) => [id, state])).toEqual([
    [one.id, 'revoked'],
    [other.id, 'revoked'],
  ])
  await expect(revokeTokens(access, { actor, tokenIds: [one.id] })).rejects.toMatchObject({
    code: 'wrong-state',
  })
  const actions = (await access.store.audit.list({ subject: `token:${one.id}` })).map(({ action }) => action)
  expect(actions).toEqual(['token.revoked', 'token.created'])
  expect(await access.store.changes.latestSequence()).toBe(4)
})

test('a token holds until its last millisecond', async () => {
  const { id } = await create({ expires: '1m' })
  const token = await access.store.tokens.find(id)
  const endMs = access.clock.nowMs() + 60_000
  expect([endMs - 1, endMs].map((atMs) => token !== undefined && tokenHolds(token, atMs))).toEqual([
    true,
    false,
  ])
  access.clock.advance(60_000)
  expect(await listTokens(access)).toMatchObject([{ state: 'expired' }])
})
