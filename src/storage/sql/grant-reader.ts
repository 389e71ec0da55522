import type Database from 'better-sqlite3'
import { Kysely } from 'kysely'
import type { Clock } from '../../lib/clock.ts'
import type { Grant } from '../../model/grant.ts'
import type { Token } from '../../model/token.ts'
import type { GrantReader } from '../ports/grant-reader.ts'
import type { TokenRow } from './intake-schema.ts'
import { compileGrantQuery, type GrantRow, toGrant } from './keys.ts'
import type { ControlSchema } from './schema.ts'
import { sqliteDialect } from './sqlite-driver.ts'
import { sqliteProblem } from './sqlite-problem.ts'
import { compileTokenQuery, toToken } from './tokens.ts'

/** Reads grants and tokens from an SQLite control store through prepared statements. Never writes. */
export class SqliteGrantReader implements GrantReader {
  readonly #database: Database.Database
  readonly #clock: Clock
  readonly #statement: Database.Statement<unknown[], GrantRow>
  readonly #tokenStatement: Database.Statement<[string], TokenRow>
  /** The order in which the statement wants the hash (true) and the time (false). */
  readonly #wantsHash: readonly boolean[]

  constructor(database: Database.Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
    const db = new Kysely<ControlSchema>({ dialect: sqliteDialect(database) })
    const query = compileGrantQuery(db, 'hash', 0)
    this.#wantsHash = query.parameters.map((parameter) => parameter === 'hash')
    try {
      this.#statement = database.prepare<unknown[], GrantRow>(query.sql)
      this.#tokenStatement = database.prepare<[string], TokenRow>(compileTokenQuery(db, '').sql)
    } catch (error) {
      throw sqliteProblem(error, database.name)
    }
  }

  grantByHash(hash: string): Grant | undefined {
    const nowMs = this.#clock.nowMs()
    try {
      const row = this.#statement.get(...this.#wantsHash.map((wanted) => (wanted ? hash : nowMs)))
      return row === undefined ? undefined : toGrant(row)
    } catch (error) {
      throw sqliteProblem(error, this.#database.name)
    }
  }

  tokenByHash(hash: string): Token | undefined {
    try {
      const row = this.#tokenStatement.get(hash)
      return row === undefined ? undefined : toToken(row)
    } catch (error) {
      throw sqliteProblem(error, this.#database.name)
    }
  }

  close(): void {
    this.#database.close()
  }
}
