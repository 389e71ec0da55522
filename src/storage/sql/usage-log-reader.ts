import type Database from 'better-sqlite3'
import type { UsageEvent } from '../../model/event.ts'
import type { Admission, AppendedEvent, UsageLogFilter } from '../ports/usage-log.ts'
import { EVENT_COLUMNS, EVENT_JOINS, type EventRow, eventOfRow } from './usage-log-schema.ts'

/**
 * Reads the usage log in pieces, each one short statement.
 *
 * No cursor stays open between pieces: the connection is free for a writer, and nothing keeps the
 * write-ahead log from being emptied.
 */
export class UsageLogReader {
  readonly #find: Database.Statement<[string], EventRow>
  readonly #findByRequest: Database.Statement<RequestParameters, EventRow>
  readonly #appended: Database.Statement<[number, number], AppendedRow>
  readonly #before: Database.Statement<[number, number], AppendedRow>
  readonly #newest: Database.Statement<[], number>
  readonly #page: Database.Statement<PageParameters, EventRow>
  readonly #tenantPage: Database.Statement<PageParameters, EventRow>
  readonly #timeAhead: Database.Statement<[number, number], number>
  readonly #admissions: Database.Statement<SliceParameters, Admission>

  constructor(database: Database.Database) {
    this.#find = database.prepare('SELECT * FROM events WHERE id = ?')
    this.#findByRequest = database.prepare(FIND_BY_REQUEST)
    this.#appended = database.prepare(APPENDED)
    this.#before = database.prepare(APPENDED_BEFORE)
    this.#newest = database.prepare<[], number>('SELECT max(event_no) FROM event_rows').pluck()
    this.#page = database.prepare(PAGE)
    this.#tenantPage = database.prepare(TENANT_PAGE)
    this.#timeAhead = database.prepare<[number, number], number>(TIME_AHEAD).pluck()
    this.#admissions = database.prepare(ADMISSIONS)
  }

  find(id: string): UsageEvent | undefined {
    const row = this.#find.get(id)
    return row === undefined ? undefined : eventOfRow(row)
  }

  /** The newest `limit` events with this request id, oldest first. */
  findByRequestId(requestId: string, limit: number): readonly UsageEvent[] {
    return this.#findByRequest.all({ requestId, limit }).map(eventOfRow).reverse()
  }

  /** The position of the newest event; 0 when there is none. */
  newestPosition(): number {
    return this.#newest.get() ?? 0
  }

  /** Up to `limit` events after `position`, in the order they were appended. */
  appendedAfter(position: number, limit: number): readonly AppendedEvent[] {
    return this.#appended
      .all(position, limit)
      .map((row) => ({ position: row.event_no, event: eventOfRow(row) }))
  }

  /** The newest `limit` events up to `position`, in the order they were appended. */
  appendedBefore(position: number, limit: number): readonly AppendedEvent[] {
    return this.#before
      .all(position, limit)
      .map((row) => ({ position: row.event_no, event: eventOfRow(row) }))
      .reverse()
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

interface AppendedRow extends EventRow {
  readonly event_no: number
}

interface RequestParameters {
  readonly requestId: string
  readonly limit: number
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

const APPENDED = `
  SELECT e.event_no, ${EVENT_COLUMNS} FROM event_rows AS e ${EVENT_JOINS}
  WHERE e.event_no > ? ORDER BY e.event_no LIMIT ?`

const APPENDED_BEFORE = `
  SELECT e.event_no, ${EVENT_COLUMNS} FROM event_rows AS e ${EVENT_JOINS}
  WHERE e.event_no <= ? ORDER BY e.event_no DESC LIMIT ?`

// Our own id as the request id; an id of the client's, step by step; and the events of no step yet.
const FIND_BY_REQUEST = `
  SELECT ${EVENT_COLUMNS}
  FROM (
    SELECT event_no FROM event_rows WHERE id = @requestId AND request_id IS NULL
    UNION ALL
    SELECT i.event_no FROM request_steps AS s
    CROSS JOIN events_of_request AS i ON i.step_no = s.step_no AND i.request_id = @requestId
    UNION ALL
    SELECT event_no FROM event_rows
    WHERE event_no > (SELECT max(through) FROM request_steps) AND request_id = @requestId
  ) AS found CROSS JOIN event_rows AS e ON e.event_no = found.event_no ${EVENT_JOINS}
  ORDER BY e.event_no DESC LIMIT @limit`

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
  WHERE e.timestamp >= @fromMs AND e.timestamp < @toMs AND k.outcome <> 'refused' AND t.tenant_id <> '' AND c.source = 'gateway'
  GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`
