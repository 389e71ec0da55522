import { beforeEach, describe, expect, test } from 'vitest'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'
import type { Session } from '../../src/storage/ports/sessions.ts'
import { member, NOON, tenant } from '../support/control-store.ts'

/** The part of the ControlStore's promises that the control API and the portals rely on. */
export function controlPlaneContract(opened: () => { store: ControlStore }): void {
  describe('the control plane', () => promises(opened))
}

function promises(opened: () => { store: ControlStore }): void {
  let store: ControlStore

  beforeEach(async () => {
    store = opened().store
    await store.tenants.insert(tenant())
    await store.tenants.insertMember(member('mem_1', 'ann@example.com'))
  })

  const session = (over: Partial<Session> = {}): Session => ({
    ...{
      hash: 'h1',
      id: 'ses_1',
      kind: 'member',
      memberId: 'mem_1',
      createdAtMs: NOON,
      expiresAtMs: NOON + 9,
    },
    ...over,
  })

  describe('sessions, passwords and links', () => {
    test('a session is found by its hash until it is removed, ends, or its member goes', async () => {
      for (const number of [1, 2, 3])
        await store.sessions.insert(session({ hash: `h${number}`, id: `ses_${number}` }))
      await store.sessions.insert({ ...session(), hash: 'o', id: 'ses_o', kind: 'operator', memberId: null })
      expect(await store.sessions.findByHash('h1')).toEqual(session())
      await store.sessions.remove('h1')
      expect(await store.sessions.findByHash('h1')).toBeUndefined()
      await store.sessions.removeOfMember('mem_1')
      expect(await store.sessions.findByHash('h2')).toBeUndefined()
      expect(await store.sessions.findByHash('o')).toMatchObject({ kind: 'operator', memberId: null })
      await store.sessions.forgetEnded(NOON + 9)
      expect(await store.sessions.findByHash('o')).toBeUndefined()
      await store.sessions.insert(session())
      expect(await store.tenants.removeMember('mem_1')).toBe(true)
      expect(await store.sessions.findByHash('h1')).toBeUndefined()
    })

    test('a member is found by id, address and subject, with its password', async () => {
      const ann = { id: 'mem_1', tenantId: 'acme', email: 'ann@example.com', role: 'developer' }
      expect(await store.sessions.findMember('mem_1')).toEqual({ ...ann, password: null })
      await store.sessions.setPassword('mem_1', 'p1', NOON)
      await store.sessions.setSubject('mem_1', 'iss u1', NOON)
      await store.sessions.setPassword('mem_1', 'p2', NOON)
      await store.sessions.setRole('mem_1', 'admin')
      const now = { ...ann, role: 'admin', password: 'p2' }
      expect(await store.sessions.findMembersByEmail('ann@example.com')).toEqual([now])
      expect(await store.sessions.findMemberBySubject('iss u1')).toEqual(now)
      expect(await store.sessions.findMemberBySubject('iss u2')).toBeUndefined()
      expect(await store.sessions.findMember('mem_2')).toBeUndefined()
    })

    test('a link of a member holds for its time, and is taken by one', async () => {
      await store.tenants.replaceMemberLink({
        hash: 'l',
        memberId: 'mem_1',
        createdAtMs: NOON,
        expiresAtMs: NOON + 5,
      })
      expect((await store.sessions.findMemberByLink('l', NOON))?.id).toBe('mem_1')
      expect(await store.sessions.findMemberByLink('l', NOON + 5)).toBeUndefined()
      const taken = await Promise.all([
        store.sessions.takeMemberLink('l'),
        store.sessions.takeMemberLink('l'),
      ])
      expect(taken.filter(Boolean)).toHaveLength(1)
    })

    test('a link to sign in is taken once, for its purpose, in its time', async () => {
      const link = {
        hash: 'x',
        purpose: 'oidc',
        detail: { nonce: 'n' },
        createdAtMs: NOON,
        expiresAtMs: NOON + 5,
      } as const
      await store.sessions.insertLink(link)
      expect(await store.sessions.takeLink('x', 'operator', NOON)).toBeUndefined()
      expect(await store.sessions.takeLink('x', 'oidc', NOON + 5)).toBeUndefined()
      expect(await store.sessions.takeLink('x', 'oidc', NOON)).toEqual(link)
      expect(await store.sessions.takeLink('x', 'oidc', NOON)).toBeUndefined()
    })
  })

  test('a request that was done is found by who asked and its key, and its name is taken once', async () => {
    const done = {
      actor: 'token:a',
      idempotencyKey: 'k',
      fingerprint: 'f',
      status: 201,
      body: '{}',
      createdAtMs: NOON,
    }
    expect(await store.doneRequests.insert(done)).toBe(true)
    expect(await store.doneRequests.insert({ ...done, body: null })).toBe(false)
    expect(await store.doneRequests.insert({ ...done, actor: 'token:b', body: null })).toBe(true)
    expect(await store.doneRequests.find(done)).toEqual(done)
    expect((await store.doneRequests.find({ actor: 'token:b', idempotencyKey: 'k' }))?.body).toBeNull()
    await store.doneRequests.forgetBefore(NOON + 1)
    expect(await store.doneRequests.find(done)).toBeUndefined()
  })

  test('audit entries are chained in the order they were added, whoever adds them', async () => {
    const entry = (action: string) => ({ atMs: NOON, actor: 'cli:ann', action, subject: 'plans', detail: {} })
    await Promise.all([1, 2, 3].map((number) => store.audit.insert(entry(`a${number}`))))
    await store.transaction(async (tables) => {
      await tables.audit.insert(entry('b1'))
      await tables.audit.insert(entry('b2'))
    })
    const [newest, before] = await store.audit.records({ limit: 2 })
    expect([newest?.action, before?.action]).toEqual(['b2', 'b1'])
    expect(await store.audit.checkChain()).toEqual({
      entries: 5,
      unchained: 0,
      head: newest?.hash,
      brokenAt: null,
    })
    expect((await store.audit.records({ before: newest!.sequence, limit: 1 }))[0]).toEqual(before)
  })
}
