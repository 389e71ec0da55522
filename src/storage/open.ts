import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { Config } from '../config/config.ts'
import type { Clock } from '../lib/clock.ts'
import { GuardedCounters, type GuardedParts } from '../limits/guarded-counters.ts'
import type { ClickHouseUsagePlace } from './clickhouse/usage-log.ts'
import { counterMemory } from './memory/counter-table.ts'
import { MemoryCounterStore } from './memory/counters.ts'
import type { ControlStore } from './ports/control-store.ts'
import type { CounterServerFacts } from './ports/counter-server-facts.ts'
import type { CounterStore, LocalCounterStore } from './ports/counters.ts'
import type { GrantReader } from './ports/grant-reader.ts'
import type { ServerFacts } from './ports/server-facts.ts'
import type { CounterTrust } from './ports/shared-counters.ts'
import type { StoresSnapshot } from './ports/stores-snapshot.ts'
import type { UsageLog } from './ports/usage-log.ts'
import type { UsageServerFacts } from './ports/usage-server-facts.ts'
import { RedisConnection } from './redis/connection.ts'
import { RedisCounterStore } from './redis/counters.ts'
import { examineRedis } from './redis/examine.ts'
import { RedisCounterTrust } from './redis/trust.ts'
import { openSqlControlStore } from './sql/control-store.ts'
import type { SqlEngine } from './sql/engine.ts'
import { type FolderLock, lockFolder } from './sql/folder-lock.ts'
import { SqliteGrantReader } from './sql/grant-reader.ts'
import { LateGrantReader } from './sql/late-grant-reader.ts'
import { placeOf } from './sql/postgres-place.ts'
import { readSchemaVersion, type SchemaVersion } from './sql/schema-version.ts'
import { type SpooledRun, spooledRuns } from './sql/spooled-runs.ts'
import { sqliteEngine } from './sql/sqlite-engine.ts'
import { type FileCache, openSqliteFile, openSqliteFileForReading } from './sql/sqlite-file.ts'
import { sqliteProblem } from './sql/sqlite-problem.ts'
import { SqliteStoresSnapshot } from './sql/stores-snapshot.ts'
import { openSqliteUsageLog } from './sql/usage-log.ts'

export type { FileCache }

/**
 * Opens the control store that the file names; makes a file, and its folder, when it is not there yet.
 *
 * Throws `store-unavailable` or `folder-not-writable` when that cannot be done.
 */
export async function openControlStore(
  config: StoresOnly,
  clock: Clock,
  cache: FileCache = 'usual',
): Promise<ControlStore> {
  const { control } = config.stores
  const engine =
    control.driver === 'postgres'
      ? await postgres(control.url, CONNECTIONS_MAX)
      : sqliteEngine(openSqliteFile(control.path, cache))
  return openSqlControlStore(engine, clock)
}

/** What an operator knows the control store by: a path, or an address without its password. */
export function controlStorePlace({ stores: { control } }: StoresOnly): string {
  return control.driver === 'postgres' ? placeOf(control.url) : control.path
}

/** Which schema the control store has; 0 when there is none yet. Changes nothing. */
export async function schemaOfControlStore({ stores: { control } }: StoresOnly): Promise<SchemaVersion> {
  if (control.driver === 'postgres') return readSchemaVersion(await postgres(control.url, 1))
  const database = existsSync(control.path)
    ? openSqliteFileForReading(control.path)
    : openSqliteFile(':memory:')
  return readSchemaVersion(sqliteEngine(database))
}

/** What is to be known of the server that the control store is in; undefined when it is a file. */
export async function examineControlServer(
  { stores: { control } }: StoresOnly,
  clock: Clock,
): Promise<ServerFacts | undefined> {
  if (control.driver !== 'postgres') return undefined
  const { examinePostgres } = await import('./sql/postgres-examine.ts')
  return examinePostgres(control.url, clock)
}

/** Opens what a gateway thread reads keys through. The control store must have been opened before. */
export function openGrantReader(config: StoresOnly, clock: Clock): GrantReader {
  const { control } = config.stores
  return control.driver === 'postgres'
    ? new LateGrantReader(openPostgresGrantReader(control.url, clock))
    : new SqliteGrantReader(openSqliteFileForReading(control.path), clock)
}

/**
 * Opens the usage log that the file names; makes a file when it is not there yet.
 *
 * One in ClickHouse is reached for with the first call only.
 */
export async function openUsageLog({ stores: { usage } }: StoresOnly): Promise<UsageLog> {
  if (usage.driver !== 'clickhouse') return openSqliteUsageLog(usage.path)
  const { ClickHouseUsageLog } = await import('./clickhouse/usage-log.ts')
  return new ClickHouseUsageLog(usage)
}

/** What is to be known of the server that the usage log is in; undefined when it is a file. */
export async function examineUsageServer(
  { stores: { usage } }: StoresOnly,
  clock: Clock,
): Promise<UsageServerFacts | undefined> {
  if (usage.driver !== 'clickhouse') return undefined
  const { examineClickHouse } = await import('./clickhouse/examine.ts')
  return examineClickHouse(usage, clock)
}

/** What is to be known of the server that limits are counted in; undefined when that is this process. */
export async function examineCounterServer(
  { stores: { counters } }: StoresOnly,
  clock: Clock,
): Promise<CounterServerFacts | undefined> {
  return counters.driver === 'redis' ? examineRedis(counters, clock) : undefined
}

/** Takes the data folder for this process alone; `data-folder-locked` when another one serves from it. */
export function lockDataFolder(dir: string): FolderLock {
  return lockFolder(dir)
}

/** Memory for the counters of this process: made once, handed to every thread. */
export function makeCounterMemory(mib: number): SharedArrayBuffer {
  return counterMemory(mib)
}

/** The counters in that memory, as one thread uses them. */
export function openCounters(memory: SharedArrayBuffer): CounterStore {
  return new MemoryCounterStore(memory)
}

/** The counters that limits of a gateway thread are counted in: where the file says. */
export function openGatewayCounters(
  { stores, gateway }: CountersOnly,
  memory: SharedArrayBuffer,
  parts: CountersParts,
) {
  const local = openLocalCounters(memory)
  const { counters } = stores
  if (counters.driver === 'memory') return { counters: local, ready: () => Promise.resolve() }
  const { clock, clockOffsetMs } = parts
  const shared = new RedisCounterStore({
    connection: new RedisConnection(counters, 'gatez'),
    holder: randomUUID(),
    answerMsMax: counters.answerMsMax,
    trust: 'checked',
    clock: clockOffsetMs,
    nowMs: () => clock.nowMs(),
  })
  const guarded = new GuardedCounters({ ...parts, shared, local, nodes: gateway.nodes })
  return { counters: guarded, ready: () => guarded.ready(READY_MS) }
}

/** What looks after counters that nodes share; undefined where none are. */
export function openCounterTrust(
  { stores: { counters } }: Pick<Config, 'stores'>,
  clock: Clock,
  clockOffsetMs: number,
): CounterTrust | undefined {
  if (counters.driver === 'memory') return undefined
  return new RedisCounterTrust({
    connection: new RedisConnection(counters, 'gatez-upkeep'),
    holder: randomUUID(),
    clock: clockOffsetMs,
    nowMs: () => clock.nowMs(),
  })
}

/** The counters in that memory, for what belongs to this process alone wherever limits are counted. */
export function openLocalCounters(memory: SharedArrayBuffer): LocalCounterStore {
  return new MemoryCounterStore(memory)
}

/**
 * Holds all stores at one moment, beside a gateway that writes to them; dispose it when copied.
 *
 * The files of the spool stand for themselves: it belongs to the node, not to the configuration.
 */
export async function snapshotStores(
  { stores }: StoresOnly,
  spool: readonly string[],
): Promise<StoresSnapshot> {
  const { control, usage } = stores
  const files = await SqliteStoresSnapshot.take(
    {
      spool,
      ...(control.driver === 'sqlite' && { control: control.path }),
      ...(usage.driver === 'sqlite' && { usage: usage.path }),
    },
    control.driver === 'postgres' ? control.url : undefined,
  )
  return usage.driver === 'sqlite' ? files : besideLog(files, usage)
}

/** What lies in one file of a spool, by run; nothing where there is no such file. */
export function runsInSpool(path: string): readonly SpooledRun[] {
  return spooledRuns(path)
}

/** What SQLite finds wrong with the inner order of a file, a sentence each; empty when it is sound. */
export function damageOf(path: string): readonly string[] {
  const database = openSqliteFileForReading(path)
  try {
    const found = database.prepare<[], string>('PRAGMA quick_check').pluck().all()
    return found.filter((line) => line !== 'ok')
  } catch (error) {
    const problem = sqliteProblem(error, path)
    return [problem instanceof Error ? problem.message : String(problem)]
  } finally {
    database.close()
  }
}

/** How long a gateway thread waits for shared counters before it listens without them. */
const READY_MS = 3_000

type CountersOnly = Pick<Config, 'stores' | 'gateway'>
type CountersParts = Pick<GuardedParts, 'clock' | 'tally' | 'onChange'> & { readonly clockOffsetMs: number }
async function besideLog(files: StoresSnapshot, usage: ClickHouseUsagePlace): Promise<StoresSnapshot> {
  try {
    const { SnapshotBesideLog } = await import('./clickhouse/snapshot-beside-log.ts')
    const { holdUsageLog } = await import('./clickhouse/held-usage-log.ts')
    return new SnapshotBesideLog(files, await holdUsageLog(usage))
  } catch (error) {
    files[Symbol.dispose]()
    throw error
  }
}

// The driver of Postgres takes 40 ms to load: only who has such a store waits for it.
async function postgres(url: string, connectionsMax: number): Promise<SqlEngine> {
  const { postgresEngine } = await import('./sql/postgres-engine.ts')
  return postgresEngine(url, { connectionsMax, name: 'store' })
}

async function openPostgresGrantReader(url: string, clock: Clock): Promise<GrantReader> {
  const { PostgresGrantReader } = await import('./sql/postgres-grant-reader.ts')
  return new PostgresGrantReader(url, clock)
}

/** Of each thread that works on the store: what waits for one waits in a queue of its own. */
const CONNECTIONS_MAX = 4

type StoresOnly = Pick<Config, 'stores'>
