import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { GatezError } from '../../../src/errors/gatez-error.ts'
import { ManualClock } from '../../../src/lib/clock.ts'
import { openControlStore, openGrantReader } from '../../../src/storage/open.ts'
import { openSqlControlStore } from '../../../src/storage/sql/control-store.ts'
import { sqliteEngine } from '../../../src/storage/sql/sqlite-engine.ts'
import { openSqliteFile } from '../../../src/storage/sql/sqlite-file.ts'
import { controlStoreContract } from '../../contract/control-store.ts'
import { NOON, openFor, storesIn, testStore } from '../../support/control-store.ts'
import { tempDir } from '../../support/temp-dir.ts'

controlStoreContract({
  name: 'sqlite',
  open: async (clock) => {
    const folder = tempDir()
    return { store: await openFor(folder, clock), openAgain: () => openFor(folder, clock) }
  },
})

test('the data folder and its files are for their owner only', async () => {
  const { store, folder } = await testStore()
  await store.changes.insert('plans', NOON)
  const dataDir = join(folder, '.gatez')
  expect(statSync(dataDir).mode & 0o777).toBe(0o700)
  const files = readdirSync(dataDir)
  expect(files).toContain('gatez.db-wal')
  for (const file of files) expect(statSync(join(dataDir, file)).mode & 0o777).toBe(0o600)
})

test('commits survive a power loss: WAL, fully synchronous, with foreign keys', () => {
  const database = openSqliteFile(join(tempDir(), 'a.db'))
  onTestFinished(() => void database.close())
  expect(database.pragma('journal_mode', { simple: true })).toBe('wal')
  expect(database.pragma('synchronous', { simple: true })).toBe(2)
  expect(database.pragma('foreign_keys', { simple: true })).toBe(1)
})

test('audit rows can be neither changed nor removed', async () => {
  const { store, folder } = await testStore()
  await store.audit.insert({ atMs: NOON, actor: 'cli:ann', action: 'a', subject: 's', detail: {} })
  const raw = rawDatabase(folder)
  expect(() => raw.exec("update audit set actor = 'cli:eve'")).toThrow(/never changed/)
  expect(() => raw.exec('delete from audit')).toThrow(/never changed/)
  expect(await store.audit.list({})).toMatchObject([{ actor: 'cli:ann' }])
})

test('many who open a new store at once all find the one schema', async () => {
  const folder = tempDir()
  const clock = new ManualClock(NOON)
  const stores = await Promise.all(Array.from({ length: 5 }, () => openFor(folder, clock)))
  for (const store of stores) expect(await store.tenants.list()).toEqual([])
  const rows = rawDatabase(folder)
    .prepare<[], { version: number; name: string }>('select version, name from schema_migrations')
    .all()
  expect(rows[0]).toEqual({ version: 1, name: 'initial' })
  const versions = rows.map(({ version }) => version)
  expect(versions).toEqual([...new Set(versions)].toSorted((one, other) => one - other))
})

test('a store that a newer gatez wrote is refused, and stays as it is', async () => {
  const { store, folder, clock } = await testStore()
  await store[Symbol.asyncDispose]()
  rawDatabase(folder).exec("insert into schema_migrations values (99, 'later', 0)")
  const problem = await problemOf(openControlStore(storesIn(folder), clock))
  expect(problem.code).toBe('store-unavailable')
  expect(problem.message).toMatch(/has schema 99, this gatez knows schemas up to \d+/)
})

test('a write waits for the writer before it, and gives up with a problem when that never ends', async () => {
  const { store, folder } = await testStore()
  const raw = rawDatabase(folder)
  raw.exec('begin immediate')
  const waiting = store.transaction((tables) => tables.changes.insert('plans', NOON))
  setImmediate(() => raw.exec('commit'))
  await waiting
  expect(await store.changes.latestSequence()).toBe(1)

  raw.exec('begin immediate')
  const problem = await problemOf(store.transaction((tables) => tables.changes.insert('plans', NOON)))
  raw.exec('rollback')
  expect(problem.code).toBe('store-unavailable')
  expect(problem.message).toMatch(/is in use/)
}, 30_000)

test('a full disk is a problem that says so, and the store goes on once there is room', async () => {
  const database = openSqliteFile(join(tempDir(), 'a.db'))
  const store = await openSqlControlStore(sqliteEngine(database), new ManualClock(NOON))
  onTestFinished(() => store[Symbol.asyncDispose]())
  const pages = Number(database.pragma('page_count', { simple: true }))
  database.pragma(`max_page_count = ${pages}`)

  const entry = { atMs: NOON, actor: 'a', action: 'b', subject: 'c', detail: { text: 'x'.repeat(100_000) } }
  const problem = await problemOf(store.transaction((tables) => tables.audit.insert(entry)))
  expect(problem.code).toBe('store-unavailable')
  expect(problem.message).toMatch(/disk is full/)

  database.pragma(`max_page_count = ${pages + 1_000}`)
  await store.transaction((tables) => tables.audit.insert(entry))
  expect(await store.audit.list({})).toHaveLength(1)
})

test.each([
  { place: '/sys/gatez/gatez.db', code: 'folder-not-writable', why: 'a folder nobody can write to' },
  { place: '/proc/gatez/gatez.db', code: 'folder-not-writable', why: 'a folder that cannot have another' },
  { place: '/dev/null/gatez/gatez.db', code: 'folder-not-writable', why: 'a file where a folder must be' },
])('a store in $why gives a problem with a way out', async ({ place, code }) => {
  const problem = await problemOf(openAt(place))
  expect(problem.code).toBe(code)
  expect(problem.message).toContain(place.split('/gatez')[0])
})

test('a file that is no store gives a problem and is left as it is', async () => {
  const path = join(tempDir(), 'notes.txt')
  const text = 'These are my notes. '.repeat(100)
  writeFileSync(path, text)
  const problem = await problemOf(openAt(path))
  expect(problem.code).toBe('store-unavailable')
  expect(problem.message).toMatch(/not an SQLite database/)
  expect(statSync(path).size).toBe(text.length)
})

test('a folder in place of the file gives a problem', async () => {
  const path = join(tempDir(), 'gatez.db')
  mkdirSync(path)
  expect(await problemOf(openAt(path))).toMatchObject({ code: 'folder-not-writable' })
})

test('a gateway thread reads what another connection has just committed, and cannot write', async () => {
  const { store, folder, clock } = await testStore()
  const reader = openGrantReader(storesIn(folder), clock)
  onTestFinished(() => reader.close())
  expect(reader.grantByHash('h')).toBeUndefined()

  await store.tenants.insert({
    id: 'acme',
    name: 'A',
    externalId: null,
    state: 'active',
    overrides: null,
    createdAtMs: NOON,
  })
  rawDatabase(folder).exec(
    "insert into keys (id, tenant_id, name, mode, state, hash, requested_by, created_at_ms) values ('key_1', 'acme', 'n', 'live', 'active', 'h', 'x', 0)",
  )
  expect(reader.grantByHash('h')).toEqual(await store.keys.grantByHash('h'))
  expect(reader.grantByHash('h')).toMatchObject({ keyId: 'key_1', tenantId: 'acme', planId: null })
})

test('a reader without a store to read says so', () => {
  expect(() => openGrantReader(storesIn(tempDir()), new ManualClock(NOON))).toThrow(GatezError)
})

function openAt(path: string) {
  const { stores } = storesIn('/')
  return openControlStore(
    { stores: { ...stores, control: { driver: 'sqlite', path } } },
    new ManualClock(NOON),
  )
}

function rawDatabase(folder: string): Database.Database {
  const database = new Database(storesIn(folder).stores.control.path)
  onTestFinished(() => void database.close())
  return database
}

async function problemOf(work: Promise<unknown>): Promise<GatezError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(thrown).toBeInstanceOf(GatezError)
  return thrown as GatezError
}
