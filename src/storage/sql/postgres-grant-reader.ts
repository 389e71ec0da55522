import { Kysely } from 'kysely'
import type { Clock } from '../../lib/clock.ts'
import type { Grant } from '../../model/grant.ts'
import type { Token } from '../../model/token.ts'
import type { GrantReader } from '../ports/grant-reader.ts'
import { SqlKeyStore } from './keys.ts'
import { postgresDialect } from './postgres-driver.ts'
import { placeOf } from './postgres-place.ts'
import { openPostgresPool } from './postgres-pool.ts'
import type { ControlSchema } from './schema.ts'
import { SqlTokenStore } from './tokens.ts'

/** Reads grants and tokens from a control store in Postgres. Never writes. */
export class PostgresGrantReader implements GrantReader {
  readonly #db: Kysely<ControlSchema>
  readonly #keys: SqlKeyStore
  readonly #tokens: SqlTokenStore

  constructor(url: string, clock: Clock) {
    const pool = openPostgresPool(url, {
      connectionsMax: CONNECTIONS_MAX,
      name: 'gateway',
      // A call waits for it: better told to come again than kept waiting.
      answerMsMax: ANSWER_MS_MAX,
    })
    this.#db = new Kysely<ControlSchema>({ dialect: postgresDialect(pool, placeOf(url)) })
    this.#keys = new SqlKeyStore(this.#db, clock)
    this.#tokens = new SqlTokenStore(this.#db)
  }

  grantByHash(hash: string): Promise<Grant | undefined> {
    return this.#keys.grantByHash(hash)
  }

  tokenByHash(hash: string): Promise<Token | undefined> {
    return this.#tokens.findByHash(hash)
  }

  close(): void {
    // What is still asked for gets its answer; nobody waits for it.
    this.#db.destroy().catch(() => {})
  }
}

/** Of one gateway thread: reads of one row each, so two do thousands a second. */
const CONNECTIONS_MAX = 2
const ANSWER_MS_MAX = 2_000
