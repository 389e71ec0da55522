import { GatezError } from '../../errors/gatez-error.ts'
import type { ClickHouseConnection, ClickHousePlace } from './connection.ts'
import { placeName } from './place-name.ts'

/** How far the schema of a usage log is. */
export interface SchemaState {
  /** 0 where there is none yet. */
  readonly version: number
  readonly known: number
}

/**
 * Brings the tables of the usage log to the schema of this program, and its TTL to the retention.
 *
 * Each step may be repeated, so two nodes that begin at once do no harm. A schema of a newer gatez is refused.
 */
export async function migrateUsageLog(
  connection: ClickHouseConnection,
  retentionDays: number | null,
): Promise<void> {
  const { place } = connection
  const { version } = await usageLogSchema(connection)
  if (version > MIGRATIONS.length) {
    const detail = `The usage log in ClickHouse at ${placeName(place)} has schema ${version}, this gatez knows up to ${MIGRATIONS.length}: run a newer gatez.`
    throw new GatezError('store-unavailable', detail)
  }
  for (const [index, statements] of MIGRATIONS.entries()) {
    if (index < version) continue
    for (const statement of statements(place)) await connection.command(statement)
    await connection.insert('usage_schema', ['version'], [`[${index + 1}]`])
  }
  if (retentionDays !== null) await keepFor(connection, retentionDays)
}

/** Reads it without changing anything. */
export async function usageLogSchema(connection: ClickHouseConnection): Promise<SchemaState> {
  const { database } = connection.place
  const there = await connection.rows(
    'SELECT 1 FROM system.tables WHERE database = {database:String} AND name = {name:String}',
    {
      database,
      name: 'usage_schema',
    },
  )
  if (there.length === 0) return { version: 0, known: MIGRATIONS.length }
  const [version] = await connection.row<[number]>('SELECT max(version) FROM usage_schema')
  return { version, known: MIGRATIONS.length }
}

/** Further ahead the server's times run over, and what is new would look old. */
export const TTL_DAYS_MAX = 18_250

/** The server drops whole parts when all of their events are older: nothing is written for it. */
async function keepFor(connection: ClickHouseConnection, days: number): Promise<void> {
  const { place } = connection
  const [made] = await connection.row<[string]>(
    'SELECT create_table_query FROM system.tables WHERE database = {database:String} AND name = {name:String}',
    { database: place.database, name: 'usage_events' },
  )
  if (days > TTL_DAYS_MAX) {
    if (made.includes(' TTL '))
      await connection.command(`ALTER TABLE usage_events ${onCluster(place)} REMOVE TTL`)
    return
  }
  if (made.includes(`toIntervalDay(${days})`)) return
  await connection.command(
    `ALTER TABLE usage_events ${onCluster(place)} MODIFY TTL toDateTime(timestamp) + toIntervalDay(${days}) SETTINGS materialize_ttl_after_modify = 0`,
  )
}

type Migration = (place: ClickHousePlace) => readonly string[]

function onCluster({ cluster }: ClickHousePlace): string {
  return cluster === null ? '' : `ON CLUSTER ${identifier(cluster)}`
}

function identifier(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
}

/** The engine of a table, and the settings that make a repeated insert count once. */
function engine({ cluster }: ClickHousePlace, name: string, version = ''): string {
  if (cluster === null) return `${name}(${version})`
  const replica = "'/clickhouse/tables/{uuid}/{shard}', '{replica}'"
  return `Replicated${name}(${replica}${version === '' ? '' : `, ${version}`})`
}

function windows({ cluster }: ClickHousePlace): string {
  return cluster === null
    ? `non_replicated_deduplication_window = ${WINDOW_INSERTS}`
    : `replicated_deduplication_window = ${WINDOW_INSERTS}, replicated_deduplication_window_seconds = 604800`
}

/** Inserts whose tokens are remembered: far more than can lie between one and its repetition. */
const WINDOW_INSERTS = 10_000

/** An answer means that it is on disk. */
const DURABLE = 'fsync_after_insert = 1, fsync_part_directory = 1'

// Ids are last in the order of rows: what was written twice meets in a merge, and in FINAL. The hour comes
// first, so that a span of time is read without the rest of its month; then the tenant, so that a tenant is.
const events: Migration = (place) => [
  `CREATE TABLE IF NOT EXISTS usage_events ${onCluster(place)} (
    id String CODEC(ZSTD(1)),
    timestamp DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    tenant_id LowCardinality(String),
    key_id String CODEC(ZSTD(1)),
    api_id LowCardinality(String),
    route_id LowCardinality(String),
    plan_id LowCardinality(String),
    plan_version Int64 CODEC(T64, ZSTD(1)),
    subscription_id String CODEC(ZSTD(1)),
    method LowCardinality(String),
    endpoint String CODEC(ZSTD(1)),
    status_code Int32 CODEC(T64, ZSTD(1)),
    outcome LowCardinality(String),
    refusal LowCardinality(String),
    billable Bool CODEC(ZSTD(1)),
    response_time_ms Int64 CODEC(T64, ZSTD(1)),
    bytes_sent Int64 CODEC(T64, ZSTD(1)),
    bytes_received Int64 CODEC(T64, ZSTD(1)),
    usage_units Int64 CODEC(T64, ZSTD(1)),
    quantities Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    dimensions Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    client_ip String CODEC(ZSTD(1)),
    client_request_id Nullable(String) CODEC(ZSTD(1)),
    request_id String ALIAS coalesce(client_request_id, id),
    node_id LowCardinality(String),
    epoch Int64 CODEC(T64, ZSTD(1)),
    seq Int64 CODEC(DoubleDelta, ZSTD(1)),
    source LowCardinality(String),
    count Int64 CODEC(T64, ZSTD(1)),
    leaks Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    precedence UInt64 CODEC(DoubleDelta, ZSTD(1)),
    INDEX by_id id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_request client_request_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_precedence precedence TYPE minmax GRANULARITY 1,
    INDEX by_seq seq TYPE minmax GRANULARITY 1
  )
  ENGINE = ${engine(place, 'ReplacingMergeTree', 'precedence')}
  PARTITION BY toYYYYMM(timestamp)
  ORDER BY (toStartOfHour(timestamp), tenant_id, timestamp, id)
  SETTINGS ${windows(place)}, ${DURABLE}, ttl_only_drop_parts = 1`,
]

// How far each run of a node has come, and at which position of the log that was; how its events came here; and
// the few facts that the log keeps about itself.
const marks: Migration = (place) => [
  `CREATE TABLE IF NOT EXISTS usage_watermarks ${onCluster(place)} (
    node_id String, epoch Int64, seq Int64, position Int64
  )
  ENGINE = ${engine(place, 'ReplacingMergeTree', 'seq')} ORDER BY (node_id, epoch)
  SETTINGS ${DURABLE}`,
  `CREATE TABLE IF NOT EXISTS usage_shipments ${onCluster(place)} (
    node_id LowCardinality(String), epoch Int64, last_seq Int64 CODEC(DoubleDelta, ZSTD(1)),
    spooled_from Int64 CODEC(DoubleDelta, ZSTD(1)), spooled_to Int64 CODEC(DoubleDelta, ZSTD(1)),
    shipped Int64 CODEC(DoubleDelta, ZSTD(1))
  )
  ENGINE = ${engine(place, 'ReplacingMergeTree')} ORDER BY (node_id, epoch, last_seq)
  SETTINGS ${DURABLE}`,
  `CREATE TABLE IF NOT EXISTS usage_facts ${onCluster(place)} (name LowCardinality(String), value Int64)
  ENGINE = ${engine(place, 'ReplacingMergeTree')} ORDER BY (name, value)
  SETTINGS ${DURABLE}`,
]

const schema: Migration = (place) => [
  `CREATE TABLE IF NOT EXISTS usage_schema ${onCluster(place)} (version UInt32, at DateTime DEFAULT now())
  ENGINE = ${engine(place, 'ReplacingMergeTree')} ORDER BY version
  SETTINGS ${DURABLE}`,
]

/** In order; the version of a schema is how many of them were made. Only ever added to. */
const MIGRATIONS: readonly Migration[] = [(place) => [...schema(place), ...events(place), ...marks(place)]]
