import { beforeEach, describe, expect, test } from 'vitest'
import type { ManualClock } from '../../src/lib/clock.ts'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'
import { key, NOON, plan, subscription, tenant } from '../support/control-store.ts'

/** The part of the ControlStore's promises that is about keys, nodes, changes, audit and outbox. */
export function keyAndRecordContract(opened: () => { store: ControlStore; clock: ManualClock }): void {
  let store: ControlStore
  let clock: ManualClock

  beforeEach(() => {
    store = opened().store
    clock = opened().clock
  })

  describe('keys', () => {
    beforeEach(async () => {
      await store.tenants.insert(tenant())
    })

    test('a key comes back as it was put in, and is listed newest first by tenant and state', async () => {
      await store.tenants.insert(tenant({ id: 'bolt' }))
      const first = key({ reason: 'import', expiresAtMs: NOON + 5 })
      const second = key({ id: 'key_2', state: 'requested', hash: null, createdAtMs: NOON + 1 })
      const foreign = key({ id: 'key_3', tenantId: 'bolt', hash: 'h3', createdAtMs: NOON + 2 })
      for (const each of [first, second, foreign]) await store.keys.insert(each)
      expect(await store.keys.find('key_1')).toEqual(first)
      expect(await store.keys.find('key_9')).toBeUndefined()
      expect(await store.keys.list({})).toEqual([foreign, second, first])
      expect(await store.keys.list({ tenantId: 'acme' })).toEqual([second, first])
      expect(await store.keys.list({ tenantId: 'acme', state: 'requested' })).toEqual([second])
    })

    test('held are approved and active keys that have not expired', async () => {
      const states = ['requested', 'approved', 'active', 'rejected', 'revoked'] as const
      for (const state of states) await store.keys.insert(key({ id: `key_${state}`, state, hash: null }))
      await store.keys.insert(key({ id: 'key_old', hash: null, expiresAtMs: NOON }))
      await store.keys.insert(key({ id: 'key_soon', hash: null, expiresAtMs: NOON + 1 }))
      expect(await store.keys.countHeld('acme')).toBe(3)
      clock.advance(1)
      expect(await store.keys.countHeld('acme')).toBe(2)
    })

    test('an update wins only from the state it expects', async () => {
      await store.keys.insert(key({ state: 'approved', hash: null }))
      const active = key({ state: 'active', hash: 'new' })
      expect(await store.keys.update(active, 'approved')).toBe(true)
      expect(await store.keys.update(key({ state: 'revoked' }), 'approved')).toBe(false)
      expect(await store.keys.find('key_1')).toEqual(active)
    })

    test('no two keys have one hash', async () => {
      await store.keys.insert(key())
      await expect(store.keys.insert(key({ id: 'key_2' }))).rejects.toThrow()
    })

    test('a grant holds key, tenant and the subscription of the moment', async () => {
      await store.plans.insertVersion(plan(), 'one', 0, NOON)
      await store.plans.insertVersion(plan({ id: 'pro' }), 'one', 1, NOON)
      await store.keys.insert(key({ mode: 'test', expiresAtMs: NOON + 9000 }))
      const bare = {
        keyId: 'key_1',
        keyMode: 'test',
        keyState: 'active',
        expiresAtMs: NOON + 9000,
        tenantId: 'acme',
        tenantState: 'active',
        routes: null,
        ips: null,
        overrides: null,
      }
      const planless = {
        planId: null,
        planVersion: 0,
        subscriptionId: '',
        planUntilMs: null,
        anchorMs: null,
        planSinceMs: null,
      }
      expect(await store.keys.grantByHash('hash')).toEqual({ ...bare, ...planless })

      await store.subscriptions.insert(subscription({ endMs: NOON + 1000 }))
      await store.subscriptions.insert(subscription({ id: 'sub_2', planId: 'pro', startMs: NOON + 1000 }))
      const onFree = {
        planId: 'free',
        planVersion: 1,
        subscriptionId: 'sub_1',
        planUntilMs: NOON + 1000,
        anchorMs: NOON,
        planSinceMs: NOON,
      }
      expect(await store.keys.grantByHash('hash')).toEqual({ ...bare, ...onFree })

      clock.advance(1000)
      await store.tenants.setState('acme', 'suspended')
      expect(await store.keys.grantByHash('hash')).toMatchObject({
        tenantState: 'suspended',
        planId: 'pro',
        planUntilMs: null,
      })
      expect(await store.keys.grantByHash('other')).toBeUndefined()
    })
  })

  describe('nodes, changes, audit, outbox', () => {
    test('a node counts its starts, each node for itself', async () => {
      expect(await store.nodes.startEpoch('a', NOON)).toBe(1)
      expect(await store.nodes.startEpoch('a', NOON + 1)).toBe(2)
      expect(await store.nodes.startEpoch('b', NOON + 2)).toBe(1)
      expect(await store.nodes.list()).toEqual([
        { nodeId: 'a', epoch: 2, startedAtMs: NOON + 1, shippedAtMs: null, stoppedAtMs: null },
        { nodeId: 'b', epoch: 1, startedAtMs: NOON + 2, shippedAtMs: null, stoppedAtMs: null },
      ])
    })

    test('a node says how far it is, that it ended, and by starting again that it runs', async () => {
      for (const node of ['a', 'b']) await store.nodes.startEpoch(node, NOON)
      await store.nodes.shipped('a', NOON + 5)
      await store.nodes.stopped('b', NOON + 6)
      const said = async () =>
        (await store.nodes.list()).map(({ shippedAtMs, stoppedAtMs }) => [shippedAtMs, stoppedAtMs])
      expect(await said()).toEqual([
        [NOON + 5, null],
        [NOON + 6, NOON + 6],
      ])
      await store.nodes.startEpoch('b', NOON + 9)
      expect(await said()).toEqual([
        [NOON + 5, null],
        [NOON + 6, null],
      ])
    })

    test('a start is above every epoch that is known of elsewhere, and the next goes on from there', async () => {
      expect(await store.nodes.startEpoch('a', NOON, 6)).toBe(7)
      expect(await store.nodes.startEpoch('a', NOON, 3)).toBe(8)
      expect(await store.nodes.startEpoch('a', NOON, 8)).toBe(9)
      expect(await store.nodes.startEpoch('a', NOON, 20)).toBe(21)
      expect(await store.nodes.startEpoch('a', NOON)).toBe(22)
    })

    test('changes are numbered upwards and can be read from any of them on', async () => {
      expect(await store.changes.latestSequence()).toBe(0)
      await store.changes.insert('key:one', NOON)
      const seen = await store.changes.latestSequence()
      await store.changes.insert('plans', NOON)
      await store.changes.insert('tenant:acme', NOON)
      const after = await store.changes.after(seen)
      expect(after.map((change) => change.subject)).toEqual(['plans', 'tenant:acme'])
      expect(await store.changes.latestSequence()).toBe(after.at(-1)?.sequence)
    })

    test('audit rows come back newest first, by subject when asked', async () => {
      const row = (action: string, subject: string) =>
        ({ atMs: NOON, actor: 'cli:ann', action, subject, detail: { why: 'because' } }) as const
      await store.audit.insert(row('key.created', 'key:one'))
      await store.audit.insert(row('tenant.created', 'tenant:acme'))
      await store.audit.insert(row('key.revoked', 'key:one'))
      expect(await store.audit.list({ subject: 'key:one' })).toEqual([
        row('key.revoked', 'key:one'),
        row('key.created', 'key:one'),
      ])
      expect(await store.audit.list({ limit: 2 })).toHaveLength(2)
    })

    test('a message is pending until it is marked as sent', async () => {
      const message = (id: string, createdAtMs: number) =>
        ({ id, kind: 'threshold', body: { percent: 80 }, createdAtMs }) as const
      await store.outbox.insert(message('out_b', NOON + 1))
      await store.outbox.insert(message('out_a', NOON))
      expect(await store.outbox.pending(10)).toEqual([message('out_a', NOON), message('out_b', NOON + 1)])
      expect(await store.outbox.pending(1)).toHaveLength(1)
      await store.outbox.markSent('out_a', NOON + 2)
      expect(await store.outbox.pending(10)).toEqual([message('out_b', NOON + 1)])
    })
  })
}
