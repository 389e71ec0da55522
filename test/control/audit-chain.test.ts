import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { startControl } from '../support/control.ts'

test.each([
  { what: 'changed', sql: "update audit set actor = 'nobody' where sequence = 3", at: 3 },
  { what: 'removed in the middle', sql: 'delete from audit where sequence = 3', at: 4 },
  { what: 'cut off at the end', sql: 'delete from audit where sequence >= 4', at: 4 },
  {
    what: 'swapped',
    sql: "update audit set detail = '{}', hash = (select hash from audit where sequence = 2) where sequence = 3",
    at: 3,
  },
])('an entry that was $what by hand is found', async ({ sql, at }) => {
  const control = await startControl()
  const { owner: token } = control
  for (const id of ['one', 'two', 'three'])
    await control.ask('POST', '/api/v1/tenants', { token, body: { id } })
  const check = () => control.ask('GET', '/api/v1/audit/check', { token })
  expect((await check()).json).toMatchObject({ whole: true, unchained: 0 })
  const database = new Database(join(control.config.stores.dataDir, 'gatez.db'))
  database.exec('drop trigger audit_no_update; drop trigger audit_no_delete')
  database.exec(sql)
  database.close()
  expect(await check()).toMatchObject({
    ...{
      status: 500,
      json: { code: 'audit-broken', detail: `Entry ${at} of the audit log is not what was written.` },
    },
  })
})

test('entries from before there was a chain stand before it', async () => {
  const control = await startControl()
  const { owner: token } = control
  const before = (await control.store.audit.records({})).length
  const database = new Database(join(control.config.stores.dataDir, 'gatez.db'))
  database.exec("drop trigger audit_no_update; update audit set hash = ''; update audit_head set hash = ''")
  database.close()
  await control.ask('POST', '/api/v1/tenants', { token, body: { id: 'one' } })
  expect((await control.ask('GET', '/api/v1/audit/check', { token })).json).toMatchObject({
    ...{ whole: true, unchained: before, entries: before + 1 },
  })
})
