import { type Clock, systemClock } from '../../lib/clock.ts'
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
import { ClickHouseConnection, type ClickHousePlace } from './connection.ts'
import { UsageLogReader } from './usage-log-reader.ts'
import { UsageLogRetention } from './usage-log-retention.ts'
import { migrateUsageLog } from './usage-log-schema.ts'
import { UsageLogWriter } from './usage-log-writer.ts'

/** Where the usage log is, and how long the server keeps its events; null = for ever. */
export interface ClickHouseUsagePlace extends ClickHousePlace {
  readonly retentionDays: number | null
}

/** What a write takes on a busy server, or a little more. */
const BEHIND_MICROS = 1_500_000

/**
 * Raw events in ClickHouse: what several nodes append, each event once.
 *
 * The server is asked for the first time by the first call, which also brings the tables up to date: a node
 * starts, and goes on, while the server is away.
 */
export class ClickHouseUsageLog implements UsageLog {
  readonly traits = { isRemote: true, positionsBehind: BEHIND_MICROS }
  readonly #connection: ClickHouseConnection
  readonly #place: ClickHouseUsagePlace
  readonly #reader: UsageLogReader
  readonly #writer: UsageLogWriter
  readonly #retention: UsageLogRetention
  #migrated: Promise<void> | undefined

  constructor(place: ClickHouseUsagePlace, clock: Clock = systemClock) {
    this.#place = place
    this.#connection = new ClickHouseConnection(place)
    this.#reader = new UsageLogReader(this.#connection)
    this.#writer = new UsageLogWriter(this.#connection, clock)
    this.#retention = new UsageLogRetention(this.#connection, clock, place.retentionDays)
  }

  async append(events: readonly UsageEvent[], shipment?: Shipment): Promise<void> {
    if (events.length === 0) return
    await this.#ready()
    await this.#writer.append(events, shipment)
  }

  async watermark(place: { readonly nodeId: string; readonly epoch: number }): Promise<number> {
    await this.#ready()
    return this.#reader.watermark(place)
  }

  async lastEpoch(nodeId: string): Promise<number> {
    await this.#ready()
    return this.#reader.lastEpoch(nodeId)
  }

  async shipmentOf(place: EventPlace): Promise<Shipment | undefined> {
    await this.#ready()
    return this.#reader.shipmentOf(place)
  }

  async forgetBefore(cutMs: number, limit: number): Promise<number> {
    await this.#ready()
    return this.#retention.forgetBefore(cutMs, limit)
  }

  async keptSinceMs(): Promise<number> {
    await this.#ready()
    return this.#retention.keptSinceMs()
  }

  async find(id: string): Promise<UsageEvent | undefined> {
    await this.#ready()
    return this.#reader.find(id)
  }

  async findByRequestId(requestId: string, limit: number): Promise<readonly UsageEvent[]> {
    await this.#ready()
    return this.#reader.findByRequestId(requestId, limit)
  }

  async newestPosition(): Promise<number> {
    await this.#ready()
    return this.#reader.newestPosition()
  }

  async appendedAfter(position: number, limit: number): Promise<readonly AppendedEvent[]> {
    await this.#ready()
    return this.#reader.appendedAfter(position, limit)
  }

  async appendedBefore(position: number, limit: number): Promise<readonly AppendedEvent[]> {
    await this.#ready()
    return this.#reader.appendedBefore(position, limit)
  }

  async *events(filter: UsageLogFilter): AsyncGenerator<UsageEvent> {
    await this.#ready()
    for await (const page of this.#reader.events(filter)) yield* page
  }

  async *admissions(fromMs: number, stepMs: number): AsyncGenerator<Admission> {
    await this.#ready()
    yield* this.#reader.admissions(fromMs, stepMs)
  }

  async breakdown(query: BreakdownQuery): Promise<readonly BreakdownRow[]> {
    await this.#ready()
    return this.#reader.breakdown(query)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]()
  }

  /** Once; again after it failed. */
  #ready(): Promise<void> {
    this.#migrated ??= migrateUsageLog(this.#connection, this.#place.retentionDays).catch(
      (error: unknown) => {
        this.#migrated = undefined
        throw error
      },
    )
    return this.#migrated
  }
}
