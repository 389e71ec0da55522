import type { Dialect, RawBuilder } from 'kysely'
import type { Doorbell } from '../ports/control-store.ts'

/**
 * What differs between the SQL engines we run on. All else in this folder is written once.
 *
 * A second engine is a second value of this type, and passes the same contract suites.
 */
export interface SqlEngine {
  readonly name: 'sqlite' | 'postgres'
  /** What an operator knows the store by: a path, or an address without its password. */
  readonly place: string
  /** Kysely's driver; begins every transaction as a writer and turns its errors into `GatezError`. */
  readonly dialect: Dialect
  readonly ddl: SqlDdl
  /** Whether a row must be locked by hand; false where a writing transaction excludes all others. */
  readonly locksRows: boolean
  /**
   * What a transaction begins with that must write alone; undefined where every writing transaction does.
   *
   * It holds back the same of all nodes until the transaction ends.
   */
  readonly writerLock: RawBuilder<unknown> | undefined
  /** The same for a migration, which may take longer and be waited for longer. */
  readonly migrationLock: RawBuilder<unknown> | undefined
  /** Statements that follow every migration, in its transaction; each may be run any number of times. */
  readonly afterMigrations: readonly string[]
  /** What narrows a transaction to the rows of one tenant; undefined where nothing can. */
  readonly tenantScope: ((tenantId: string) => RawBuilder<unknown>) | undefined
  /** A query with one row if this user may migrate, with none if not; undefined where whoever opens it may. */
  readonly migrationRight: RawBuilder<unknown> | undefined
  /** A query with one row if the table exists, with none if not. */
  findTable(name: string): RawBuilder<unknown>
  readonly doorbell: Doorbell | undefined
  close(): Promise<void>
}

/** How the engine spells what the migrations need. */
export interface SqlDdl {
  /** A primary key that the engine counts up itself, never reusing a number. */
  readonly identity: string
  /** A whole number of 64 bits. */
  readonly bigint: string
  /** A decimal of any length, kept exactly. */
  readonly decimal: string
  /** Ends a `create table` whose rows are best kept in the order of its primary key. */
  readonly clustered: string
  /** Statements after which rows of `table` can be added and read, never changed or removed. */
  appendOnly(table: string): readonly string[]
}
