import { Readable } from 'node:stream'
import { ClickHouseLogLevel, type ClickHouseSettings, createClient } from '@clickhouse/client'
import { clickHouseProblem } from './problem.ts'

/** Where a database is, and who asks it. */
export interface ClickHousePlace {
  /** Scheme, host and port, as `https://ch.example.com:8443`. */
  readonly origin: string
  readonly user: string
  readonly password: string
  readonly database: string
  /** Named when tables are made on every server of a cluster, replicated; null for a server of its own. */
  readonly cluster: string | null
}

/** Parameters of a statement, by the name they have in it: `{name:Type}`. */
export type Parameters = Readonly<Record<string, string | number | readonly string[]>>

/**
 * A database in ClickHouse: statements with parameters, rows in and out.
 *
 * Nothing is sent before the first call. Each call ends within its time; what the server, the way there or its
 * rights are to blame for is thrown as `store-unavailable`, the rest as the client throws it.
 */
export class ClickHouseConnection implements AsyncDisposable {
  readonly place: ClickHousePlace
  readonly #client: ReturnType<typeof createClient>

  constructor(place: ClickHousePlace) {
    this.place = place
    const isNear = /\/\/(?:127\.|localhost|\[::1\])/.test(place.origin)
    this.#client = createClient({
      url: place.origin,
      username: place.user,
      password: place.password,
      database: place.database,
      application: 'gatez',
      request_timeout: TIMEOUT_MS,
      max_open_connections: CONNECTIONS_MAX,
      // Rows shrink to a sixth; on the same machine that is work for nothing.
      compression: { request: !isNear, response: !isNear },
      keep_alive: { eagerly_destroy_stale_sockets: true },
      log: { level: ClickHouseLogLevel.OFF },
    })
  }

  /** All rows of a query that gives few: its columns in order. */
  async rows<Row>(query: string, parameters: Parameters = {}): Promise<readonly Row[]> {
    return this.#guard(async () => {
      const result = await this.#client.query({
        query,
        query_params: { ...parameters },
        format: 'JSONCompactEachRow',
        clickhouse_settings: READING,
      })
      // Whatever else answers 200 there would be taken for no rows.
      if (!Object.keys(result.response_headers).some((name) => name.startsWith('x-clickhouse-')))
        throw new Error('no answer of ClickHouse')
      return result.json<Row>()
    })
  }

  /** The first row of a query that always gives one. */
  async row<Row>(query: string, parameters: Parameters = {}): Promise<Row> {
    const [row] = await this.rows<Row>(query, parameters)
    if (row === undefined) throw new Error('the query gives no row')
    return row
  }

  /**
   * Writes rows, each a line of JSON with the values of the columns; durable when it resolves.
   *
   * All or none, as long as they are of one partition. With a token a repetition counts once.
   */
  async insert(table: string, columns: Columns, lines: readonly string[], token?: string): Promise<void> {
    if (lines.length === 0) return
    const quorum = this.place.cluster === null ? {} : { insert_quorum: 'auto' }
    await this.#guard(async () => {
      // Not the client's `insert`: that wants to write the lines itself.
      const { stream } = await this.#client.exec({
        query: `INSERT INTO ${table} (${columns.join(', ')}) FORMAT JSONCompactEachRow`,
        values: Readable.from([Buffer.from(lines.join('\n'))], { objectMode: false }),
        clickhouse_settings: {
          ...WRITING,
          ...quorum,
          ...(token === undefined ? {} : { insert_deduplication_token: token }),
        },
      })
      for await (const _ of stream);
    })
  }

  /** Runs a statement that gives nothing back. */
  async command(query: string, parameters: Parameters = {}): Promise<void> {
    await this.#guard(() =>
      this.#client.command({ query, query_params: { ...parameters }, clickhouse_settings: CHANGING }),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close()
  }

  async #guard<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      throw clickHouseProblem(error, this.place)
    }
  }
}

/** Names of columns; a table has at least one. */
export type Columns = readonly [string, ...string[]]

const TIMEOUT_MS = 60_000
const CONNECTIONS_MAX = 8

/** The answer waits for its end, so that a query that fails half way does not look like one that gave less. */
const READING: ClickHouseSettings = {
  output_format_json_quote_64bit_integers: 0,
  wait_end_of_query: 1,
  max_execution_time: TIMEOUT_MS / 1_000,
  do_not_merge_across_partitions_select_final: 1,
}

// Acknowledged is written: not gathered in the server's memory first, where a token would mean nothing.
const WRITING: ClickHouseSettings = {
  async_insert: 0,
  insert_deduplicate: 1,
  input_format_null_as_default: 0,
  date_time_input_format: 'best_effort',
  max_partitions_per_insert_block: '0',
  max_execution_time: TIMEOUT_MS / 1_000,
}

/** A deletion is done when it is answered. */
const CHANGING: ClickHouseSettings = {
  mutations_sync: '2',
  lightweight_deletes_sync: '2',
  alter_sync: '2',
  wait_end_of_query: 1,
}
