import type Database from 'better-sqlite3'
import { sql } from 'kysely'
import type { SqlDdl, SqlEngine } from './engine.ts'
import { sqliteDialect } from './sqlite-driver.ts'

/** SQLite: one file, one writer at a time, any number of readers. */
export function sqliteEngine(database: Database.Database): SqlEngine {
  database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
  return {
    name: 'sqlite',
    place: database.name,
    dialect: sqliteDialect(database),
    ddl: SQLITE_DDL,
    locksRows: false,
    writerLock: undefined,
    migrationLock: undefined,
    afterMigrations: [],
    tenantScope: undefined,
    migrationRight: undefined,
    doorbell: undefined,
    findTable: (name) => sql`select name from sqlite_master where type = 'table' and name = ${name}`,
    close: async () => {
      database.close()
    },
  }
}

/** 16 MiB: a page that many batches of usage touch is written back once. */
const CHECKPOINT_PAGES = 4_000

const SQLITE_DDL: SqlDdl = {
  identity: 'integer primary key autoincrement',
  bigint: 'integer',
  decimal: 'text',
  clustered: 'without rowid',
  appendOnly: (table) =>
    ['update', 'delete'].map(
      (verb) =>
        `create trigger ${table}_no_${verb} before ${verb} on ${table}
         begin select raise(abort, 'rows of ${table} are never changed or removed'); end`,
    ),
}
