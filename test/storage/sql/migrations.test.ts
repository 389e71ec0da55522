import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { ManualClock } from '../../../src/lib/clock.ts'
import { openControlStore } from '../../../src/storage/open.ts'
import { initial } from '../../../src/storage/sql/migrations/0001-initial.ts'
import { sqliteEngine } from '../../../src/storage/sql/sqlite-engine.ts'
import { NOON, storesIn } from '../../support/control-store.ts'
import { mark } from '../../support/marks.ts'
import { MARCH, rollup } from '../../support/rollups.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('a ledger of the first schema is read as it was, and goes on', async () => {
  const folder = tempDir()
  const { stores } = storesIn(folder)
  mkdirSync(join(folder, '.gatez'))
  fillFirstSchema(stores.control.path)
  const store = await openControlStore({ stores }, new ManualClock(NOON))
  onTestFinished(() => store[Symbol.asyncDispose]())
  const old = rollup({ quantities: { tokens: '0.1', images: '3' } })
  const read = () => Array.fromAsync(store.ledger.rollups({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }))
  expect(await read()).toEqual([old])

  const marks = [mark({ aggregation: 'max', quantity: '7' })]
  const advance = { nodeId: 'n', epoch: 1, afterSeq: 0, throughSeq: 1 }
  await store.transaction(({ ledger }) =>
    ledger.apply([rollup({ quantities: { tokens: '0.2' }, marks })], advance),
  )
  const [found] = await read()
  expect(found).toMatchObject({ requests: 2, quantities: { tokens: '0.3', images: '3' }, marks })
  // A new caller must not get the number of an old one.
  const next = { ...advance, afterSeq: 1, throughSeq: 2 }
  await store.transaction(({ ledger }) => ledger.apply([rollup({ keyId: 'new' })], next))
  expect(await read()).toHaveLength(2)
})

/** One rollup as the first gatez wrote it. */
function fillFirstSchema(path: string): void {
  const database = new Database(path)
  const { ddl } = sqliteEngine(database)
  for (const statement of initial.statements(ddl)) database.exec(statement)
  database.exec(`
    create table schema_migrations (version integer primary key, name text not null, applied_at_ms integer not null);
    insert into schema_migrations values (1, 'initial', 0);
    insert into rollup_tenants values (7, 'acme');
    insert into rollup_callers values (5, 7, 'key_1', 'pro', 1, 'sub_1');
    insert into rollup_kinds values (3, 'dataforge', 'search', 2, 1);
    insert into rollups values (${MARCH}, 7, 5, 3, 1, 0, 1, 10, 100, 7);
    insert into rollup_quantities values (${MARCH}, 7, 5, 3, 'tokens', '0.1'), (${MARCH}, 7, 5, 3, 'images', '3');
  `)
  database.close()
}
