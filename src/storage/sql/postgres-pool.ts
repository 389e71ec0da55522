import pg from 'pg'
import { assert } from '../../lib/assert.ts'

/**
 * A bounded pool of connections to Postgres, each with the bounds that every statement of gatez goes by.
 *
 * Whole numbers of 64 bits come back as numbers (all of ours are below 2^53), decimals as they were
 * written. A connection that breaks while nobody uses it is left to the pool: the next one asks anew.
 */
export function openPostgresPool(url: string, { connectionsMax, name }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: `gatez ${name}`,
    max: connectionsMax,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    idleTimeoutMillis: IDLE_MS_MAX,
    keepAlive: true,
    // A command that is done ends, whatever connections are still idle.
    allowExitOnIdle: true,
    statement_timeout: STATEMENT_MS_MAX,
    lock_timeout: LOCK_MS_MAX,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS_MAX,
    // What the server cannot say any more, because the network swallows it.
    query_timeout: ANSWER_MS_MAX,
    types: { getTypeParser: typeParser },
  })
  pool.on('error', () => {})
  // While a connection is in use the pool does not listen, and what nobody listens to ends the process.
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

export interface PoolOptions {
  readonly connectionsMax: number
  /** What the connections are for: operators see it in `pg_stat_activity`. */
  readonly name: string
}

/** How long a writer waits for another before it gives up with `store-unavailable`. */
export const LOCK_MS_MAX = 5_000

/** How long one statement may run: pages of reports are read one by one, and none takes seconds. */
export const STATEMENT_MS_MAX = 30_000

const ANSWER_MS_MAX = STATEMENT_MS_MAX + 5_000
const CONNECT_MS_MAX = 5_000
const IDLE_MS_MAX = 30_000
const IDLE_IN_TRANSACTION_MS_MAX = 60_000

const INT8 = 20

function typeParser(oid: number, format?: 'text' | 'binary') {
  return oid === INT8 ? readInt8 : pg.types.getTypeParser(oid, format)
}

function readInt8(text: string): number {
  const value = Number(text)
  assert(Number.isSafeInteger(value), 'what gatez counts stays below 2^53')
  return value
}
