import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ManualClock } from '../../../src/lib/clock.ts'
import { usageReport } from '../../../src/metering/usage-report.ts'
import { openControlStore } from '../../../src/storage/open.ts'
import type { ControlStore } from '../../../src/storage/ports/control-store.ts'
import { checkServer } from '../../../src/upkeep/check-server.ts'
import { migrateStore, storeSchema } from '../../../src/upkeep/store-schema.ts'
import { key, NOON, PLANS, putPlans, storesIn, subscription, tenant } from '../../support/control-store.ts'
import { MARCH, rollup } from '../../support/rollups.ts'
import { query, startPostgres } from '../../support/services/postgres.ts'
import { tempDir } from '../../support/temp-dir.ts'

const postgres = await startPostgres()
const ROLES = readFileSync(join(import.meta.dirname, '../../../templates/servers/postgres-roles.sql'), 'utf8')
const clock = new ManualClock(NOON)

function as(url: string, user: string): string {
  const other = new URL(url)
  other.username = user
  return other.href
}

function configOf(url: string) {
  const files = storesIn(tempDir())
  return { stores: { ...files.stores, control: { driver: 'postgres', url } as const } }
}

/** A database with the roles of the docs, its schema made by the owner, opened as the user who serves. */
async function opened() {
  const url = await postgres.database()
  await query(url, ROLES)
  await migrateStore(configOf(as(url, 'gatez_owner')), clock)
  await query(url, ROLES)
  const store = await openControlStore(configOf(as(url, 'gatez_app')), clock)
  onTestFinished(() => store[Symbol.asyncDispose]())
  return { url, store, app: as(url, 'gatez_app'), reader: as(url, 'gatez_reader') }
}

async function fill(store: ControlStore) {
  await putPlans(store)
  for (const id of ['acme', 'bolt']) {
    await store.tenants.insert(tenant({ id }))
    await store.keys.insert(key({ id: `key_${id}`, tenantId: id, hash: `hash-${id}` }))
    await store.subscriptions.insert(subscription({ id: `sub_${id}`, tenantId: id }))
  }
  const advance = { nodeId: 'n', epoch: 1, afterSeq: 0, throughSeq: 2 }
  const entries = ['acme', 'bolt'].map((tenantId) => rollup({ tenantId, quantities: { tokens: '1.5' } }))
  await store.transaction(({ ledger }) => ledger.apply(entries, advance))
}

describe('the roles of the docs', () => {
  test('the one that serves does all that gatez does, and cannot unmake what was counted', async () => {
    const { store, app } = await opened()
    await fill(store)
    await store.changes.insert('plans', NOON)
    await store.audit.insert({ atMs: NOON, actor: 'a', action: 'b', subject: 'c', detail: {} })
    expect(await store.nodes.startEpoch('n', NOON)).toBe(1)
    expect(await store.plans.current()).toHaveLength(PLANS.length)
    for (const statement of [
      'delete from rollups',
      'truncate rollups',
      'update rollups set tenant_no = 2',
      'delete from rollup_quantities',
      'delete from watermarks',
      'delete from usage_seals',
      "update audit set actor = 'eve'",
      'delete from audit',
      'delete from ingested_events',
      'delete from invoices',
      'delete from invoice_entries',
      'delete from number_series',
      'drop table rollups',
      'alter table rollups disable trigger all',
      'create table mine (id text)',
    ]) {
      await expect(query(app, statement), statement).rejects.toThrow(/denied|must be owner/)
    }
    await expect(query(app, 'update rollups set requests = 0')).rejects.toThrow(/never lowered/)
    await expect(query(app, 'update watermarks set seq = 1')).rejects.toThrow(/never removed or lowered/)
  })

  test('even the owner removes nothing of the ledger, nor of the audit', async () => {
    const { store, url } = await opened()
    await fill(store)
    await store.audit.insert({ atMs: NOON, actor: 'a', action: 'b', subject: 'c', detail: {} })
    const owner = as(url, 'gatez_owner')
    await expect(query(owner, 'delete from rollups')).rejects.toThrow(/never removed/)
    await expect(query(owner, 'truncate rollup_quantities')).rejects.toThrow(/never removed/)
    await expect(query(owner, "update audit set actor = 'eve'")).rejects.toThrow(/never changed/)
    await expect(query(owner, 'truncate audit')).rejects.toThrow(/never changed/)
  })

  test('what is read for one tenant holds nothing of another, whatever is asked for', async () => {
    const { store } = await opened()
    await fill(store)
    const span = { startMs: MARCH, endMs: MARCH + 86_400_000 }
    await store.forTenant('acme', async (tables) => {
      expect((await tables.tenants.list()).map(({ id }) => id)).toEqual(['acme'])
      expect((await tables.keys.list({})).map(({ id }) => id)).toEqual(['key_acme'])
      expect(await tables.keys.find('key_bolt')).toBeUndefined()
      expect(await tables.keys.grantByHash('hash-bolt')).toBeUndefined()
      expect(await tables.subscriptions.list('bolt')).toEqual([])
      const report = await usageReport(tables, { span, timezone: 'UTC', by: ['tenant'], tenant: undefined })
      expect(report.rows.map(({ cells }) => cells[0])).toEqual(['acme'])
      expect(report.total).toMatchObject({ requests: 1, quantities: { tokens: '1.5' } })
      expect(await tables.audit.list({})).toEqual([])
      expect(await tables.tokens.list()).toEqual([])
    })
    await expect(
      store.forTenant('acme', (tables) => tables.tenants.setState('acme', 'deleted')),
    ).rejects.toThrow()
    expect((await store.tenants.list()).map(({ id }) => id)).toEqual(['acme', 'bolt'])
  })

  test('the reader sees nothing until it names a tenant, then that one', async () => {
    const { store, reader } = await opened()
    await fill(store)
    const count = 'select count(*)::int as tenants from tenants'
    expect(await query(reader, count)).toEqual([{ tenants: 0 }])
    expect(await query(reader, `set gatez.tenant = 'bolt'; ${count}`)).toEqual([{ tenants: 1 }])
    const sums = "set gatez.tenant = 'bolt'; select sum(requests)::int as requests from rollups"
    expect(await query(reader, sums)).toEqual([{ requests: 1 }])
    await expect(query(reader, 'select hash from keys')).rejects.toThrow(/denied/)
    await expect(query(reader, "insert into nodes values ('x', 1, 0)")).rejects.toThrow()
  })
})

describe('a schema that the user may not change', () => {
  test('is told of with the way out, by commands, db status and doctor, and made by db migrate', async () => {
    const url = await postgres.database()
    await query(url, ROLES)
    const app = configOf(as(url, 'gatez_app'))
    await expect(openControlStore(app, clock)).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringMatching(/has schema 0, this gatez needs \d+, .*gatez db migrate/),
    })
    const before = await storeSchema(app)
    expect(before).toMatchObject({
      driver: 'postgres',
      schema: 0,
      pending: expect.arrayContaining(['initial']),
    })
    expect(before.place).not.toContain('gatez_app')
    expect(await checkServer(app, clock)).toContainEqual(
      expect.objectContaining({ check: 'control rights', verdict: 'failure' }),
    )
    await migrateStore(configOf(as(url, 'gatez_owner')), clock)
    expect(await storeSchema(app)).toMatchObject({ schema: before.schema_known, pending: [] })
    // The tables are there, and the rights to them were given by default.
    const findings = await checkServer(app, clock)
    expect(findings?.filter(({ verdict }) => verdict === 'failure')).toEqual([])
    expect(findings?.map(({ check }) => check)).toEqual([
      'control store',
      'control latency',
      'control clock',
      'control rights',
      'control schema',
    ])
  })

  test('rights that are missing are named, and rights that came with a migration and go too far', async () => {
    const url = await postgres.database()
    await query(url, ROLES)
    await migrateStore(configOf(as(url, 'gatez_owner')), clock)
    const app = configOf(as(url, 'gatez_app'))
    const rights = async () =>
      (await checkServer(app, clock))?.find(({ check }) => check === 'control rights')
    expect(await rights()).toMatchObject({
      ...{ verdict: 'warning', fix: expect.stringMatching(/postgres-roles\.sql again/) },
      detail: expect.stringMatching(/gatez_app may remove rows of adjustments, audit, .*rollups/),
    })
    await query(url, ROLES)
    expect(await rights()).toMatchObject({ verdict: 'ok' })
    await query(url, 'revoke update on rollups from gatez_app; revoke insert on audit from gatez_app')
    await query(
      url,
      'revoke update (requests, refused, usage_units, bytes_received, bytes_sent, duration_ms) on rollups from gatez_app',
    )
    expect(await rights()).toMatchObject({
      verdict: 'failure',
      detail: 'gatez_app lacks INSERT on audit, UPDATE on rollups',
    })
  })

  test('a clock that is not ours and a superuser are warned of', async () => {
    const url = await postgres.database()
    const found = await checkServer(configOf(url), new ManualClock(NOON))
    expect(found).toContainEqual(expect.objectContaining({ check: 'control clock', verdict: 'warning' }))
    expect(found).toContainEqual(expect.objectContaining({ check: 'control rights', verdict: 'warning' }))
  })
})

test.each([
  { url: 'postgres://gatez@127.0.0.1:1/gatez', says: /nothing listens there/ },
  { url: 'postgres://gatez@no-such-host.invalid/gatez', says: /no such host|looked up/ },
])('a server that is not there is named without its password: $url', async ({ url, says }) => {
  const secret = new URL(url)
  secret.password = 'hunter2'
  const opening = openControlStore(configOf(secret.href), clock)
  await expect(opening).rejects.toMatchObject({
    code: 'store-unavailable',
    message: expect.stringMatching(says),
  })
  await opening.catch((error: Error) => expect(`${error.message}`).not.toContain('hunter2'))
})

test('a database that is not there says to create it, a user who is not there that it is unknown', async () => {
  const url = await postgres.database()
  const none = new URL(url)
  none.pathname = '/none'
  await expect(openControlStore(configOf(none.href), clock)).rejects.toThrow(/create the database first/)
  await expect(openControlStore(configOf(as(url, 'nobody')), clock)).rejects.toThrow(
    /does not let this user in/,
  )
})

test('texts stand in the order of their bytes in every table, whatever language the database speaks', async () => {
  const { url } = await opened()
  const texts = await query(
    url,
    `select table_name, column_name from information_schema.columns
     join information_schema.tables using (table_schema, table_name)
     where table_schema = 'public' and table_type = 'BASE TABLE' and data_type = 'text'
       and collation_name is distinct from 'C'`,
  )
  expect(texts).toEqual([])
  expect(await query(url, "select 'a' < 'B' as by_language")).toEqual([{ by_language: true }])
})
