import { setImmediate as otherWork } from 'node:timers/promises'
import type Database from 'better-sqlite3'
import type { UsageEvent } from '../../model/event.ts'
import type { Admission, UsageLog, UsageLogFilter } from '../ports/usage-log.ts'
import { openSqliteFile } from './sqlite-file.ts'
import { sqliteProblem } from './sqlite-problem.ts'
import { UsageLogReader } from './usage-log-reader.ts'
import { migrateUsageLog } from './usage-log-schema.ts'
import { UsageLogWriter } from './usage-log-writer.ts'

/**
 * Opens the usage log in an SQLite file of its own; makes the file (0600) when it is not there yet.
 *
 * Several processes may have it open: who writes waits for the other.
 */
export function openSqliteUsageLog(path: string): UsageLog {
  const database = openSqliteFile(path)
  try {
    database.pragma(`cache_size = -${CACHE_KIB}`)
    database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
    migrateUsageLog(database)
    return new SqliteUsageLog(database)
  } catch (error) {
    database.close()
    throw sqliteProblem(error, path)
  }
}

/** Raw events in SQLite: one transaction, and one fsync, a batch. */
export class SqliteUsageLog implements UsageLog {
  readonly #database: Database.Database
  readonly #reader: UsageLogReader
  readonly #writer: UsageLogWriter
  readonly #readWatermark: Database.Statement<[string, number], number>
  readonly #appendAll: Database.Transaction<(events: readonly UsageEvent[]) => void>
  readonly #indexAll: Database.Transaction<() => void>
  readonly #readIndexed: Database.Statement<[], number>
  readonly #moveIndexed: Database.Statement<[number]>
  readonly #readNewest: Database.Statement<[], number>
  readonly #indexEvents: Database.Statement<[number]>

  /** `database` has the schema of this program. */
  constructor(database: Database.Database) {
    this.#database = database
    this.#reader = new UsageLogReader(database)
    this.#writer = new UsageLogWriter(database)
    this.#readWatermark = database.prepare<[string, number], number>(READ_WATERMARK).pluck()
    this.#readIndexed = database.prepare<[], number>('SELECT through FROM tenants_indexed').pluck()
    this.#moveIndexed = database.prepare('UPDATE tenants_indexed SET through = ?')
    this.#readNewest = database.prepare<[], number>('SELECT max(event_no) FROM event_rows').pluck()
    this.#indexEvents = database.prepare(INDEX_EVENTS)
    this.#appendAll = database.transaction((events) => this.#writer.write(events))
    this.#indexAll = database.transaction(() => this.#indexTenants())
  }

  async append(events: readonly UsageEvent[]): Promise<void> {
    if (events.length === 0) return
    try {
      this.#guard(() => this.#appendAll.immediate(events))
    } catch (error) {
      this.#writer.forget()
      throw error
    }
    if (this.#guard(() => this.#eventsBehind()) < INDEX_STEP_EVENTS) return
    // On its own: together the two would keep this thread busy for too long.
    await otherWork()
    this.#guard(() => this.#indexAll.immediate())
  }

  async watermark(place: { readonly nodeId: string; readonly epoch: number }): Promise<number> {
    return this.#guard(() => this.#readWatermark.get(place.nodeId, place.epoch) ?? 0)
  }

  async find(id: string): Promise<UsageEvent | undefined> {
    return this.#guard(() => this.#reader.find(id))
  }

  async *events(filter: UsageLogFilter): AsyncGenerator<UsageEvent> {
    if (filter.tenantId !== undefined) this.#guard(() => this.#indexAll.immediate())
    let left = filter.limit ?? Number.POSITIVE_INFINITY
    let last: UsageEvent | undefined
    while (left > 0) {
      const page = this.#guard(() => this.#reader.page(filter, last, Math.min(left, PAGE_EVENTS)))
      yield* page
      if (page.length < PAGE_EVENTS) return
      last = page.at(-1)
      left -= page.length
    }
  }

  async *admissions(fromMs: number, stepMs: number): AsyncGenerator<Admission> {
    for (let startMs = fromMs; ; ) {
      const aheadMs = this.#guard(() => this.#reader.timeAhead(startMs, SLICE_EVENTS))
      // A slice ends where a step ends, so that no step is given in two parts.
      const endMs = aheadMs === undefined ? Number.MAX_SAFE_INTEGER : stepEnd(aheadMs, stepMs)
      yield* this.#guard(() => this.#reader.admissions(startMs, endMs, stepMs))
      if (aheadMs === undefined) return
      startMs = endMs
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#database.close()
  }

  /** How far events_of_tenant is behind the newest event. */
  #eventsBehind(): number {
    return (this.#readNewest.get() ?? 0) - (this.#readIndexed.get() ?? 0)
  }

  /** Brings events_of_tenant up to the newest event. */
  #indexTenants(): void {
    const newestEvent = this.#readNewest.get() ?? 0
    this.#indexEvents.run(this.#readIndexed.get() ?? 0)
    this.#moveIndexed.run(newestEvent)
  }

  #guard<Result>(work: () => Result): Result {
    try {
      return work()
    } catch (error) {
      throw sqliteProblem(error, this.#database.name)
    }
  }
}

const CACHE_KIB = 16_384
/** 16 MiB: a page that many batches touch is written back once. */
const CHECKPOINT_PAGES = 4_000
/** Few enough that a step takes some 50 ms, enough that a tenant's page is touched for many events at once. */
const INDEX_STEP_EVENTS = 32_768
const PAGE_EVENTS = 1_000
const SLICE_EVENTS = 20_000

/** Where the step of a moment ends. */
function stepEnd(ms: number, stepMs: number): number {
  return Math.floor(ms / stepMs) * stepMs + stepMs
}

const READ_WATERMARK = 'SELECT seq FROM watermarks WHERE node_id = ? AND epoch = ?'

const INDEX_EVENTS = `
  INSERT INTO events_of_tenant (tenant_no, timestamp, event_no)
  SELECT c.tenant_no, e.timestamp, e.event_no
  FROM event_rows AS e CROSS JOIN callers AS c ON c.caller_no = e.caller_no
  WHERE e.event_no > ?
  ORDER BY 1, 2, 3`
