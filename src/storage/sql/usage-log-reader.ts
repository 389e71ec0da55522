import type Database from 'better-sqlite3'
import type { UsageEvent } from '../../model/event.ts'
import type { Admission, UsageLogFilter } from '../ports/usage-log.ts'
import { EVENT_COLUMNS, EVENT_JOINS, type EventRow, eventOfRow } from './usage-log-schema.ts'

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
    this.#find = database.prepare('SELECT * FROM events WHERE id = ?')
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

const PAGE = `
  SELECT * FROM events
  WHERE (timestamp, id) > (@fromMs, @lastId) AND timestamp < @toMs
  ORDER BY timestamp, id LIMIT @limit`

// CROSS JOIN makes SQLite begin with the index.
const TENANT_PAGE = `
  SELECT ${EVENT_COLUMNS}
  FROM events_of_tenant AS i CROSS JOIN event_rows AS e ON e.event_no = i.event_no ${EVENT_JOINS}
  WHERE i.tenant_no = (SELECT tenant_no FROM tenants WHERE tenant_id = @tenantId)
    AND i.timestamp >= @fromMs AND i.timestamp < @toMs
    AND (i.timestamp > @fromMs OR e.id > @lastId)
  ORDER BY i.timestamp, e.id LIMIT @limit`

const TIME_AHEAD = 'SELECT timestamp FROM event_rows WHERE timestamp >= ? ORDER BY timestamp LIMIT 1 OFFSET ?'

const ADMISSIONS = `
  SELECT cast(e.timestamp / cast(@stepMs AS INTEGER) * cast(@stepMs AS INTEGER) AS INTEGER) AS timestampMs,
    t.tenant_id AS tenantId, c.key_id AS keyId, k.route_id AS routeId,
    sum(e.count) AS requests, sum(e.usage_units) AS units
  FROM event_rows AS e
  CROSS JOIN callers AS c ON c.caller_no = e.caller_no
  CROSS JOIN tenants AS t ON t.tenant_no = c.tenant_no
  CROSS JOIN kinds AS k ON k.kind_no = e.kind_no
  WHERE e.timestamp >= @fromMs AND e.timestamp < @toMs AND k.outcome <> 'refused' AND t.tenant_id <> ''
  GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`
