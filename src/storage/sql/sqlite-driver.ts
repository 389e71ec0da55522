import { setTimeout as sleep } from 'node:timers/promises'
import type Database from 'better-sqlite3'
import {
  type Dialect,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type SqliteStatement,
} from 'kysely'
import { breathe } from '../../lib/breath.ts'
import { LruCache } from '../../lib/lru-cache.ts'
import { BUSY_TIMEOUT_MS } from './sqlite-file.ts'
import { sqliteProblem } from './sqlite-problem.ts'

/**
 * Kysely over one better-sqlite3 connection; what wants the connection queues up in Kysely.
 *
 * Transactions begin as writers and wait for each other without blocking the thread, statements are
 * prepared once, and errors of the driver come out as problems with a way out.
 */
export function sqliteDialect(database: Database.Database): Dialect {
  return {
    createDriver: () => new WriterFirstDriver(database),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  }
}

class WriterFirstDriver extends SqliteDriver {
  readonly #database: Database.Database

  constructor(database: Database.Database) {
    super({ database: new PreparingDatabase(database) })
    this.#database = database
  }

  override async beginTransaction(): Promise<void> {
    let waitedMs = 0
    // Only the waits are summed up, so a busy machine waits somewhat longer.
    while (!this.#tryBegin(waitedMs >= BUSY_TIMEOUT_MS)) {
      const waitMs = 1 + Math.floor(Math.random() * BEGIN_WAIT_MS_MAX)
      await sleep(waitMs)
      waitedMs += waitMs
    }
  }

  override async commitTransaction(): Promise<void> {
    guard(this.#database, () => this.#database.exec('commit'))
  }

  override async rollbackTransaction(): Promise<void> {
    // A full disk rolls back by itself; a second rollback would hide the reason.
    if (this.#database.inTransaction) guard(this.#database, () => this.#database.exec('rollback'))
  }

  /** False when another connection is writing and this was not the `last` try. */
  #tryBegin(last: boolean): boolean {
    this.#database.pragma('busy_timeout = 0')
    try {
      this.#database.exec('begin immediate')
      return true
    } catch (error) {
      if (!last && isBusy(error)) return false
      throw sqliteProblem(error, this.#database.name)
    } finally {
      this.#database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
    }
  }
}

/** What Kysely's driver needs of a database, with statements kept and errors translated. */
class PreparingDatabase implements SqliteDatabase {
  readonly #database: Database.Database
  readonly #statements = new LruCache<string, SqliteStatement>(STATEMENTS_MAX)

  constructor(database: Database.Database) {
    this.#database = database
  }

  prepare(sql: string): SqliteStatement {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = guard(this.#database, () => new GuardedStatement(this.#database, sql))
    this.#statements.set(sql, statement)
    return statement
  }

  close(): void {
    this.#database.close()
  }
}

class GuardedStatement implements SqliteStatement {
  readonly reader: boolean
  readonly #database: Database.Database
  readonly #statement: Database.Statement<unknown[]>

  constructor(database: Database.Database, sql: string) {
    this.#database = database
    this.#statement = database.prepare<unknown[]>(sql)
    this.reader = this.#statement.reader
  }

  all(parameters: readonly unknown[]): unknown[] {
    breathe()
    return guard(this.#database, () => this.#statement.all(...parameters))
  }

  run(parameters: readonly unknown[]): Database.RunResult {
    breathe()
    return guard(this.#database, () => this.#statement.run(...parameters))
  }

  *iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
    // A statement of its own: one that is being read cannot be run again.
    const statement = guard(this.#database, () => this.#database.prepare<unknown[]>(this.#statement.source))
    const rows = guard(this.#database, () => statement.iterate(...parameters))
    try {
      yield* rows
    } catch (error) {
      throw sqliteProblem(error, this.#database.name)
    }
  }
}

function guard<Result>(database: Database.Database, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw sqliteProblem(error, database.name)
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')
}

const BEGIN_WAIT_MS_MAX = 10
/** More than the queries the stores write; multi-row inserts of odd sizes come and go. */
const STATEMENTS_MAX = 200
