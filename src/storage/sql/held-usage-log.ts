import type Database from 'better-sqlite3'
import type { Outcome, UsageEvent } from '../../model/event.ts'
import type { HeldUsageLog } from '../ports/held-stores.ts'
import type { RunMark } from '../ports/ledger.ts'
import type { EventPlace } from '../ports/usage-log.ts'

/**
 * The usage log inside a read transaction of the caller.
 *
 * It reads the tables themselves, not the view `events`: a name that is missing leaves an event
 * that differs, where a join would leave none.
 */
export class HeldSqliteUsageLog implements HeldUsageLog {
  readonly marks: readonly RunMark[]
  readonly marksFollowRows = false
  readonly keptSinceMs: number
  readonly #database: Database.Database
  readonly #names: HeldNames

  constructor(database: Database.Database) {
    this.#database = database
    this.#names = new HeldNames(database)
    this.marks = database.prepare<[], RunMark>(MARKS).all()
    this.keptSinceMs = database.prepare<[], number>('SELECT before FROM forgotten').pluck().get() ?? 0
  }

  async *events(fromMs: number, toMs: number): AsyncGenerator<readonly UsageEvent[]> {
    const rows = this.#database.prepare<[number, number], HeldRow>(EVENTS).raw()
    yield* this.#lists(rows.iterate(fromMs, toMs))
  }

  async *eventsOfTenant(
    tenantId: string,
    fromMs: number,
    toMs: number,
  ): AsyncGenerator<readonly UsageEvent[]> {
    const parameters = { tenantId, fromMs, toMs }
    for (const query of [INDEXED_OF_TENANT, LATER_OF_TENANT]) {
      const rows = this.#database.prepare<[typeof parameters], HeldRow>(query).raw()
      yield* this.#lists(rows.iterate(parameters))
    }
  }

  async findAll(ids: readonly string[]): Promise<ReadonlyMap<string, UsageEvent>> {
    const find = this.#database.prepare<[string], HeldRow>(FIND).raw()
    const found = new Map<string, UsageEvent>()
    for (const id of ids) {
      const row = find.get(id)
      if (row !== undefined) found.set(id, this.#eventOf(row))
    }
    return found
  }

  async seqsBetween(
    { nodeId, epoch }: Omit<EventPlace, 'seq'>,
    first: number,
    last: number,
  ): Promise<readonly number[]> {
    return this.#database
      .prepare<[string, number, number, number], number>(SEQS)
      .pluck()
      .all(nodeId, epoch, first, last)
  }

  async misindexed(fromMs: number, toMs: number): Promise<readonly string[]> {
    const parameters = { fromMs, toMs }
    return this.#database.prepare<[typeof parameters], string>(MISINDEXED).pluck().all(parameters)
  }

  *#lists(rows: Iterable<HeldRow>): Generator<readonly UsageEvent[]> {
    let list: UsageEvent[] = []
    for (const row of rows) {
      list.push(this.#eventOf(row))
      if (list.length < LIST_EVENTS) continue
      yield list
      list = []
    }
    yield list
  }

  #eventOf(row: HeldRow): UsageEvent {
    const [id, timestampMs, callerNo, kindNo, runNo, seq, endpoint, ms, sent, received, units, count] = row
    const [, , , , , , , , , , , , quantities, dimensions, leaks, clientIp, requestId] = row
    return {
      id,
      timestampMs,
      ...this.#names.caller(callerNo),
      ...this.#names.kind(kindNo),
      ...this.#names.run(runNo),
      endpoint,
      responseTimeMs: ms,
      bytesSent: sent,
      bytesReceived: received,
      usageUnits: units,
      quantities: quantities === null ? NOTHING : recordOf(quantities),
      dimensions: dimensions === null ? NOTHING : recordOf(dimensions),
      ...(leaks !== null && { leaks: recordOf(leaks) }),
      clientIp: clientIp ?? '',
      requestId: requestId ?? id,
      seq,
      count,
    }
  }
}

const LIST_EVENTS = 1_000

/** In the order of `COLUMNS`. */
type HeldRow = [
  id: string,
  timestamp: number,
  callerNo: number,
  kindNo: number,
  runNo: number,
  seq: number,
  endpoint: string,
  responseTimeMs: number,
  bytesSent: number,
  bytesReceived: number,
  usageUnits: number,
  count: number,
  quantities: string | null,
  dimensions: string | null,
  leaks: string | null,
  clientIp: string | null,
  requestId: string | null,
]

/** The names that events have by number, each looked up once. */
class HeldNames {
  readonly caller: (no: number) => CallerNames
  readonly kind: (no: number) => KindNames
  readonly run: (no: number) => RunNames

  constructor(database: Database.Database) {
    const callers = database.prepare<[number], CallerNames>(CALLER)
    const kinds = database.prepare<[number], KindRow>(KIND)
    const runs = database.prepare<[number], RunNames>(RUN)
    this.caller = remembered((no) => callers.get(no) ?? NO_CALLER)
    this.kind = remembered((no) => {
      const row = kinds.get(no)
      return row === undefined ? NO_KIND : kindOf(row)
    })
    this.run = remembered((no) => runs.get(no) ?? NO_RUN)
  }
}

// 0 and 1 are all that is ever written: a row with anything else was not written by gatez.
function kindOf({ billable, ...names }: KindRow): KindNames {
  const refusal = billable === 0 || billable === 1 ? names.refusal : `${names.refusal} billable=${billable}`
  return { ...names, refusal, billable: billable === 1 }
}

function remembered<Names>(find: (no: number) => Names): (no: number) => Names {
  const known = new Map<number, Names>()
  return (no) => {
    let names = known.get(no)
    if (names === undefined) {
      names = find(no)
      known.set(no, names)
    }
    return names
  }
}

// A record that someone broke is not what was sealed, whatever it is read as.
function recordOf(text: string): Readonly<Record<string, string>> {
  try {
    const record: unknown = JSON.parse(text)
    if (typeof record === 'object' && record !== null) return Object.fromEntries(Object.entries(record))
  } catch {
    // Told below.
  }
  return { '': text }
}

type CallerNames = Pick<
  UsageEvent,
  'tenantId' | 'keyId' | 'planId' | 'planVersion' | 'subscriptionId' | 'source'
>
type KindNames = Pick<
  UsageEvent,
  'apiId' | 'routeId' | 'method' | 'statusCode' | 'outcome' | 'refusal' | 'billable'
>
type KindRow = Omit<KindNames, 'billable'> & { readonly billable: number }
type RunNames = Pick<UsageEvent, 'nodeId' | 'epoch'>

const NOTHING: Readonly<Record<string, string>> = Object.freeze({})
const NO_CALLER: CallerNames = {
  ...{ tenantId: '', keyId: '', planId: '', planVersion: 0, subscriptionId: '', source: 'unknown' },
}
const OUTCOME: Outcome = 'ok'
const NO_KIND: KindNames = {
  ...{ apiId: '', routeId: '', method: 'unknown', statusCode: 0, outcome: OUTCOME, refusal: '' },
  billable: false,
}
const NO_RUN: RunNames = { nodeId: '', epoch: 0 }

const COLUMNS = [
  ...[
    'id',
    'timestamp',
    'caller_no',
    'kind_no',
    'run_no',
    'seq',
    'endpoint',
    'response_time_ms',
    'bytes_sent',
  ],
  ...[
    'bytes_received',
    'usage_units',
    'count',
    'quantities',
    'dimensions',
    'leaks',
    'client_ip',
    'request_id',
  ],
]
  .map((column) => `e.${column}`)
  .join(', ')

const EVENTS = `
  SELECT ${COLUMNS} FROM event_rows AS e WHERE timestamp >= ? AND timestamp < ? ORDER BY timestamp`

const INDEXED_OF_TENANT = `
  SELECT ${COLUMNS} FROM events_of_tenant AS i CROSS JOIN event_rows AS e ON e.event_no = i.event_no
  WHERE i.tenant_no = (SELECT tenant_no FROM tenants WHERE tenant_id = @tenantId)
    AND i.timestamp >= @fromMs AND i.timestamp < @toMs
  ORDER BY i.timestamp`

// What the index does not hold yet.
const LATER_OF_TENANT = `
  SELECT ${COLUMNS} FROM event_rows AS e CROSS JOIN callers AS c ON c.caller_no = e.caller_no
  WHERE e.event_no > (SELECT through FROM tenants_indexed)
    AND c.tenant_no = (SELECT tenant_no FROM tenants WHERE tenant_id = @tenantId)
    AND e.timestamp >= @fromMs AND e.timestamp < @toMs
  ORDER BY e.event_no`

const FIND = `SELECT ${COLUMNS} FROM event_rows AS e WHERE id = ?`

const MARKS = 'SELECT node_id AS nodeId, epoch, seq FROM watermarks ORDER BY node_id, epoch'

const SEQS = `
  SELECT seq FROM event_rows
  WHERE run_no IN (SELECT run_no FROM runs WHERE node_id = ? AND epoch = ?) AND seq BETWEEN ? AND ?`

const CALLER = `
  SELECT coalesce(t.tenant_id, '?') AS tenantId, c.key_id AS keyId, c.plan_id AS planId,
    c.plan_version AS planVersion, c.subscription_id AS subscriptionId, c.source
  FROM callers AS c LEFT JOIN tenants AS t ON t.tenant_no = c.tenant_no WHERE c.caller_no = ?`

const KIND = `
  SELECT api_id AS apiId, route_id AS routeId, method, status_code AS statusCode, outcome, refusal, billable
  FROM kinds WHERE kind_no = ?`

const RUN = 'SELECT node_id AS nodeId, epoch FROM runs WHERE run_no = ?'

// What the index by tenant should hold and does not, then what it holds and should not.
const MISINDEXED = `
  SELECT e.id FROM event_rows AS e CROSS JOIN callers AS c ON c.caller_no = e.caller_no
  WHERE e.timestamp >= @fromMs AND e.timestamp < @toMs
    AND e.event_no <= (SELECT through FROM tenants_indexed)
    AND NOT EXISTS (
      SELECT 1 FROM events_of_tenant AS i
      WHERE i.tenant_no = c.tenant_no AND i.timestamp = e.timestamp AND i.event_no = e.event_no
    )
  UNION ALL
  SELECT coalesce(e.id, '') FROM events_of_tenant AS i
  LEFT JOIN event_rows AS e ON e.event_no = i.event_no
  LEFT JOIN callers AS c ON c.caller_no = e.caller_no
  WHERE i.timestamp >= @fromMs AND i.timestamp < @toMs
    AND (e.timestamp IS NOT i.timestamp OR c.tenant_no IS NOT i.tenant_no)
  LIMIT 20`
