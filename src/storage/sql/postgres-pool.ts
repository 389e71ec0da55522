import pg from 'pg'
import { assert } from '../../lib/assert.ts'

/**
 * A bounded pool of connections to Postgres, each with the bounds that every statement of gatez goes by.
 *
 * Whole numbers of 64 bits come back as numbers (all of ours are below 2^53), decimals as they were
 * written. A connection that breaks while nobody uses it is left to the pool: the next one asks anew.
 */
export function openPostgresPool(url: string, options: PoolOptions): pg.Pool {
  const { connectionsMax, name, answerMsMax = STATEMENT_MS_MAX } = options
  const { idleInTransactionMsMax = IDLE_IN_TRANSACTION_MS_MAX } = options
  const pool = new pg.Pool({
    connectionString: url,
    application_name: `gatez ${name}`,
    max: connectionsMax,
    connectionTimeoutMillis: Math.min(CONNECT_MS_MAX, answerMsMax),
    idleTimeoutMillis: IDLE_MS_MAX,
    keepAlive: true,
    // A command that is done ends, whatever connections are still idle.
    allowExitOnIdle: true,
    statement_timeout: answerMsMax,
    lock_timeout: LOCK_MS_MAX,
    idle_in_transaction_session_timeout: idleInTransactionMsMax,
    // What the server cannot say any more, because the network swallows it.
    query_timeout: answerMsMax + ANSWER_MS_MORE,
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
  /** How long a statement may take; 30 seconds if not given. */
  readonly answerMsMax?: number
  /** How long a transaction may wait for us; a minute if not given. */
  readonly idleInTransactionMsMax?: number
}

/** How long a writer waits for another before it gives up with `store-unavailable`. */
export const LOCK_MS_MAX = 5_000

/** How long one statement may run: pages of reports are read one by one, and none takes seconds. */
const STATEMENT_MS_MAX = 30_000

/** The server gives up first, and says so. */
const ANSWER_MS_MORE = 2_000
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
