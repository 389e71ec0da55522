import { hash } from 'node:crypto'
import type { Clock } from '../../lib/clock.ts'
import type { UsageEvent } from '../../model/event.ts'
import type { Shipment } from '../ports/usage-log.ts'
import type { ClickHouseConnection } from './connection.ts'
import { lineEnd, lineStart, WRITTEN_COLUMNS } from './usage-log-rows.ts'

/**
 * Appends events: the rows first, then how far the run has come.
 *
 * What comes between the two comes again. Then the rows that are there are left out, and where that cannot be
 * known (a write whose answer was lost may still be under way) the token of the insert, which holds a digest of
 * its rows, and in the end the order of rows make each count once.
 */
export class UsageLogWriter {
  readonly #connection: ClickHouseConnection
  readonly #clock: Clock
  /** Runs whose events beyond the watermark are known not to be there. */
  readonly #settled = new Set<string>()
  #oldestMs = Number.POSITIVE_INFINITY
  #position: PositionClock | undefined

  constructor(connection: ClickHouseConnection, clock: Clock) {
    this.#connection = connection
    this.#clock = clock
  }

  async append(events: readonly UsageEvent[], shipment: Shipment | undefined): Promise<void> {
    const ends = endsOf(events)
    // Only who ships knows that no one else writes events of its run.
    const settled = shipment !== undefined && ends.every((end) => this.#settled.has(runOf(end)))
    const fresh = settled ? onceEach(events) : await this.#withoutKnown(onceEach(events))
    for (const end of ends) this.#settled.delete(runOf(end))
    const position = await this.#positions()
    const last = fresh.length > 0 ? await this.#insert(fresh, position) : position.last
    const ways = shipment === undefined ? [] : ends.map((end) => wayRow(end, shipment))
    const marks = ends.map(({ nodeId, epoch, seq }) => JSON.stringify([nodeId, epoch, seq, last]))
    await Promise.all([
      this.#connection.insert('usage_shipments', WAY_COLUMNS, ways),
      this.#connection.insert('usage_watermarks', ['node_id', 'epoch', 'seq', 'position'], marks),
    ])
    for (const end of ends) this.#settled.add(runOf(end))
  }

  /** Resolves to the position of the last one. */
  async #insert(events: readonly UsageEvent[], position: PositionClock): Promise<number> {
    await this.#rememberOldest(events)
    const first = position.take(events.length)
    const starts = events.map(lineStart)
    const lines = starts.map((start, index) => start + lineEnd(first + index))
    await this.#connection.insert('usage_events', WRITTEN_COLUMNS, lines, tokenOf(events, starts))
    return first + events.length - 1
  }

  /** Whether the retention has reached into the log is told by the oldest event there ever was. */
  async #rememberOldest(events: readonly UsageEvent[]): Promise<void> {
    const oldestMs = events.reduce((oldest, event) => Math.min(oldest, event.timestampMs), this.#oldestMs)
    if (oldestMs >= this.#oldestMs) return
    await this.#connection.insert('usage_facts', ['name', 'value'], [JSON.stringify(['oldest', oldestMs])])
    this.#oldestMs = oldestMs
  }

  async #withoutKnown(events: readonly UsageEvent[]): Promise<readonly UsageEvent[]> {
    const known = new Set<string>()
    for (const run of Map.groupBy(events, runOf).values()) {
      const [first] = run
      if (first === undefined) continue
      const times = run.map(({ timestampMs }) => timestampMs)
      const seqs = run.map(({ seq }) => seq)
      const rows = await this.#connection.rows<[string]>(KNOWN, {
        ...{ node: first.nodeId, epoch: first.epoch },
        ...{ firstSeq: minOf(seqs), lastSeq: maxOf(seqs), fromMs: minOf(times), toMs: maxOf(times) },
      })
      for (const [id] of rows) known.add(id)
    }
    return known.size === 0 ? events : events.filter(({ id }) => !known.has(id))
  }

  async #positions(): Promise<PositionClock> {
    this.#position ??= await PositionClock.of(this.#connection, this.#clock)
    return this.#position
  }
}

/**
 * Gives positions that rise: microseconds of the server's clock, one more for each event of a batch.
 *
 * The server's, so that nodes whose clocks differ do not go behind each other.
 */
class PositionClock {
  readonly #clock: Clock
  readonly #aheadMicros: number
  last: number

  private constructor(clock: Clock, aheadMicros: number, last: number) {
    this.#clock = clock
    this.#aheadMicros = aheadMicros
    this.last = last
  }

  static async of(connection: ClickHouseConnection, clock: Clock): Promise<PositionClock> {
    const [nowMicros, last] = await connection.row<[number, number]>(
      'SELECT toUnixTimestamp64Micro(now64(6)), max(position) FROM usage_watermarks',
    )
    return new PositionClock(clock, nowMicros - ORIGIN_MICROS - micros(clock), last)
  }

  /** The first of `count` positions. */
  take(count: number): number {
    const first = Math.max(this.last + 1, micros(this.#clock) + this.#aheadMicros)
    this.last = first + count - 1
    return first
  }
}

function micros(clock: Clock): number {
  return Math.round(clock.monotonicMs() * 1_000)
}

/** 2026-01-01T00:00Z. */
const ORIGIN_MICROS = 1_767_225_600_000_000

/** A batch that is sent again has the same token; the same token never stands for other rows. */
function tokenOf(events: readonly UsageEvent[], starts: readonly string[]): string {
  const [first, last] = [events[0], events.at(-1)]
  return `${first?.nodeId}:${first?.epoch}:${first?.seq}-${last?.seq}:${hash('sha256', starts.join('\n'))}`
}

function onceEach(events: readonly UsageEvent[]): readonly UsageEvent[] {
  const byId = new Map<string, UsageEvent>()
  for (const event of events) if (!byId.has(event.id)) byId.set(event.id, event)
  return byId.size === events.length ? events : [...byId.values()]
}

/** The last event of each run. */
function endsOf(events: readonly UsageEvent[]): readonly UsageEvent[] {
  const ends = new Map<string, UsageEvent>()
  for (const event of events) {
    const end = ends.get(runOf(event))
    if (end === undefined || event.seq > end.seq) ends.set(runOf(event), event)
  }
  return [...ends.values()]
}

function runOf({ nodeId, epoch }: UsageEvent): string {
  return `${nodeId}\n${epoch}`
}

function wayRow({ nodeId, epoch, seq }: UsageEvent, shipment: Shipment): string {
  return JSON.stringify([
    nodeId,
    epoch,
    seq,
    shipment.spooledFromMs,
    shipment.spooledToMs,
    shipment.shippedMs,
  ])
}

const WAY_COLUMNS = ['node_id', 'epoch', 'last_seq', 'spooled_from', 'spooled_to', 'shipped'] as const

function minOf(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY)
}

function maxOf(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => Math.max(one, other), Number.NEGATIVE_INFINITY)
}

const KNOWN = `
  SELECT id FROM usage_events
  WHERE node_id = {node:String} AND epoch = {epoch:Int64} AND seq BETWEEN {firstSeq:Int64} AND {lastSeq:Int64}
    AND timestamp BETWEEN fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC') AND fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')`
