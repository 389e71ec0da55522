import type Database from 'better-sqlite3'
import { Kysely } from 'kysely'
import type { ControlSchema } from '../../src/storage/sql/schema.ts'
import { sqliteDialect } from '../../src/storage/sql/sqlite-driver.ts'

/** Kysely over a database, as the control store has it, without its tables. */
export function sqliteKysely(database: Database.Database): Kysely<ControlSchema> {
  return new Kysely<ControlSchema>({ dialect: sqliteDialect(database) })
}
