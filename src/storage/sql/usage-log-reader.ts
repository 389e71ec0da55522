import type Database from 'better-sqlite3'
import type { UsageEvent } from '../../model/event.ts'
import type { Admission, UsageLogFilter } from '../ports/usage-log.ts'
import { EVENT_COLUMNS, type EventRow, eventOfRow } from './usage-log-schema.ts'

/**
 * Reads the usage log in pieces, each one short statement.
 *
 * No cursor stays open between pieces: the connection is free for a writer, and nothing keeps the
 * write-ahead log from being emptied.
 */
export class UsageLogReader {
  readonly #find: Database.Statement<[string], EventRow>
  readonly #page: Database.Statement<PageParameters, EventRow>
  readonly #tenantPage: Database.Statement<PageParameters, EventRow>
  readonly #timeAhead: Database.Statement<[number, number], number>
  readonly #admissions: Database.Statement<SliceParameters, Admission>

  constructor(database: Database.Database) {
    this.#find = database.prepare(`SELECT ${COLUMNS} FROM events AS e WHERE id = ?`)
    this.#page = database.prepare(PAGE)
    this.#tenantPage = database.prepare(TENANT_PAGE)
    this.#timeAhead = database.prepare<[number, number], number>(TIME_AHEAD).pluck()
    this.#admissions = database.prepare(ADMISSIONS)
  }

  find(id: string): UsageEvent | undefined {
    const row = this.#find.get(id)
    return row === undefined ? undefined : eventOfRow(row)
  }

  /** Up to `limit` events after `last`. With a tenant: as far as events_of_tenant is filled. */
  page(filter: UsageLogFilter, last: UsageEvent | undefined, limit: number): readonly UsageEvent[] {
    const parameters = {
      tenantId: filter.tenantId ?? '',
      fromMs: last?.timestampMs ?? filter.fromMs ?? 0,
      toMs: filter.toMs ?? Number.MAX_SAFE_INTEGER,
      lastId: last?.id ?? '',
      limit,
    }
    const statement = filter.tenantId === undefined ? this.#page : this.#tenantPage
    return statement.all(parameters).map(eventOfRow)
  }

  /** When the event `ahead` places after the first one since `fromMs` happened; undefined past the end. */
  timeAhead(fromMs: number, ahead: number): number | undefined {
    return this.#timeAhead.get(fromMs, ahead)
  }

  /** Admissions of [fromMs, toMs), by time step. */
  admissions(fromMs: number, toMs: number, stepMs: number): readonly Admission[] {
    return this.#admissions.all({ fromMs, toMs, stepMs })
  }
}

interface PageParameters {
  readonly tenantId: string
  /** Time of the last event seen, or where to begin. */
  readonly fromMs: number
  readonly toMs: number
  /** Id of the last event seen; empty at the beginning, where every id is larger. */
  readonly lastId: string
  readonly limit: number
}

interface SliceParameters {
  readonly fromMs: number
  readonly toMs: number
  readonly stepMs: number
}

const COLUMNS = EVENT_COLUMNS.map((column) => `e."${column}"`).join(', ')

const PAGE = `
  SELECT ${COLUMNS} FROM events AS e
  WHERE (e.timestamp, e.id) > (@fromMs, @lastId) AND e.timestamp < @toMs
  ORDER BY e.timestamp, e.id LIMIT @limit`

// CROSS JOIN makes SQLite begin with the index.
const TENANT_PAGE = `
  SELECT ${COLUMNS} FROM events_of_tenant AS t CROSS JOIN events AS e ON e.rowid = t.event
  WHERE t.tenant_id = @tenantId AND t.timestamp >= @fromMs AND t.timestamp < @toMs
    AND (t.timestamp > @fromMs OR e.id > @lastId)
  ORDER BY t.timestamp, e.id LIMIT @limit`

const TIME_AHEAD = 'SELECT timestamp FROM events WHERE timestamp >= ? ORDER BY timestamp LIMIT 1 OFFSET ?'

const ADMISSIONS = `
  SELECT cast(timestamp / cast(@stepMs AS INTEGER) * cast(@stepMs AS INTEGER) AS INTEGER) AS timestampMs,
    tenant_id AS tenantId, key_id AS keyId, route_id AS routeId,
    sum(count) AS requests, sum(usage_units) AS units
  FROM events
  WHERE timestamp >= @fromMs AND timestamp < @toMs AND outcome <> 'refused' AND tenant_id <> ''
  GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`
