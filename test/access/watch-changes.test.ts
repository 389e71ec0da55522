import { expect, onTestFinished, test } from 'vitest'
import { BLIND_MS_MAX, ChangeWatcher } from '../../src/access/watch-changes.ts'
import { ManualClock } from '../../src/lib/clock.ts'
import { NOON, openFor, testStore } from '../support/control-store.ts'
import { until } from '../support/until.ts'

async function watching(options: { fail?: number } = {}) {
  const { store, clock, folder } = await testStore()
  await store.changes.insert('tenant:before', NOON)
  const seen: string[] = []
  const errors: unknown[] = []
  let failures = options.fail ?? 0
  const watcher = await ChangeWatcher.start({
    changes: store.changes,
    clock,
    everyMs: 5,
    onChanges: async (subjects) => {
      if (failures > 0) {
        failures -= 1
        throw new Error('not now')
      }
      seen.push(...subjects)
    },
    onError: (error) => errors.push(error),
  })
  onTestFinished(() => watcher.stop())
  const sees = (count: number) => until(`${count} changes`, () => (seen.length >= count ? seen : undefined))
  return { store, clock, folder, watcher, seen, errors, sees }
}

test('tells of every change once, in order, and of none from before', async () => {
  const { store, sees, seen } = await watching()
  await store.changes.insert('key:a', NOON)
  await store.changes.insert('tenant:b', NOON)
  await sees(2)
  await store.changes.insert('plans', NOON)
  await sees(3)
  expect(seen).toEqual(['key:a', 'tenant:b', 'plans'])
})

test('tells of changes that others make on connections of their own', async () => {
  const { folder, clock, sees } = await watching()
  const other = await openFor(folder, clock)
  await other.transaction(async (tables) => {
    await tables.changes.insert('key:x', NOON)
    await tables.changes.insert('key:y', NOON)
  })
  expect(await sees(2)).toEqual(['key:x', 'key:y'])
})

test('tells again when telling failed: nothing is missed', async () => {
  const { store, sees, errors, seen } = await watching({ fail: 3 })
  await store.changes.insert('key:a', NOON)
  await until('it failed', () => (errors.length >= 2 ? true : undefined))
  await store.changes.insert('key:b', NOON)
  await sees(2)
  expect(seen).toEqual(['key:a', 'key:b'])
  expect(errors).toHaveLength(3)
})

test('a change that is rolled back is none', async () => {
  const { store, sees, seen } = await watching()
  const failed = store.transaction(async (tables) => {
    await tables.changes.insert('key:never', NOON)
    throw new Error('rolled back')
  })
  await expect(failed).rejects.toThrow('rolled back')
  await store.changes.insert('key:a', NOON)
  await sees(1)
  expect(seen).toEqual(['key:a'])
})

test('tells of nothing after it was stopped', async () => {
  const { store, watcher, seen, sees } = await watching()
  await store.changes.insert('key:a', NOON)
  await sees(1)
  watcher.stop()
  await store.changes.insert('key:b', NOON)
  const later = await watchingFrom(store)
  await store.changes.insert('key:c', NOON)
  await until('another watcher sees it', () => (later.length >= 1 ? true : undefined))
  expect(seen).toEqual(['key:a'])
})

test('looks at once when someone rings, however long it would wait else', async () => {
  const { store, clock } = await testStore()
  const seen: string[] = []
  const watcher = await ChangeWatcher.start({
    changes: store.changes,
    clock,
    everyMs: 3_600_000,
    onChanges: async (subjects) => void seen.push(...subjects),
    onError: () => {},
  })
  onTestFinished(() => watcher.stop())
  await store.changes.insert('key:a', NOON)
  watcher.ring()
  // Rung while it looks: what was added meanwhile is found as well.
  await store.changes.insert('key:b', NOON)
  watcher.ring()
  await until('both are seen', () => (seen.length >= 2 ? true : undefined))
  expect(seen).toEqual(['key:a', 'key:b'])
})

test('when nothing can be asked for five minutes, whatever is remembered is told to be stale', async () => {
  const clock = new ManualClock(NOON)
  const seen: string[] = []
  let errors = 0
  const watcher = await ChangeWatcher.start({
    changes: {
      latestSequence: async () => 0,
      insert: async () => {},
      after: () => Promise.reject(new Error('away')),
    },
    clock,
    everyMs: 5,
    onChanges: async (subjects) => void seen.push(...subjects),
    onError: () => {
      errors += 1
    },
  })
  onTestFinished(() => watcher.stop())
  clock.advance(BLIND_MS_MAX)
  await until('it looked some times', () => (errors >= 5 ? true : undefined))
  expect(seen).toEqual([])
  clock.advance(1)
  await until('it gave up', () => seen[0])
  expect(seen[0]).toBe('*')
})

/** What one more watcher sees from now on. */
async function watchingFrom(store: Awaited<ReturnType<typeof watching>>['store']): Promise<string[]> {
  const seen: string[] = []
  const watcher = await ChangeWatcher.start({
    changes: store.changes,
    clock: new ManualClock(NOON),
    everyMs: 5,
    onChanges: async (subjects) => void seen.push(...subjects),
    onError: () => {},
  })
  onTestFinished(() => watcher.stop())
  return seen
}
