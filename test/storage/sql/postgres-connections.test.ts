import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { ChangeWatcher } from '../../../src/access/watch-changes.ts'
import { ManualClock, systemClock } from '../../../src/lib/clock.ts'
import { openSqlControlStore } from '../../../src/storage/sql/control-store.ts'
import { postgresEngine } from '../../../src/storage/sql/postgres-engine.ts'
import type { PoolOptions } from '../../../src/storage/sql/postgres-pool.ts'
import { NOON, tenant } from '../../support/control-store.ts'
import { query, startPostgres } from '../../support/services/postgres.ts'
import { until } from '../../support/until.ts'

const postgres = await startPostgres()

async function opened(options: Partial<PoolOptions> = {}) {
  const url = await postgres.database()
  const engine = postgresEngine(url, { connectionsMax: 4, name: 'test', ...options })
  const store = await openSqlControlStore(engine, new ManualClock(NOON))
  onTestFinished(() => store[Symbol.asyncDispose]())
  return { url, store }
}

const OURS = `select count(*)::int as connections from pg_stat_activity
  where datname = current_database() and application_name = 'gatez test'`
const CUT_LISTENERS = `select count(pg_terminate_backend(pid))::int as cut from pg_stat_activity
  where datname = current_database() and application_name = 'gatez changes'`

test('however many ask at once, no more connections are opened than were said, and all get their answer', async () => {
  const { url, store } = await opened({ connectionsMax: 3 })
  await store.tenants.insert(tenant({ id: 'acme' }))
  const asked = Array.from({ length: 300 }, () => store.tenants.find('acme'))
  const [open] = await query(url, OURS)
  expect(open?.connections).toBeLessThanOrEqual(3)
  expect((await Promise.all(asked)).every((found) => found?.id === 'acme')).toBe(true)
  expect(await query(url, OURS)).toEqual([{ connections: 3 }])
})

test('a statement that takes too long is given up with a problem, and the store goes on', async () => {
  const { url, store } = await opened({ answerMsMax: 300 })
  await store.tenants.insert(tenant({ id: 'acme' }))
  const holder = new pg.Client({ connectionString: url })
  await holder.connect()
  await holder.query('begin; lock table tenants in access exclusive mode')
  await expect(store.tenants.find('acme')).rejects.toMatchObject({
    code: 'store-unavailable',
    message: expect.stringMatching(/took too long over a statement/),
  })
  await holder.query('commit')
  await holder.end()
  expect(await store.tenants.find('acme')).toMatchObject({ id: 'acme' })
})

test('a change is told of when it is announced, long before anyone looks', async () => {
  const { store } = await opened()
  const { seen, watcher } = await watching(store, 3_600_000)
  let rings = 0
  const bell = store.doorbell?.onChange(() => {
    rings += 1
    watcher.ring()
  })
  onTestFinished(() => bell?.[Symbol.dispose]())
  await until('it listens', () => (rings > 0 ? true : undefined))
  await store.changes.insert('key:a', NOON)
  await until('the change is known', () => (seen.includes('key:a') ? true : undefined))
})

test('a change whose announcement is lost is found by looking, and the listener comes back by itself', async () => {
  const { url, store } = await opened()
  const { seen, watcher } = await watching(store, 20)
  let rings = 0
  const bell = store.doorbell?.onChange(() => {
    rings += 1
    watcher.ring()
  })
  onTestFinished(() => bell?.[Symbol.dispose]())
  await until('it listens', () => (rings > 0 ? true : undefined))
  const before = rings
  expect(await query(url, CUT_LISTENERS)).toEqual([{ cut: 1 }])
  await store.changes.insert('key:lost', NOON)
  await until('the change is known', () => (seen.includes('key:lost') ? true : undefined))
  await until('it listens again', () => (rings > before ? true : undefined))
})

async function watching(store: Awaited<ReturnType<typeof opened>>['store'], everyMs: number) {
  const seen: string[] = []
  const watcher = await ChangeWatcher.start({
    ...{ changes: store.changes, clock: systemClock, everyMs },
    onChanges: async (subjects) => {
      seen.push(...subjects)
    },
    onError: () => {},
  })
  onTestFinished(() => watcher.stop())
  return { seen, watcher }
}
