import type Database from 'better-sqlite3'
import { assert } from '../../lib/assert.ts'
import { breathe } from '../../lib/breath.ts'
import type { UsageEvent } from '../../model/event.ts'
import type { Shipment } from '../ports/usage-log.ts'
import { chunksOf } from './chunks.ts'
import { UsageLogNames } from './usage-log-names.ts'

/** Writes events, many rows to a statement, and moves the watermarks. Inside a transaction of the caller. */
export class UsageLogWriter {
  readonly #names: UsageLogNames
  readonly #plain: RowInsert
  readonly #full: RowInsert
  readonly #moveWatermark: Database.Statement<[string, number, number]>
  readonly #addShipment: Database.Statement<[number, number, number, number, number]>

  constructor(database: Database.Database) {
    this.#names = new UsageLogNames(database)
    this.#plain = new RowInsert(database, PLAIN_COLUMNS)
    this.#full = new RowInsert(database, [...PLAIN_COLUMNS, ...RARE_COLUMNS])
    this.#moveWatermark = database.prepare(MOVE_WATERMARK)
    this.#addShipment = database.prepare('INSERT OR REPLACE INTO shipments VALUES (?, ?, ?, ?, ?)')
  }

  /** An event whose id is there already is left as it is. */
  write(events: readonly UsageEvent[], shipment: Shipment | undefined): void {
    const full: UsageEvent[] = []
    const plain: UsageEvent[] = []
    for (const event of events) (isPlain(event) ? plain : full).push(event)
    for (const chunk of chunksOf(plain, CHUNK_MAX)) {
      const values: Value[] = []
      for (const event of chunk) this.#pushPlain(values, event)
      this.#plain.run(chunk.length, values)
    }
    for (const chunk of chunksOf(full, CHUNK_MAX)) {
      const values: Value[] = []
      for (const event of chunk) {
        this.#pushPlain(values, event)
        pushRare(values, event)
      }
      this.#full.run(chunk.length, values)
    }
    const ends = endsOf(events)
    for (const { nodeId, epoch, seq } of ends) this.#moveWatermark.run(nodeId, epoch, seq)
    if (shipment === undefined) return
    const { spooledFromMs, spooledToMs, shippedMs } = shipment
    for (const end of ends) {
      this.#addShipment.run(this.#names.run(end), end.seq, spooledFromMs, spooledToMs, shippedMs)
    }
  }

  /** The transaction failed: nothing it numbered holds. */
  forget(): void {
    this.#names.forget()
  }

  /** The values of `PLAIN_COLUMNS`. */
  #pushPlain(values: Value[], event: UsageEvent): void {
    const names = this.#names
    values.push(
      event.id,
      event.timestampMs,
      names.caller(event),
      names.kind(event),
      names.run(event),
      event.seq,
    )
    values.push(event.endpoint, event.responseTimeMs, event.bytesSent, event.bytesReceived, event.usageUnits)
  }
}

type Value = string | number | null

const PLAIN_COLUMNS = [
  'id',
  'timestamp',
  'caller_no',
  'kind_no',
  'run_no',
  'seq',
  'endpoint',
  'response_time_ms',
  'bytes_sent',
  'bytes_received',
  'usage_units',
]

/** What most events have no value of their own for. */
const RARE_COLUMNS = ['count', 'quantities', 'dimensions', 'leaks', 'client_ip', 'request_id']

/** More rows to a statement make none of them cheaper. */
const CHUNK_MAX = 64

/** The last event of each run. */
function endsOf(events: readonly UsageEvent[]): readonly UsageEvent[] {
  let ends: UsageEvent[] = []
  for (const event of events) {
    const end = ends.find((each) => each.epoch === event.epoch && each.nodeId === event.nodeId)
    if (end === undefined) ends.push(event)
    else if (event.seq > end.seq) ends = ends.map((each) => (each === end ? event : each))
  }
  return ends
}

function isPlain(event: UsageEvent): boolean {
  return (
    event.count === 1 &&
    event.clientIp === '' &&
    event.requestId === event.id &&
    event.leaks === undefined &&
    isEmpty(event.quantities) &&
    isEmpty(event.dimensions)
  )
}

/** The values of `RARE_COLUMNS`. */
function pushRare(values: Value[], event: UsageEvent): void {
  values.push(
    event.count,
    isEmpty(event.quantities) ? null : JSON.stringify(event.quantities),
    isEmpty(event.dimensions) ? null : JSON.stringify(event.dimensions),
    event.leaks === undefined ? null : JSON.stringify(event.leaks),
    event.clientIp === '' ? null : event.clientIp,
    event.requestId === event.id ? null : event.requestId,
  )
}

function isEmpty(record: Readonly<Record<string, string>>): boolean {
  for (const _ in record) return false
  return true
}

/** Inserts rows of given columns; a statement for each number of rows, prepared when first needed. */
class RowInsert {
  readonly #database: Database.Database
  readonly #columns: readonly string[]
  readonly #statements = new Map<number, Database.Statement<Value[]>>()

  constructor(database: Database.Database, columns: readonly string[]) {
    this.#database = database
    this.#columns = columns
  }

  run(rows: number, values: readonly Value[]): void {
    breathe()
    assert(values.length === rows * this.#columns.length, 'every column of every row has a value')
    let statement = this.#statements.get(rows)
    if (statement === undefined) {
      statement = this.#database.prepare<Value[]>(this.#insert(rows))
      this.#statements.set(rows, statement)
    }
    statement.run(...values)
  }

  // Not INSERT OR IGNORE: that would also pass over a row with a missing value.
  #insert(rows: number): string {
    const blanks = `(${this.#columns.map(() => '?').join(', ')})`
    return `
      INSERT INTO event_rows (${this.#columns.join(', ')})
      VALUES ${Array.from({ length: rows }, () => blanks).join(', ')}
      ON CONFLICT (id) DO NOTHING`
  }
}

const MOVE_WATERMARK = `
  INSERT INTO watermarks (node_id, epoch, seq) VALUES (?, ?, ?)
  ON CONFLICT (node_id, epoch) DO UPDATE SET seq = max(seq, excluded.seq)`
