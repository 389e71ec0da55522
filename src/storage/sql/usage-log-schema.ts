import type Database from 'better-sqlite3'
import { GatezError } from '../../errors/gatez-error.ts'
import type { Outcome, UsageEvent } from '../../model/event.ts'

/** A row of the usage log. The columns are the public names of an event, so SQL reads like the docs. */
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
  readonly client_ip: string
  readonly request_id: string
  readonly node_id: string
  readonly epoch: number
  readonly seq: number
  readonly source: string
  readonly count: number
}

/** The columns in the order in which `eventValues` gives the values. */
export const EVENT_COLUMNS = [
  'id',
  'timestamp',
  'tenant_id',
  'key_id',
  'api_id',
  'route_id',
  'plan_id',
  'plan_version',
  'subscription_id',
  'method',
  'endpoint',
  'status_code',
  'outcome',
  'refusal',
  'billable',
  'response_time_ms',
  'bytes_sent',
  'bytes_received',
  'usage_units',
  'quantities',
  'dimensions',
  'client_ip',
  'request_id',
  'node_id',
  'epoch',
  'seq',
  'source',
  'count',
] as const satisfies readonly (keyof EventRow)[]

/** The values of an event's row, in the order of `EVENT_COLUMNS`. */
export function eventValues(event: UsageEvent): readonly (string | number)[] {
  return [
    event.id,
    event.timestampMs,
    event.tenantId,
    event.keyId,
    event.apiId,
    event.routeId,
    event.planId,
    event.planVersion,
    event.subscriptionId,
    event.method,
    event.endpoint,
    event.statusCode,
    event.outcome,
    event.refusal,
    event.billable ? 1 : 0,
    event.responseTimeMs,
    event.bytesSent,
    event.bytesReceived,
    event.usageUnits,
    recordText(event.quantities),
    recordText(event.dimensions),
    event.clientIp,
    event.requestId,
    event.nodeId,
    event.epoch,
    event.seq,
    event.source,
    event.count,
  ]
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
    db.exec(SCHEMA)
    db.pragma(`user_version = ${SCHEMA_VERSION}`)
  })
  migrate.immediate()
}

// Almost every event has none: the text is shared, and nothing is serialised.
function recordText(record: Readonly<Record<string, string>>): string {
  for (const _ in record) return JSON.stringify(record)
  return '{}'
}

const SCHEMA_VERSION = 1

// events_of_tenant is an index by hand: as a real one it would touch a page per tenant and batch, which
// halves the speed of appending. It is filled in larger steps, and holds rows up to `through`.
const SCHEMA = `
  CREATE TABLE events (
    id TEXT NOT NULL,
    timestamp INTEGER NOT NULL,
    tenant_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    api_id TEXT NOT NULL,
    route_id TEXT NOT NULL,
    plan_id TEXT NOT NULL,
    plan_version INTEGER NOT NULL,
    subscription_id TEXT NOT NULL,
    method TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    status_code INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    refusal TEXT NOT NULL,
    billable INTEGER NOT NULL,
    response_time_ms INTEGER NOT NULL,
    bytes_sent INTEGER NOT NULL,
    bytes_received INTEGER NOT NULL,
    usage_units INTEGER NOT NULL,
    quantities TEXT NOT NULL,
    dimensions TEXT NOT NULL,
    client_ip TEXT NOT NULL,
    request_id TEXT NOT NULL,
    node_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    source TEXT NOT NULL,
    count INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX events_by_id ON events (id);
  CREATE INDEX events_by_time ON events (timestamp);

  CREATE TABLE events_of_tenant (
    tenant_id TEXT NOT NULL,
    timestamp INTEGER NOT NULL,
    event INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, timestamp, event)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE tenants_indexed (through INTEGER NOT NULL) STRICT;
  INSERT INTO tenants_indexed VALUES (0);

  CREATE TABLE watermarks (
    node_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (node_id, epoch)
  ) STRICT, WITHOUT ROWID;
`
