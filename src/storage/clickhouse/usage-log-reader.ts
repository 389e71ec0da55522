import type { UsageEvent } from '../../model/event.ts'
import { LATENCY_SHARES } from '../../model/latencies.ts'
import type {
  Admission,
  AppendedEvent,
  BreakdownField,
  BreakdownQuery,
  BreakdownRow,
  EventPlace,
  Shipment,
  UsageLogFilter,
} from '../ports/usage-log.ts'
import type { ClickHouseConnection } from './connection.ts'
import { EVENT_COLUMNS, type EventRow, eventOf, PRECEDENCE_MAX, positionOf } from './usage-log-rows.ts'
import { slicesOf, type TimeSlice, withinCalendar } from './usage-log-slices.ts'

/**
 * Reads the usage log in pieces, each one query of bounded size, and each event once however often its row is
 * there.
 */
export class UsageLogReader {
  readonly #connection: ClickHouseConnection

  constructor(connection: ClickHouseConnection) {
    this.#connection = connection
  }

  async find(id: string): Promise<UsageEvent | undefined> {
    return (await this.findAll([id])).get(id)
  }

  /** Those that are there, by id. */
  async findAll(ids: readonly string[]): Promise<ReadonlyMap<string, UsageEvent>> {
    const found = new Map<string, UsageEvent>()
    for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
      const rows = await this.#connection.rows<EventRow>(FIND, { ids: ids.slice(at, at + IDS_AT_ONCE) })
      for (const row of rows) found.set(row[0], eventOf(row))
    }
    return found
  }

  /** The newest `limit` events with this request id, oldest first. */
  async findByRequestId(requestId: string, limit: number): Promise<readonly UsageEvent[]> {
    const rows = await this.#connection.rows<EventRow>(FIND_BY_REQUEST, { requestId, limit })
    return rows.map(eventOf).reverse()
  }

  async watermark({ nodeId, epoch }: Omit<EventPlace, 'seq'>): Promise<number> {
    const [seq] = await this.#connection.row<[number]>(WATERMARK, { nodeId, epoch })
    return seq
  }

  async lastEpoch(nodeId: string): Promise<number> {
    const [epoch] = await this.#connection.row<[number]>(LAST_EPOCH, { nodeId })
    return epoch
  }

  async shipmentOf({ nodeId, epoch, seq }: EventPlace): Promise<Shipment | undefined> {
    const [row] = await this.#connection.rows<[number, number, number]>(SHIPMENT, { nodeId, epoch, seq })
    if (row === undefined) return undefined
    const [spooledFromMs, spooledToMs, shippedMs] = row
    return { spooledFromMs, spooledToMs, shippedMs }
  }

  async newestPosition(): Promise<number> {
    const [position] = await this.#connection.row<[number]>('SELECT max(position) FROM usage_watermarks')
    return position
  }

  async appendedAfter(position: number, limit: number): Promise<readonly AppendedEvent[]> {
    for (let after = position; ; ) {
      const rows = await this.#connection.rows<EventRow>(APPENDED_AFTER, {
        below: PRECEDENCE_MAX - after,
        limit,
      })
      const first = await this.#firstOnes(rows)
      const last = rows.at(-1)
      // A page of nothing but repetitions is not the end.
      if (first.length > 0 || last === undefined || rows.length < limit) return first
      after = positionOf(last)
    }
  }

  async appendedBefore(position: number, limit: number): Promise<readonly AppendedEvent[]> {
    for (const backMicros of LOOK_BACK_MICROS) {
      const rows = await this.#connection.rows<EventRow>(APPENDED_BEFORE, {
        from: PRECEDENCE_MAX - position,
        below: Math.min(PRECEDENCE_MAX, PRECEDENCE_MAX - position + backMicros),
        limit,
      })
      if (rows.length >= limit || backMicros === LOOK_BACK_MICROS.at(-1)) {
        return (await this.#firstOnes(rows)).toReversed()
      }
    }
    return []
  }

  async *events(filter: UsageLogFilter): AsyncGenerator<readonly UsageEvent[]> {
    let left = filter.limit ?? Number.POSITIVE_INFINITY
    if (left === 0) return
    for await (const slice of slicesOf(this.#connection, filter, PAGE_EVENTS)) {
      for await (const page of this.#pages(slice, filter.tenantId)) {
        yield page.length > left ? page.slice(0, left) : page
        left -= page.length
        if (left <= 0) return
      }
    }
  }

  async *admissions(fromMs: number, stepMs: number): AsyncGenerator<Admission> {
    let startMs = fromMs
    for await (const { toMs } of slicesOf(this.#connection, { fromMs }, SLICE_EVENTS)) {
      // A slice ends where a step ends, so that no step is given in two parts.
      const endMs = Math.ceil(toMs / stepMs) * stepMs
      if (endMs <= startMs) continue
      const rows = await this.#connection.rows<AdmissionRow>(ADMISSIONS, {
        ...{ fromMs: startMs, toMs: endMs, stepMs },
      })
      for (const [timestampMs, tenantId, keyId, routeId, requests, units] of rows) {
        yield { timestampMs, tenantId, keyId, routeId, requests, units }
      }
      startMs = endMs
    }
  }

  async breakdown(query: BreakdownQuery): Promise<readonly BreakdownRow[]> {
    const { by, fromMs, toMs, tenantId = '' } = query
    const span = { fromMs: withinCalendar(fromMs), toMs: withinCalendar(toMs) }
    const rows = await this.#connection.rows<BreakdownColumns>(breakdownOf(by), { ...span, tenantId })
    return rows.map(
      ([tenant, key, route, refusal, requests, refused, failed, billable, units, received, sent, times]) => ({
        ...{ tenantId: tenant, keyId: key, routeId: route, refusal, requests, refused, failed, billable },
        ...{ usageUnits: units, bytesReceived: received, bytesSent: sent },
        // Without any call the server has zeros.
        latencyMs: times[1] === 0 ? LATENCY_SHARES.map(() => null) : times[0],
      }),
    )
  }

  async *#pages({ fromMs, toMs }: TimeSlice, tenantId = ''): AsyncGenerator<readonly UsageEvent[]> {
    let [startMs, lastId] = [fromMs, '']
    for (;;) {
      const parameters = { fromMs: startMs, toMs, lastId, tenantId, limit: PAGE_EVENTS }
      const rows = await this.#connection.rows<EventRow>(PAGE, parameters)
      const page = rows.map(eventOf)
      const last = page.at(-1)
      if (last === undefined) return
      yield page
      if (page.length < PAGE_EVENTS) return
      startMs = last.timestampMs
      lastId = last.id
    }
  }

  /** Of rows in the order of positions those that are not the repetition of an earlier one. */
  async #firstOnes(rows: readonly EventRow[]): Promise<readonly AppendedEvent[]> {
    const first = new Map<string, number>()
    for (let at = 0; at < rows.length; at += IDS_AT_ONCE) {
      const ids = rows.slice(at, at + IDS_AT_ONCE).map(([id]) => id)
      for (const [id, precedence] of await this.#connection.rows<[string, number]>(FIRST, { ids })) {
        first.set(id, precedence)
      }
    }
    return rows
      .filter((row) => first.get(row[0]) === row[29])
      .map((row) => ({ position: positionOf(row), event: eventOf(row) }))
  }
}

type AdmissionRow = [
  timestampMs: number,
  tenantId: string,
  keyId: string,
  routeId: string,
  requests: number,
  units: number,
]

type BreakdownColumns = [
  tenantId: string,
  keyId: string,
  routeId: string,
  refusal: string,
  requests: number,
  refused: number,
  failed: number,
  billable: number,
  usageUnits: number,
  bytesReceived: number,
  bytesSent: number,
  times: [quantiles: number[], calls: number],
]

/** Parameters travel in the address of a call, which may hold some 16 KiB. */
const IDS_AT_ONCE = 250
/** Some 1 MB of rows: an export of any length takes little memory. */
const PAGE_EVENTS = 2_000
const SLICE_EVENTS = 20_000

/** How far back the last events are looked for, in positions: ten seconds, ten minutes, ten hours, all. */
const LOOK_BACK_MICROS: readonly number[] = [1e7, 6e8, 3.6e10, PRECEDENCE_MAX]

const FROM_MS = "fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC')"
const TO_MS = "fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')"

const FIND = `
  SELECT ${EVENT_COLUMNS} FROM usage_events WHERE id IN {ids:Array(String)}
  ORDER BY id, precedence DESC LIMIT 1 BY id`

// Our own id as the request id, and an id of the client's: each by an index of its own.
const FIND_BY_REQUEST = `
  SELECT * FROM (
    SELECT * FROM (
      SELECT ${EVENT_COLUMNS} FROM usage_events WHERE id = {requestId:String} AND client_request_id IS NULL
      UNION ALL
      SELECT ${EVENT_COLUMNS} FROM usage_events WHERE client_request_id = {requestId:String}
    )
    ORDER BY precedence DESC LIMIT 1 BY id
  )
  ORDER BY precedence LIMIT {limit:UInt32}`

const WATERMARK = `
  SELECT max(seq) FROM usage_watermarks WHERE node_id = {nodeId:String} AND epoch = {epoch:Int64}`

const LAST_EPOCH = 'SELECT max(epoch) FROM usage_watermarks WHERE node_id = {nodeId:String}'

const SHIPMENT = `
  SELECT spooled_from, spooled_to, shipped FROM usage_shipments
  WHERE node_id = {nodeId:String} AND epoch = {epoch:Int64} AND last_seq >= {seq:Int64}
  ORDER BY last_seq, shipped DESC LIMIT 1`

const APPENDED_AFTER = `
  SELECT ${EVENT_COLUMNS} FROM usage_events WHERE precedence < {below:UInt64}
  ORDER BY precedence DESC LIMIT {limit:UInt32} WITH TIES`

const APPENDED_BEFORE = `
  SELECT ${EVENT_COLUMNS} FROM usage_events
  WHERE precedence >= {from:UInt64} AND precedence <= {below:UInt64}
  ORDER BY precedence LIMIT {limit:UInt32} WITH TIES`

const FIRST = `
  SELECT id, max(precedence) FROM usage_events WHERE id IN {ids:Array(String)} GROUP BY id`

const PAGE = `
  SELECT ${EVENT_COLUMNS} FROM usage_events FINAL
  WHERE timestamp >= ${FROM_MS} AND timestamp < ${TO_MS}
    AND (timestamp > ${FROM_MS} OR id > {lastId:String})
    AND ({tenantId:String} = '' OR tenant_id = {tenantId:String})
  ORDER BY timestamp, id LIMIT {limit:UInt32}`

const ADMISSIONS = `
  SELECT intDiv(toUnixTimestamp64Milli(timestamp), {stepMs:Int64}) * {stepMs:Int64} AS step, tenant_id, key_id,
    route_id, sum(count), sum(usage_units)
  FROM usage_events FINAL
  WHERE timestamp >= ${FROM_MS} AND timestamp < ${TO_MS}
    AND outcome <> 'refused' AND tenant_id <> '' AND source = 'gateway'
  GROUP BY step, tenant_id, key_id, route_id ORDER BY step, tenant_id, key_id, route_id`

/** Each field that is asked for is a column, each other one empty. */
function breakdownOf(by: readonly BreakdownField[]): string {
  const column = (field: BreakdownField): string =>
    by.includes(field) ? (field === 'refusal' ? field : `${field}_id`) : "''"
  return `
    SELECT ${column('tenant')} AS tenant, ${column('key')} AS key, ${column('route')} AS route, ${column('refusal')} AS why,
      sum(count),
      sumIf(count, outcome = 'refused'), sumIf(count, status_code >= 500), sumIf(count, billable),
      sum(usage_units), sum(bytes_received), sum(bytes_sent),
      (
        quantilesExactWeightedIf(${LATENCY_SHARES.join(', ')})(
          response_time_ms, 1, count = 1 AND outcome NOT IN ('refused', 'open')
        ),
        countIf(count = 1 AND outcome NOT IN ('refused', 'open'))
      )
    FROM usage_events FINAL
    WHERE timestamp >= ${FROM_MS} AND timestamp < ${TO_MS}
      AND ({tenantId:String} = '' OR tenant_id = {tenantId:String})
    GROUP BY tenant, key, route, why ORDER BY tenant, key, route, why`
}
