import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createTenant } from '../../src/access/create-tenant.ts'
import { inviteMember } from '../../src/access/invite-member.ts'
import { listMembers } from '../../src/access/list-members.ts'
import { removeMember } from '../../src/access/remove-member.ts'
import { resetMember } from '../../src/access/reset-member.ts'
import { showMember } from '../../src/access/show-member.ts'
import { sha256Hex } from '../../src/model/key.ts'
import { openFor, testStore } from '../support/control-store.ts'

const actor = 'cli:ann'
const EMAIL = 'ann@example.com'

async function desk() {
  const access = await testStore()
  for (const id of ['acme', 'bolt']) await createTenant(access, { actor, id })
  const invite = (email: string, role?: string, tenant = 'acme') =>
    inviteMember(access, { actor, tenant, email, role })
  return { ...access, invite }
}

test('an invitation makes a member, a link with a token and a message, and keeps only the hash of the token', async () => {
  const { invite, store, folder } = await desk()
  const invited = await invite(' Ann@Example.com ', 'admin')
  expect(invited).toMatchObject({
    tenant_id: 'acme',
    email: EMAIL,
    role: 'admin',
    token: expect.stringMatching(/^[\w-]{43}$/),
    link_expires_at: '2026-03-17T12:00:00.000Z',
  })
  const hash = sha256Hex(invited.token)
  expect(await store.tenants.listMemberLinks('acme')).toMatchObject([{ hash, memberId: invited.id }])
  expect(await store.outbox.pending(9)).toMatchObject([
    {
      id: invited.message_id,
      kind: 'member.invited',
      body: { email: EMAIL, role: 'admin', link_hash: hash },
    },
  ])
  const dataDir = join(folder, '.gatez')
  const bytes = Buffer.concat(readdirSync(dataDir).map((file) => readFileSync(join(dataDir, file))))
  expect(bytes.includes(hash)).toBe(true)
  expect(bytes.includes(invited.token)).toBe(false)
})

test('an address is a member of a tenant once, also when it is invited twice at once', async () => {
  const access = await desk()
  const other = { ...access, store: await openFor(access.folder, access.clock) }
  const outcomes = await Promise.allSettled([
    access.invite(EMAIL),
    inviteMember(other, { actor, tenant: 'acme', email: EMAIL.toUpperCase() }),
  ])
  const refused = outcomes.find((outcome) => outcome.status === 'rejected')
  expect(refused?.reason).toMatchObject({
    code: 'already-exists',
    message: expect.stringContaining(`gatez members reset acme ${EMAIL}`),
  })
  await access.invite(EMAIL, 'viewer', 'bolt')
  expect(await listMembers(access, { tenant: 'acme' })).toHaveLength(1)
  expect(await access.store.outbox.pending(9)).toHaveLength(2)
})

test('a reset makes a new link and voids the one before', async () => {
  const access = await desk()
  const invited = await access.invite(EMAIL)
  access.clock.advance(1000)
  const reset = await resetMember(access, { actor, tenant: 'acme', member: invited.id })
  expect(reset.token).not.toBe(invited.token)
  expect(await access.store.tenants.listMemberLinks('acme')).toMatchObject([{ hash: sha256Hex(reset.token) }])
})

test('the list shows a link only while it holds', async () => {
  const access = await desk()
  await access.invite(EMAIL)
  const { clock } = access
  clock.advance(7 * 86_400_000 - 1)
  expect(await listMembers(access, { tenant: 'acme' })).toMatchObject([
    { link_expires_at: expect.any(String) },
  ])
  clock.advance(1)
  expect(await listMembers(access, { tenant: 'acme' })).toMatchObject([{ link_expires_at: null }])
})

test('a removed member is gone with its links, and can be invited again', async () => {
  const access = await desk()
  await access.invite(EMAIL)
  expect(await removeMember(access, { actor, tenant: 'acme', member: 'ANN@example.com' })).toMatchObject({
    email: EMAIL,
  })
  expect(await listMembers(access, { tenant: 'acme' })).toEqual([])
  expect(await access.store.tenants.listMemberLinks('acme')).toEqual([])
  await access.invite(EMAIL)
  const actions = await access.store.audit.list({ subject: 'tenant:acme', limit: 3 })
  expect(actions.map(({ action }) => action)).toEqual(['member.invited', 'member.removed', 'member.invited'])
})

test('a member is found only in its own tenant, and the nearest one is named', async () => {
  const access = await desk()
  const { id } = await access.invite(EMAIL)
  await expect(showMember(access, { tenant: 'bolt', member: id })).rejects.toMatchObject({
    code: 'not-found',
  })
  await expect(showMember(access, { tenant: 'acme', member: 'anne@example.com' })).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringContaining(`did you mean ${EMAIL}?`),
  })
})

test.each([
  'ann',
  '@example.com',
  'ann@',
  'a b@example.com',
  'a@b@c',
  `${'a'.repeat(251)}@b.c`,
  '<ann@example.com>',
])('%j is no address', async (email) => {
  const { invite } = await desk()
  await expect(invite(email)).rejects.toMatchObject({ code: 'invalid-parameter' })
})

test('an unknown role is refused with those there are', async () => {
  const { invite } = await desk()
  await expect(invite(EMAIL, 'admn')).rejects.toMatchObject({
    code: 'invalid-parameter',
    message: expect.stringContaining('did you mean admin?'),
  })
})
