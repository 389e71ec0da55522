import { systemClock } from '../../lib/clock.ts'
import type { UsageEvent } from '../../model/event.ts'
import type { HeldUsageLog } from '../ports/held-stores.ts'
import type { RunMark } from '../ports/ledger.ts'
import type { EventPlace } from '../ports/usage-log.ts'
import { ClickHouseConnection } from './connection.ts'
import type { ClickHouseUsagePlace } from './usage-log.ts'
import { UsageLogReader } from './usage-log-reader.ts'
import { UsageLogRetention } from './usage-log-retention.ts'
import { migrateUsageLog } from './usage-log-schema.ts'

/** The usage log as it is now, for who counts it again; ask it to close when done. */
export async function holdUsageLog(place: ClickHouseUsagePlace): Promise<HeldClickHouseUsageLog> {
  const connection = new ClickHouseConnection(place)
  try {
    await migrateUsageLog(connection, place.retentionDays)
    const retention = new UsageLogRetention(connection, systemClock, place.retentionDays)
    const marks = await connection.rows<[string, number, number]>(MARKS)
    return new HeldClickHouseUsageLog(connection, {
      marks: marks.map(([nodeId, epoch, seq]) => ({ nodeId, epoch, seq })),
      keptSinceMs: await retention.keptSinceMs(),
    })
  } catch (error) {
    await connection[Symbol.asyncDispose]()
    throw error
  }
}

/**
 * The events up to the watermarks that stood when it was taken. Events are only ever added, so what is appended
 * after that moment is told by its position in its run, and left out.
 */
export class HeldClickHouseUsageLog implements HeldUsageLog {
  readonly marks: readonly RunMark[]
  readonly marksFollowRows = true
  readonly keptSinceMs: number
  readonly #connection: ClickHouseConnection
  readonly #reader: UsageLogReader
  readonly #seqs: ReadonlyMap<string, number>

  constructor(
    connection: ClickHouseConnection,
    { marks, keptSinceMs }: Pick<HeldUsageLog, 'marks' | 'keptSinceMs'>,
  ) {
    this.marks = marks
    this.keptSinceMs = keptSinceMs
    this.#connection = connection
    this.#reader = new UsageLogReader(connection)
    this.#seqs = new Map(marks.map((mark) => [runOf(mark), mark.seq]))
  }

  async *events(fromMs: number, toMs: number): AsyncGenerator<readonly UsageEvent[]> {
    for await (const page of this.#reader.events({ fromMs, toMs })) {
      yield page.filter((event) => this.#holds(event))
    }
  }

  async *eventsOfTenant(
    tenantId: string,
    fromMs: number,
    toMs: number,
  ): AsyncGenerator<readonly UsageEvent[]> {
    for await (const page of this.#reader.events({ tenantId, fromMs, toMs })) {
      yield page.filter((event) => this.#holds(event))
    }
  }

  async findAll(ids: readonly string[]): Promise<ReadonlyMap<string, UsageEvent>> {
    const found = await this.#reader.findAll(ids)
    return new Map([...found].filter(([, event]) => this.#holds(event)))
  }

  async seqsBetween(
    { nodeId, epoch }: Omit<EventPlace, 'seq'>,
    first: number,
    last: number,
  ): Promise<readonly number[]> {
    const rows = await this.#connection.rows<[number]>(SEQS, { nodeId, epoch, first, last })
    return rows.map(([seq]) => seq)
  }

  /** There is no index by hand. */
  async misindexed(): Promise<readonly string[]> {
    return []
  }

  /** Lets go of the connection. */
  close(): void {
    // Nothing waits for it, and there is nothing it could fail with.
    this.#connection[Symbol.asyncDispose]().catch(() => {})
  }

  #holds(event: UsageEvent): boolean {
    return event.seq <= (this.#seqs.get(runOf(event)) ?? 0)
  }
}

function runOf({ nodeId, epoch }: Omit<EventPlace, 'seq'>): string {
  return `${nodeId}\n${epoch}`
}

const MARKS = 'SELECT node_id, epoch, max(seq) FROM usage_watermarks GROUP BY node_id, epoch ORDER BY 1, 2'

// Once for each id: the same row written twice is one event, two ids at one position are two.
const SEQS = `
  SELECT seq FROM usage_events
  WHERE node_id = {nodeId:String} AND epoch = {epoch:Int64} AND seq BETWEEN {first:Int64} AND {last:Int64}
  LIMIT 1 BY id`
