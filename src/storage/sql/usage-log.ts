import { setImmediate as otherWork } from 'node:timers/promises'
import type Database from 'better-sqlite3'
import type { UsageEvent } from '../../model/event.ts'
import type {
  Admission,
  AppendedEvent,
  BreakdownQuery,
  BreakdownRow,
  EventPlace,
  Shipment,
  UsageLog,
  UsageLogFilter,
} from '../ports/usage-log.ts'
import { openSqliteFile } from './sqlite-file.ts'
import { sqliteProblem } from './sqlite-problem.ts'
import { BreakdownSums } from './usage-log-breakdown.ts'
import { UsageLogForgetter } from './usage-log-forgetter.ts'
import { UsageLogIndexer } from './usage-log-indexer.ts'
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
class SqliteUsageLog implements UsageLog {
  readonly traits = { isRemote: false, positionsBehind: 0 }
  readonly #database: Database.Database
  readonly #reader: UsageLogReader
  readonly #writer: UsageLogWriter
  readonly #indexer: UsageLogIndexer
  readonly #readWatermark: Database.Statement<[string, number], number>
  readonly #forgetter: UsageLogForgetter
  readonly #readLastEpoch: Database.Statement<[string], number>
  readonly #readShipment: Database.Statement<[string, number, number], Shipment>
  readonly #appendAll: Database.Transaction<
    (events: readonly UsageEvent[], shipment: Shipment | undefined) => void
  >
  readonly #forget: Database.Transaction<(cutMs: number, limit: number) => number>
  readonly #indexTenants: Database.Transaction<() => void>
  readonly #indexRequests: Database.Transaction<() => void>

  /** `database` has the schema of this program. */
  constructor(database: Database.Database) {
    this.#database = database
    this.#reader = new UsageLogReader(database)
    this.#writer = new UsageLogWriter(database)
    this.#indexer = new UsageLogIndexer(database)
    this.#readWatermark = database.prepare<[string, number], number>(READ_WATERMARK).pluck()
    this.#forgetter = new UsageLogForgetter(database)
    this.#readLastEpoch = database.prepare<[string], number>(READ_LAST_EPOCH).pluck()
    this.#readShipment = database.prepare(READ_SHIPMENT)
    this.#appendAll = database.transaction((events, shipment) => this.#writer.write(events, shipment))
    this.#forget = database.transaction((cutMs, limit) => this.#forgetter.forget(cutMs, limit))
    this.#indexTenants = database.transaction(() => this.#indexer.indexTenants())
    this.#indexRequests = database.transaction(() => this.#indexer.indexRequests())
  }

  async append(events: readonly UsageEvent[], shipment?: Shipment): Promise<void> {
    if (events.length === 0) return
    try {
      this.#guard(() => this.#appendAll.immediate(events, shipment))
    } catch (error) {
      this.#writer.forget()
      throw error
    }
    if (this.#guard(() => this.#indexer.due())) await this.#index()
  }

  async watermark(place: { readonly nodeId: string; readonly epoch: number }): Promise<number> {
    return this.#guard(() => this.#readWatermark.get(place.nodeId, place.epoch) ?? 0)
  }

  async lastEpoch(nodeId: string): Promise<number> {
    return this.#guard(() => this.#readLastEpoch.get(nodeId) ?? 0)
  }

  async shipmentOf({ nodeId, epoch, seq }: EventPlace): Promise<Shipment | undefined> {
    return this.#guard(() => this.#readShipment.get(nodeId, epoch, seq))
  }

  async forgetBefore(cutMs: number, limit: number): Promise<number> {
    return this.#guard(() => this.#forget.immediate(cutMs, limit))
  }

  async keptSinceMs(): Promise<number> {
    return this.#guard(() => this.#forgetter.keptSinceMs())
  }

  async find(id: string): Promise<UsageEvent | undefined> {
    return this.#guard(() => this.#reader.find(id))
  }

  async findByRequestId(requestId: string, limit: number): Promise<readonly UsageEvent[]> {
    return this.#guard(() => this.#reader.findByRequestId(requestId, limit))
  }

  async newestPosition(): Promise<number> {
    return this.#guard(() => this.#reader.newestPosition())
  }

  async appendedAfter(position: number, limit: number): Promise<readonly AppendedEvent[]> {
    return this.#guard(() => this.#reader.appendedAfter(position, limit))
  }

  async appendedBefore(position: number, limit: number): Promise<readonly AppendedEvent[]> {
    return this.#guard(() => this.#reader.appendedBefore(position, limit))
  }

  async *events(filter: UsageLogFilter): AsyncGenerator<UsageEvent> {
    if (filter.tenantId !== undefined) this.#guard(() => this.#indexTenants.immediate())
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

  async breakdown(query: BreakdownQuery): Promise<readonly BreakdownRow[]> {
    const sums = new BreakdownSums(query)
    for (let startMs = query.fromMs; startMs < query.toMs; ) {
      const aheadMs = this.#guard(() => this.#reader.timeAhead(startMs, SLICE_EVENTS))
      const endMs = Math.min(query.toMs, aheadMs === undefined ? query.toMs : aheadMs + 1)
      this.#guard(() => sums.add(this.#database, startMs, endMs))
      startMs = endMs
      await otherWork()
    }
    return sums.rows()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#database.close()
  }

  /** Each step on its own: together they would keep this thread busy for too long. */
  async #index(): Promise<void> {
    await otherWork()
    this.#guard(() => this.#indexTenants.immediate())
    await otherWork()
    this.#guard(() => this.#indexRequests.immediate())
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
const PAGE_EVENTS = 1_000
const SLICE_EVENTS = 20_000

/** Where the step of a moment ends. */
function stepEnd(ms: number, stepMs: number): number {
  return Math.floor(ms / stepMs) * stepMs + stepMs
}

const READ_WATERMARK = 'SELECT seq FROM watermarks WHERE node_id = ? AND epoch = ?'

const READ_LAST_EPOCH = 'SELECT max(epoch) FROM watermarks WHERE node_id = ?'

const READ_SHIPMENT = `
  SELECT s.spooled_from AS spooledFromMs, s.spooled_to AS spooledToMs, s.shipped AS shippedMs
  FROM runs AS r CROSS JOIN shipments AS s ON s.run_no = r.run_no
  WHERE r.node_id = ? AND r.epoch = ? AND s.last_seq >= ?
  ORDER BY s.last_seq LIMIT 1`
