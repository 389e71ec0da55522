import { Kysely, sql } from 'kysely'
import type { Clock } from '../../lib/clock.ts'
import type { ServerFacts } from '../ports/server-facts.ts'
import { LATEST_VERSION, versionOf } from './migrate.ts'
import { postgresEngine } from './postgres-engine.ts'
import type { ControlSchema } from './schema.ts'

/** Looks at a control store in Postgres, and changes nothing. Throws `store-unavailable`. */
export async function examinePostgres(url: string, clock: Clock): Promise<ServerFacts> {
  const engine = postgresEngine(url, { connectionsMax: 1, name: 'doctor' })
  const db = new Kysely<ControlSchema>({ dialect: engine.dialect })
  try {
    const [server] = (await sql<ServerRow>`${SERVER}`.execute(db)).rows
    const { latencyMs, clockSkewMs } = await measure(db, clock)
    const schema = await versionOf(db, engine)
    const missing = schema === 0 ? [] : (await sql<MissingRow>`${MISSING}`.execute(db)).rows
    return {
      version: server?.version ?? '',
      versionNumber: server?.version_number ?? 0,
      user: server?.user ?? '',
      isSuperuser: server?.is_superuser ?? false,
      isStandby: server?.is_standby ?? false,
      isEncrypted: server?.is_encrypted ?? false,
      isLoopback: server?.is_loopback ?? false,
      mayCreate: server?.may_create ?? false,
      commitsDurably: server?.synchronous_commit !== 'off' && server?.fsync === 'on',
      connectionsMax: server?.connections_max ?? 0,
      latencyMs,
      clockSkewMs,
      schema,
      schemaKnown: LATEST_VERSION,
      missing: missing.map(({ name, wanted }) => `${wanted} on ${name}`),
      excess: schema === 0 ? [] : (await sql<ExcessRow>`${EXCESS}`.execute(db)).rows.map(({ name }) => name),
    }
  } finally {
    await db.destroy()
  }
}

interface ServerRow {
  readonly version: string
  readonly version_number: number
  readonly user: string
  readonly is_superuser: boolean
  readonly is_standby: boolean
  readonly is_encrypted: boolean
  readonly is_loopback: boolean
  readonly may_create: boolean
  readonly synchronous_commit: string
  readonly fsync: string
  readonly connections_max: number
}

interface MissingRow {
  readonly name: string
  readonly wanted: string
}

interface ExcessRow {
  readonly name: string
}

const TIMES = 9

/** The middle of some round trips, and the difference of the clocks in the quickest of them. */
async function measure(db: Kysely<ControlSchema>, clock: Clock) {
  const trips: { readonly tookMs: number; readonly skewMs: number }[] = []
  for (let time = 0; time < TIMES; time += 1) {
    const [startMs, wallMs] = [clock.monotonicMs(), clock.nowMs()]
    const { rows } = await sql<{ readonly now_ms: number }>`${NOW}`.execute(db)
    const tookMs = clock.monotonicMs() - startMs
    trips.push({ tookMs, skewMs: (rows[0]?.now_ms ?? 0) - (wallMs + tookMs / 2) })
  }
  trips.sort((one, other) => one.tookMs - other.tookMs)
  return {
    latencyMs: trips[Math.floor(TIMES / 2)]?.tookMs ?? 0,
    clockSkewMs: Math.round(trips[0]?.skewMs ?? 0),
  }
}

const NOW = sql`select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms`

const SERVER = sql`
  select current_setting('server_version') as version,
    current_setting('server_version_num')::int as version_number,
    current_user as user, (select rolsuper or rolbypassrls from pg_roles where rolname = current_user) as is_superuser, pg_is_in_recovery() as is_standby,
    coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as is_encrypted,
    coalesce(host(inet_client_addr()) in ('127.0.0.1', '::1'), true) as is_loopback,
    has_schema_privilege(current_schema(), 'CREATE') as may_create,
    current_setting('synchronous_commit') as synchronous_commit, current_setting('fsync') as fsync,
    current_setting('max_connections')::int as connections_max`

/** What gatez must be able to do with each of its tables, and may not; of some it only changes some columns. */
const MISSING = sql`
  select tablename as name, wanted
  from pg_tables cross join unnest(array['SELECT', 'INSERT', 'UPDATE']) as wanted
  where schemaname = current_schema() and tablename <> 'schema_migrations'
    and (wanted <> 'UPDATE' or tablename in ('rollups', 'rollup_quantities', 'watermarks', 'usage_seals', 'keys', 'tenants'))
    and not has_any_column_privilege(quote_ident(schemaname) || '.' || quote_ident(tablename), wanted)
  order by 1, 2`

/** Tables of what was counted and done, of which a user who does not own them may remove rows. */
const EXCESS = sql`
  select tablename as name from pg_tables
  where schemaname = current_schema()
    and tablename in ('adjustments', 'audit', 'ingested_events', 'invoice_entries', 'rollups', 'usage_seals')
    and not pg_has_role(current_user, tableowner, 'USAGE')
    and has_table_privilege(quote_ident(schemaname) || '.' || quote_ident(tablename), 'DELETE')
  order by 1`
