import type Database from 'better-sqlite3'
import { GatezError } from '../../errors/gatez-error.ts'
import type { Outcome, UsageEvent } from '../../model/event.ts'

/** A row of the view `events`. Its columns are the public names of an event, so SQL reads like the docs. */
export interface EventRow {
  readonly id: string
  readonly timestamp: number
  readonly tenant_id: string
  readonly key_id: string
  readonly api_id: string
  readonly route_id: string
  readonly plan_id: string
  readonly plan_version: number
  readonly subscription_id: string
  readonly method: string
  readonly endpoint: string
  readonly status_code: number
  readonly outcome: Outcome
  readonly refusal: string
  readonly billable: number
  readonly response_time_ms: number
  readonly bytes_sent: number
  readonly bytes_received: number
  readonly usage_units: number
  readonly quantities: string
  readonly dimensions: string
  readonly leaks: string
  readonly client_ip: string
  readonly request_id: string
  readonly node_id: string
  readonly epoch: number
  readonly seq: number
  readonly source: string
  readonly count: number
}

/** The event a row stands for. */
export function eventOfRow(row: EventRow): UsageEvent {
  return {
    id: row.id,
    timestampMs: row.timestamp,
    tenantId: row.tenant_id,
    keyId: row.key_id,
    apiId: row.api_id,
    routeId: row.route_id,
    planId: row.plan_id,
    planVersion: row.plan_version,
    subscriptionId: row.subscription_id,
    method: row.method,
    endpoint: row.endpoint,
    statusCode: row.status_code,
    outcome: row.outcome,
    refusal: row.refusal,
    billable: row.billable === 1,
    responseTimeMs: row.response_time_ms,
    bytesSent: row.bytes_sent,
    bytesReceived: row.bytes_received,
    usageUnits: row.usage_units,
    quantities: JSON.parse(row.quantities),
    dimensions: JSON.parse(row.dimensions),
    ...(row.leaks !== '{}' && { leaks: JSON.parse(row.leaks) }),
    clientIp: row.client_ip,
    requestId: row.request_id,
    nodeId: row.node_id,
    epoch: row.epoch,
    seq: row.seq,
    source: row.source,
    count: row.count,
  }
}

/**
 * Brings a usage log file to the schema of this program.
 *
 * A file of a newer gatez is refused, never guessed at. Two processes that open a new file at once
 * both find it ready.
 */
export function migrateUsageLog(db: Database.Database): void {
  const readVersion = db.prepare<[], number>('PRAGMA user_version').pluck()
  if (readVersion.get() === SCHEMA_VERSION) return
  const migrate = db.transaction(() => {
    const version = readVersion.get() ?? 0
    if (version > SCHEMA_VERSION) {
      const detail = `the usage log has schema ${version}, this gatez knows up to ${SCHEMA_VERSION}: run a newer gatez.`
      throw new GatezError('store-unavailable', detail)
    }
    if (version === SCHEMA_VERSION) return
    if (version < 1) db.exec(SCHEMA)
    if (version < 2) db.exec(SCHEMA_2)
    db.pragma(`user_version = ${SCHEMA_VERSION}`)
  })
  migrate.immediate()
}

const SCHEMA_VERSION = 2

/** The public columns of an event, and where each of them is kept. */
const COLUMN_SOURCES: Readonly<Record<keyof EventRow, string>> = {
  id: 'e.id',
  timestamp: 'e.timestamp',
  tenant_id: 't.tenant_id',
  key_id: 'c.key_id',
  api_id: 'k.api_id',
  route_id: 'k.route_id',
  plan_id: 'c.plan_id',
  plan_version: 'c.plan_version',
  subscription_id: 'c.subscription_id',
  method: 'k.method',
  endpoint: 'e.endpoint',
  status_code: 'k.status_code',
  outcome: 'k.outcome',
  refusal: 'k.refusal',
  billable: 'k.billable',
  response_time_ms: 'e.response_time_ms',
  bytes_sent: 'e.bytes_sent',
  bytes_received: 'e.bytes_received',
  usage_units: 'e.usage_units',
  quantities: "coalesce(e.quantities, '{}')",
  dimensions: "coalesce(e.dimensions, '{}')",
  leaks: "coalesce(e.leaks, '{}')",
  client_ip: "coalesce(e.client_ip, '')",
  request_id: 'coalesce(e.request_id, e.id)',
  node_id: 'r.node_id',
  epoch: 'r.epoch',
  seq: 'e.seq',
  source: 'c.source',
  count: 'e.count',
}

/** What to select from `event_rows AS e` and its `EVENT_JOINS` to get an `EventRow`. */
export const EVENT_COLUMNS = Object.entries(COLUMN_SOURCES)
  .map(([column, source]) => `${source} AS ${column}`)
  .join(', ')

/** The names that an event has by number. CROSS JOIN, so that SQLite never starts from them. */
export const EVENT_JOINS = `
  CROSS JOIN callers AS c ON c.caller_no = e.caller_no
  CROSS JOIN tenants AS t ON t.tenant_no = c.tenant_no
  CROSS JOIN kinds AS k ON k.kind_no = e.kind_no
  CROSS JOIN runs AS r ON r.run_no = e.run_no`

// What many events share is kept once, under a number; `events` puts it together again. NULL stands for
// what most events have: no quantities, no dimensions, no address, and our id as the request id.
//
// events_of_tenant is an index by hand: as a real one it would touch a page per tenant and batch, which
// halves the speed of appending. It is filled in larger steps, and holds rows up to `through`.
//
// events_of_request holds the ids that clients gave. They are random, so a real index would touch a page
// per event; sorted within each step, rows are only ever added at the end, and a look-up asks every step.
const SCHEMA = `
  CREATE TABLE tenants (
    tenant_no INTEGER PRIMARY KEY,
    tenant_id TEXT NOT NULL UNIQUE
  ) STRICT;
  CREATE TABLE callers (
    caller_no INTEGER PRIMARY KEY,
    tenant_no INTEGER NOT NULL REFERENCES tenants,
    key_id TEXT NOT NULL,
    plan_id TEXT NOT NULL,
    plan_version INTEGER NOT NULL,
    subscription_id TEXT NOT NULL,
    source TEXT NOT NULL,
    UNIQUE (key_id, tenant_no, plan_id, plan_version, subscription_id, source)
  ) STRICT;
  CREATE TABLE kinds (
    kind_no INTEGER PRIMARY KEY,
    api_id TEXT NOT NULL,
    route_id TEXT NOT NULL,
    method TEXT NOT NULL,
    status_code INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    refusal TEXT NOT NULL,
    billable INTEGER NOT NULL,
    UNIQUE (route_id, api_id, method, status_code, outcome, refusal, billable)
  ) STRICT;
  CREATE TABLE runs (
    run_no INTEGER PRIMARY KEY,
    node_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    UNIQUE (node_id, epoch)
  ) STRICT;

  CREATE TABLE event_rows (
    event_no INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    timestamp INTEGER NOT NULL,
    caller_no INTEGER NOT NULL,
    kind_no INTEGER NOT NULL,
    run_no INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    endpoint TEXT NOT NULL,
    response_time_ms INTEGER NOT NULL,
    bytes_sent INTEGER NOT NULL,
    bytes_received INTEGER NOT NULL,
    usage_units INTEGER NOT NULL,
    count INTEGER NOT NULL DEFAULT 1,
    quantities TEXT,
    dimensions TEXT,
    client_ip TEXT,
    request_id TEXT
  ) STRICT;
  CREATE UNIQUE INDEX events_by_id ON event_rows (id);
  CREATE INDEX events_by_time ON event_rows (timestamp);

  CREATE TABLE events_of_tenant (
    tenant_no INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    event_no INTEGER NOT NULL,
    PRIMARY KEY (tenant_no, timestamp, event_no)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE tenants_indexed (through INTEGER NOT NULL) STRICT;
  INSERT INTO tenants_indexed VALUES (0);

  CREATE TABLE events_of_request (
    step_no INTEGER NOT NULL,
    request_id TEXT NOT NULL,
    event_no INTEGER NOT NULL,
    PRIMARY KEY (step_no, request_id, event_no)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE request_steps (
    step_no INTEGER PRIMARY KEY,
    through INTEGER NOT NULL
  ) STRICT;
  INSERT INTO request_steps VALUES (0, 0);

  CREATE TABLE watermarks (
    node_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (node_id, epoch)
  ) STRICT, WITHOUT ROWID;
`

// How events came here, up to where they are forgotten, and what could not be metered.
const SCHEMA_2 = `
  DROP VIEW IF EXISTS events;
  ALTER TABLE event_rows ADD COLUMN leaks TEXT;
  CREATE VIEW events AS SELECT ${EVENT_COLUMNS} FROM event_rows AS e ${EVENT_JOINS};
  CREATE TABLE shipments (
    run_no INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    spooled_from INTEGER NOT NULL,
    spooled_to INTEGER NOT NULL,
    shipped INTEGER NOT NULL,
    PRIMARY KEY (run_no, last_seq)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE forgotten (before INTEGER NOT NULL) STRICT;
  INSERT INTO forgotten VALUES (0);
`
