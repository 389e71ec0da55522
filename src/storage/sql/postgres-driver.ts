import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from 'kysely'
import type pg from 'pg'
import { assert } from '../../lib/assert.ts'
import { isBroken, postgresProblem } from './postgres-problem.ts'

/**
 * Kysely over a pool of connections to Postgres.
 *
 * Errors come out as problems with a way out. A connection on which anything but a statement failed is
 * never used again: what it was told may still be under way there.
 */
export function postgresDialect(pool: pg.Pool, place: string): Dialect {
  return {
    createDriver: () => new PostgresPoolDriver(pool, place),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
  }
}

class PostgresPoolDriver implements Driver {
  readonly #pool: pg.Pool
  readonly #place: string

  constructor(pool: pg.Pool, place: string) {
    this.#pool = pool
    this.#place = place
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<PoolConnection> {
    try {
      return new PoolConnection(await this.#pool.connect(), this.#place)
    } catch (error) {
      throw postgresProblem(error, this.#place)
    }
  }

  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    const isolation = settings.isolationLevel ?? 'read committed'
    const begin = `begin isolation level ${isolation} ${settings.accessMode ?? 'read write'}`
    await connection.executeQuery(CompiledQuery.raw(begin))
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'))
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    assert(connection instanceof PoolConnection, 'connections are of this driver')
    // One that broke was rolled back by the server, and saying so would hide the reason.
    if (!connection.broken) await connection.executeQuery(CompiledQuery.raw('rollback'))
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    assert(connection instanceof PoolConnection, 'connections are of this driver')
    connection.release()
  }

  async destroy(): Promise<void> {
    await this.#pool.end()
  }
}

class PoolConnection implements DatabaseConnection {
  broken = false
  readonly #client: pg.PoolClient
  readonly #place: string

  constructor(client: pg.PoolClient, place: string) {
    this.#client = client
    this.#place = place
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    try {
      const { command, rowCount, rows } = await this.#client.query(sql, [...parameters])
      // A transaction in which a statement failed is not committed, whatever the answer looks like.
      assert(sql !== 'commit' || command === 'COMMIT', 'a transaction that failed is rolled back')
      return WRITES.has(command) ? { numAffectedRows: BigInt(rowCount ?? 0), rows } : { rows }
    } catch (error) {
      this.broken ||= isBroken(error)
      throw postgresProblem(error, this.#place)
    }
  }

  streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('nothing is streamed from Postgres: read pages')
  }

  release(): void {
    this.#client.release(this.broken)
  }
}

const WRITES = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE'])
