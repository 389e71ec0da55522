import { type Kysely, sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { NameTable } from '../../../src/storage/sql/name-table.ts'
import type { ControlSchema } from '../../../src/storage/sql/schema.ts'
import { openSqliteFile } from '../../../src/storage/sql/sqlite-file.ts'
import { sqliteKysely } from '../../support/sqlite-kysely.ts'

interface Name {
  readonly key: string
}

type Numbered = Name & { readonly no: number }

async function opened(capacity: number) {
  const db = sqliteKysely(openSqliteFile(':memory:'))
  onTestFinished(() => db.destroy())
  await sql`create table names (no integer primary key, key text not null unique)`.execute(db)
  const asked: string[][] = []
  const table = new NameTable<Name, Numbered>({
    capacity,
    field: ({ key }) => key,
    same: (left, right) => left.key === right.key,
    text: ({ key }) => key,
    number: async (connection, names) => {
      asked.push(names.map(({ key }) => key))
      return await numberNames(connection, names)
    },
  })
  return { db, table, asked }
}

async function numberNames(db: Kysely<ControlSchema>, names: readonly Name[]): Promise<Numbered[]> {
  const numbered: Numbered[] = []
  for (const { key } of names) {
    await sql`insert into names (key) values (${key}) on conflict do nothing`.execute(db)
    const { rows } = await sql<Numbered>`select no, key from names where key = ${key}`.execute(db)
    numbered.push(...rows)
  }
  return numbered
}

const names = (...keys: readonly string[]) => keys.map((key) => ({ key }))

test('asks the store once for each name, in one order, and answers in the order it was asked', async () => {
  const { db, table, asked } = await opened(100)
  const first = await table.numbered(db, names('c', 'a', 'b', 'a'))
  expect(first.map(({ key }) => key)).toEqual(['c', 'a', 'b', 'a'])
  expect(await table.numbered(db, names('b', 'd'))).toMatchObject(names('b', 'd'))
  expect(asked.flat()).toEqual(['a', 'b', 'c', 'd'])
})

test('numbers more names than it can remember', async () => {
  const { db, table } = await opened(2)
  const keys = Array.from({ length: 300 }, (_, index) => `key-${index % 70}`)
  for (let time = 0; time < 2; time += 1) {
    const numbered = await table.numbered(db, names(...keys))
    expect(numbered.map(({ key }) => key)).toEqual(keys)
    expect(new Set(numbered.map(({ no }) => no)).size).toBe(70)
  }
})

test('remembers what a transaction numbered only when that is kept', async () => {
  const { db, table, asked } = await opened(100)
  await table.numbered(db, names('known'))
  const lost = table.inTransaction()
  await lost.numbered(db, names('known', 'a'))
  await table.numbered(db, names('a'))
  const kept = table.inTransaction()
  await kept.numbered(db, names('b'))
  kept.keep()
  await table.numbered(db, names('b'))
  expect(asked).toEqual([['known'], ['a'], ['a'], ['b']])
})
