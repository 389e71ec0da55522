import type { Clock } from '../../lib/clock.ts'
import { BUCKET_MS } from '../ports/ledger.ts'
import type { ClickHouseConnection } from './connection.ts'
import { TTL_DAYS_MAX } from './usage-log-schema.ts'

/** What of the usage log is gone: what gatez forgot, and what the server dropped by the age of its months. */
export class UsageLogRetention {
  readonly #connection: ClickHouseConnection
  readonly #clock: Clock
  readonly #days: number | null

  /** Without `days` the server drops nothing by itself. */
  constructor(connection: ClickHouseConnection, clock: Clock, days: number | null) {
    this.#connection = connection
    this.#clock = clock
    this.#days = days
  }

  /** Returns how many it forgot; fewer than `limit` when nothing that old is left. */
  async forgetBefore(cutMs: number, limit: number): Promise<number> {
    const [events] = await this.#connection.row<[number]>(COUNT_OLD, { cutMs, limit })
    if (events === 0) return 0
    // Before anything goes: from then on nobody may take what is missing for lost.
    await this.#connection.insert('usage_facts', ['name', 'value'], [JSON.stringify(['forgotten', cutMs])])
    const [last] = await this.#connection.rows<[string, number]>(LAST_OLD, { cutMs, last: events - 1 })
    if (last === undefined) return 0
    const [lastId, lastMs] = last
    await this.#connection.command(FORGET, { lastId, lastMs })
    await this.#connection.command(FORGET_SHIPMENTS, { cutMs })
    return events
  }

  async keptSinceMs(): Promise<number> {
    const facts = await this.#connection.rows<[string, number, number]>(FACTS)
    const forgotten = facts.find(([name]) => name === 'forgotten')?.[2] ?? 0
    const oldestMs = facts.find(([name]) => name === 'oldest')?.[1] ?? Number.POSITIVE_INFINITY
    if (this.#days === null || this.#days > TTL_DAYS_MAX) return forgotten
    const cutMs = Math.ceil((this.#clock.nowMs() - this.#days * DAY_MS) / BUCKET_MS) * BUCKET_MS
    return oldestMs < cutMs ? Math.max(forgotten, cutMs) : forgotten
  }
}

const DAY_MS = 86_400_000
const OLD = "timestamp < fromUnixTimestamp64Milli({cutMs:Int64}, 'UTC')"

const COUNT_OLD = `
  SELECT count() FROM (SELECT 1 FROM usage_events FINAL WHERE ${OLD} LIMIT {limit:UInt64})`

const LAST_OLD = `
  SELECT id, toUnixTimestamp64Milli(timestamp) FROM usage_events FINAL WHERE ${OLD}
  ORDER BY timestamp, id LIMIT 1 OFFSET {last:UInt64}`

const FORGET = `
  DELETE FROM usage_events
  WHERE timestamp < fromUnixTimestamp64Milli({lastMs:Int64}, 'UTC')
    OR timestamp = fromUnixTimestamp64Milli({lastMs:Int64}, 'UTC') AND id <= {lastId:String}`

const FORGET_SHIPMENTS = 'DELETE FROM usage_shipments WHERE shipped < {cutMs:Int64}'

const FACTS = 'SELECT name, min(value), max(value) FROM usage_facts GROUP BY name'
