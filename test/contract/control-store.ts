import { beforeEach, describe, expect, test } from 'vitest'
import { ManualClock } from '../../src/lib/clock.ts'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'
import { key, member, NOON, plan, subscription, tenant } from '../support/control-store.ts'
import { keyAndRecordContract } from './control-records.ts'
import { eventContract } from './event-records.ts'

/** A way to a control store, with everything the suite needs to know of it. */
export interface ControlStoreDriver {
  readonly name: string
  /** An empty store; closed when the test is over. */
  open(clock: ManualClock): Promise<Opened>
}

export interface Opened {
  readonly store: ControlStore
  /** Another connection to the same store; closed when the test is over. */
  openAgain(): Promise<ControlStore>
}

/** What every ControlStore promises. A new engine is done when this passes on it. */
export function controlStoreContract(driver: ControlStoreDriver): void {
  describe(`ControlStore on ${driver.name}`, () => {
    let store: ControlStore
    let clock: ManualClock
    let openAgain: () => Promise<ControlStore>

    beforeEach(async () => {
      clock = new ManualClock(NOON)
      const opened = await driver.open(clock)
      store = opened.store
      openAgain = opened.openAgain
    })

    describe('tenants', () => {
      test('a tenant comes back as it was put in, by id and by external id', async () => {
        const acme = tenant({ externalId: 'cus_1' })
        expect(await store.tenants.insert(acme)).toBe(true)
        expect(await store.tenants.find('acme')).toEqual(acme)
        expect(await store.tenants.find('cus_1')).toEqual(acme)
        expect(await store.tenants.find('other')).toBeUndefined()
      })

      test.each([
        { name: 'the same id', id: 'acme', externalId: null },
        { name: 'the same external id', id: 'bolt', externalId: 'cus_1' },
        { name: 'an id that is an external id', id: 'cus_1', externalId: null },
        { name: 'an external id that is an id', id: 'bolt', externalId: 'acme' },
      ])('$name is refused, also after a delete', async ({ id, externalId }) => {
        await store.tenants.insert(tenant({ externalId: 'cus_1' }))
        await store.tenants.setState('acme', 'deleted')
        expect(await store.tenants.insert(tenant({ id, externalId }))).toBe(false)
      })

      test('the list is in the order of creation and leaves out the deleted', async () => {
        for (const [index, id] of ['zeta', 'beta', 'alfa'].entries()) {
          await store.tenants.insert(tenant({ id, createdAtMs: NOON + index }))
        }
        await store.tenants.setState('beta', 'deleted')
        await store.tenants.setState('alfa', 'suspended')
        expect((await store.tenants.list()).map(({ id, state }) => `${id} ${state}`)).toEqual([
          'zeta active',
          'alfa suspended',
        ])
      })

      test('an address is a member of one tenant once', async () => {
        await store.tenants.insert(tenant())
        const ann = member('mem_1', 'ann@example.com')
        expect(await store.tenants.insertMember(ann)).toBe(true)
        expect(await store.tenants.insertMember(member('mem_2', 'ann@example.com'))).toBe(false)
        expect(await store.tenants.listMembers('acme')).toEqual([ann])
      })
    })

    describe('plans', () => {
      test('each insert is the next version; the newest is current, all stay readable', async () => {
        const first = await store.plans.insertVersion(plan(), 'one', 0, NOON)
        const second = await store.plans.insertVersion(plan({ name: 'Gratis' }), 'two', 0, NOON + 1)
        expect([first.version, second.version]).toEqual([1, 2])
        expect(await store.plans.find('free')).toEqual(second)
        expect(await store.plans.find('free', 1)).toEqual(first)
        expect(await store.plans.versions('free')).toEqual([first, second])
        expect(await store.plans.current()).toEqual([second])
      })

      test('current plans are in the order of the file, without the withdrawn', async () => {
        await store.plans.insertVersion(plan({ id: 'pro' }), 'p', 0, NOON)
        await store.plans.insertVersion(plan({ id: 'free' }), 'f', 1, NOON)
        await store.plans.insertVersion(plan({ id: 'old' }), 'o', 2, NOON)
        await store.plans.setPosition('pro', 5)
        await store.plans.withdraw('old')
        expect((await store.plans.current()).map((version) => version.plan.id)).toEqual(['free', 'pro'])
        expect(await store.plans.find('old')).toMatchObject({ version: 1 })
      })

      test('a withdrawn plan that comes back is current again', async () => {
        await store.plans.insertVersion(plan(), 'one', 0, NOON)
        await store.plans.withdraw('free')
        await store.plans.insertVersion(plan(), 'one', 0, NOON)
        expect(await store.plans.current()).toMatchObject([{ version: 2 }])
      })

      test('applied files are listed newest first', async () => {
        for (const hash of ['one', 'two', 'one']) await store.plans.insertApplied(hash, NOON)
        expect(await store.plans.appliedHashes()).toEqual(['one', 'two', 'one'])
      })
    })

    describe('subscriptions', () => {
      beforeEach(async () => {
        await store.tenants.insert(tenant())
        await store.plans.insertVersion(plan(), 'one', 0, NOON)
        await store.plans.insertVersion(plan({ id: 'pro' }), 'one', 1, NOON)
      })

      test('a subscription runs from its start up to, but without, its end', async () => {
        const free = subscription({ endMs: NOON + 1000 })
        const pro = subscription({ id: 'sub_2', planId: 'pro', startMs: NOON + 1000 })
        await store.subscriptions.insert(free)
        await store.subscriptions.insert(pro)
        expect(await store.subscriptions.activeAt('acme', NOON - 1)).toBeUndefined()
        expect(await store.subscriptions.activeAt('acme', NOON)).toEqual(free)
        expect(await store.subscriptions.activeAt('acme', NOON + 999)).toEqual(free)
        expect(await store.subscriptions.activeAt('acme', NOON + 1000)).toEqual(pro)
        expect(await store.subscriptions.list('acme')).toEqual([free, pro])
      })

      test('those of a span hold at some moment of it, also of a deleted tenant', async () => {
        await store.tenants.insert(tenant({ id: 'aaa', state: 'deleted' }))
        const before = subscription({ startMs: NOON - 500, endMs: NOON })
        const inside = subscription({ id: 'sub_2', startMs: NOON, endMs: NOON + 10 })
        const empty = subscription({ id: 'sub_3', startMs: NOON + 20, endMs: NOON + 20 })
        const late = subscription({ id: 'sub_4', startMs: NOON + 1000 })
        const other = subscription({ id: 'sub_5', tenantId: 'aaa', startMs: NOON - 1, endMs: NOON + 1 })
        for (const each of [before, inside, empty, late, other]) await store.subscriptions.insert(each)
        expect(await store.subscriptions.during(NOON, NOON + 1000)).toEqual([other, inside])
        expect(await store.subscriptions.during(NOON - 1, NOON + 1001)).toEqual([other, before, inside, late])
      })

      test('an end can be set and taken back', async () => {
        await store.subscriptions.insert(subscription())
        await store.subscriptions.end('sub_1', NOON + 5)
        expect(await store.subscriptions.activeAt('acme', NOON + 5)).toBeUndefined()
        await store.subscriptions.end('sub_1', null)
        expect(await store.subscriptions.activeAt('acme', NOON + 5)).toEqual(subscription())
      })

      test('a tenant never has two subscriptions without an end', async () => {
        await store.subscriptions.insert(subscription())
        await expect(store.subscriptions.insert(subscription({ id: 'sub_2' }))).rejects.toThrow()
      })

      test('subscribers are those on the plan now or later, not those who left or never came', async () => {
        expect(await store.subscriptions.countSubscribers('free', NOON)).toBe(0)
        await store.subscriptions.insert(subscription({ endMs: NOON + 1000 }))
        await store.subscriptions.insert(subscription({ id: 'sub_2', planId: 'pro', startMs: NOON + 1000 }))
        expect(await store.subscriptions.countSubscribers('free', NOON)).toBe(1)
        expect(await store.subscriptions.countSubscribers('free', NOON + 1000)).toBe(0)
        expect(await store.subscriptions.countSubscribers('pro', NOON)).toBe(1)
        await store.subscriptions.end('sub_2', NOON + 1000)
        expect(await store.subscriptions.countSubscribers('pro', NOON)).toBe(0)
      })
    })

    keyAndRecordContract(() => ({ store, clock }))
    eventContract(() => ({ store, openAgain }))

    describe('transactions', () => {
      test('what throws leaves nothing behind, and its error comes out', async () => {
        const failing = store.transaction(async (tables) => {
          await tables.tenants.insert(tenant())
          throw new Error('on purpose')
        })
        await expect(failing).rejects.toThrow('on purpose')
        expect(await store.tenants.list()).toEqual([])
      })

      test('others see all of it once it is over', async () => {
        const other = await openAgain()
        const result = await store.transaction(async (tables) => {
          await tables.tenants.insert(tenant())
          await tables.changes.insert('tenant:acme', NOON)
          return 'done'
        })
        expect(result).toBe('done')
        expect(await other.tenants.find('acme')).toBeDefined()
        expect(await other.changes.latestSequence()).toBe(await store.changes.latestSequence())
      })

      test('of many who count under the lock of a tenant and then add, none is missed', async () => {
        await store.tenants.insert(tenant())
        const connections = [store, await openAgain(), await openAgain(), await openAgain()]
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            connections[index % connections.length]?.transaction(async (tables) => {
              await tables.tenants.lock('acme')
              if ((await tables.keys.countHeld('acme')) >= 5) return 'full'
              await tables.keys.insert(key({ id: `key_${index}`, hash: `hash_${index}` }))
              return 'added'
            }),
          ),
        )
        expect(outcomes.filter((outcome) => outcome === 'added')).toHaveLength(5)
        expect(await store.keys.countHeld('acme')).toBe(5)
      })
    })
  })
}
