// What the usage log costs and gives, in ClickHouse and in SQLite: node test/bench/usage-log.ts [events]
// Events are spread over a month. In ClickHouse (the engine of chdb, in a process beside): how fast they are
// shipped, how long a report of the month by tenant takes, what an export keeps in memory, what a million takes on
// disk. Beside it the same report from the ledger on SQLite.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/lib/clock.ts'
import { UlidMaker } from '../../src/lib/id.ts'
import { encodeCaller, encodeEvent } from '../../src/metering/event.ts'
import { rollUp } from '../../src/metering/roll-up.ts'
import { Spool } from '../../src/metering/spool.ts'
import { SpoolReader } from '../../src/metering/spool-reader.ts'
import { usageReport } from '../../src/metering/usage-report.ts'
import type { UsageEvent } from '../../src/model/event.ts'
import { LogShipper } from '../../src/shipping/log-shipper.ts'
import { openControlStore, openUsageLog } from '../../src/storage/open.ts'
import { storesIn } from '../support/control-store.ts'
import { usagePlace } from '../support/services/clickhouse-place.ts'
import { ClickHouse } from '../support/services/clickhouse-process.ts'

const EVENTS = Number(process.argv[2] ?? 10_000_000)
const GROUP = 10_000
const SHIPPED = Math.min(EVENTS, 500_000)
const IN_SQLITE = Math.min(EVENTS, 1_000_000)
const NODE = { nodeId: 'node_2f6k0123456789abcdef', epoch: 1 }
const MONTH = { startMs: Date.UTC(2026, 9, 1), endMs: Date.UTC(2026, 10, 1) }
const [TENANTS, KEYS, ROUTES] = [1_000, 3, 50]

const address = process.env.GATEZ_BENCH_EXPORT
if (address !== undefined) await exportAll(address)
else await measure()

async function measure(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gatez-bench-'))
  const clickhouse = await ClickHouse.start()
  try {
    const url = await clickhouse.database()
    await ship(await clickhouse.database(), folder)
    await fill(url)
    await report(url)
    console.log(
      execFileSync(process.execPath, [import.meta.filename, String(EVENTS)], {
        env: { ...process.env, GATEZ_BENCH_EXPORT: url },
        encoding: 'utf8',
      }).trimEnd(),
    )
    const { database } = usagePlace(url)
    const [size] = await clickhouse.rows<{ bytes: number; rows: number }>(
      `SELECT sum(bytes_on_disk) AS bytes, sum(rows) AS rows FROM system.parts WHERE active AND database = '${database}' AND table = 'usage_events'`,
    )
    say(`a million events take ${megabytes(((size?.bytes ?? 0) / (size?.rows ?? 1)) * 1e6)} in ClickHouse`)
    await onSqlite(folder)
  } finally {
    await clickhouse.end()
    rmSync(folder, { recursive: true })
  }
}

/** From the spool, as `gatez serve` does when the ledger has them. */
async function ship(url: string, folder: string): Promise<void> {
  const path = join(folder, 'spool.db')
  const spool = new Spool({ path, durability: 'process', epoch: 1 })
  const events = eventMaker()
  for (let done = 0; done < SHIPPED; done += 500) {
    const made = Array.from({ length: 500 }, events)
    const lines = made.map((event) =>
      encodeEvent({ ...event, caller: encodeCaller(event), quantities: '', dimensions: '' }),
    )
    spool.append([{ lines: lines.join(''), count: made.length }], 0)
  }
  await using usageLog = await openUsageLog({ stores: storesAt(url) })
  const shipper = new LogShipper({
    ...{ spool: new SpoolReader(path), usageLog, nodeId: NODE.nodeId, onShipped: () => {} },
    ledgerThrough: () => ({ file: 1, batchId: Number.MAX_SAFE_INTEGER }),
    bounded: async (list) => list,
  })
  const took = await timed(() => shipper.ship())
  say(
    `shipped to ClickHouse: ${rate(SHIPPED, took.ms)} events/s, ${took.cpuMicros(SHIPPED)} µs CPU here an event`,
  )
}

async function fill(url: string): Promise<void> {
  await using usageLog = await openUsageLog({ stores: storesAt(url) })
  const events = eventMaker()
  const shipment = { spooledFromMs: MONTH.startMs, spooledToMs: MONTH.startMs, shippedMs: MONTH.startMs }
  for (let done = 0; done < EVENTS; done += GROUP) {
    await usageLog.append(Array.from({ length: GROUP }, events), shipment)
  }
}

async function report(url: string): Promise<void> {
  await using usageLog = await openUsageLog({ stores: storesAt(url) })
  const query = { fromMs: MONTH.startMs, toMs: MONTH.endMs, by: ['tenant'] } as const
  for (const what of ['first', 'again', 'again']) {
    const took = await timed(() => usageLog.breakdown(query))
    say(
      `month of ${count(EVENTS)} events by tenant, with quantiles, ClickHouse, ${what}: ${took.ms.toFixed(0)} ms`,
    )
  }
}

/** In a process of its own: nothing but the export is in its memory. */
async function exportAll(url: string): Promise<void> {
  await using usageLog = await openUsageLog({ stores: storesAt(url) })
  let [events, bytes, mostBytes] = [0, 0, 0]
  const took = await timed(async () => {
    for await (const event of usageLog.events({ fromMs: MONTH.startMs, toMs: MONTH.endMs })) {
      events += 1
      bytes += JSON.stringify(event).length
      if (events % 10_000 === 0) mostBytes = Math.max(mostBytes, process.memoryUsage.rss())
    }
  })
  say(
    `export of ${count(events)} events (${megabytes(bytes)}): ${rate(events, took.ms)} events/s, RSS at most ${megabytes(mostBytes)}`,
  )
}

async function onSqlite(folder: string): Promise<void> {
  const config = storesIn(folder)
  {
    await using usageLog = await openUsageLog(config)
    const events = eventMaker()
    for (let done = 0; done < IN_SQLITE; done += GROUP) {
      await usageLog.append(Array.from({ length: GROUP }, events))
    }
  }
  say(
    `a million events take ${megabytes((statSync(config.stores.usage.path).size / IN_SQLITE) * 1e6)} in SQLite`,
  )
  await using store = await openControlStore(config, systemClock)
  const events = eventMaker()
  for (let done = 0; done < EVENTS; done += GROUP) {
    const entries = rollUp(Array.from({ length: GROUP }, events))
    const advance = { ...NODE, afterSeq: done, throughSeq: done + GROUP }
    await store.transaction((tables) => tables.ledger.apply(entries, advance))
  }
  for (const what of ['first', 'again']) {
    const query = { span: MONTH, timezone: 'UTC', by: ['tenant'], tenant: undefined } as const
    const took = await timed(() => usageReport(store, query))
    say(`usage report of the month by tenant, ledger on SQLite, ${what}: ${took.ms.toFixed(0)} ms`)
  }
}

async function timed<Result>(work: () => Promise<Result>) {
  const beganMs = systemClock.monotonicMs()
  const cpu = process.cpuUsage()
  const result = await work()
  const { user, system } = process.cpuUsage(cpu)
  const cpuMicros = (events: number): string => ((user + system) / events).toFixed(1)
  return { result, ms: systemClock.monotonicMs() - beganMs, cpuMicros }
}

/** Calls in the order of time over the month; every fourth client names its request. */
function eventMaker(): () => UsageEvent {
  let [seq, nowMs] = [0, MONTH.startMs]
  const ids = new UlidMaker({ ...systemClock, nowMs: () => nowMs }, { epoch: 1, thread: 0 })
  const random = randomNumbers(42)
  return () => {
    nowMs = MONTH.startMs + Math.floor((seq / EVENTS) * (MONTH.endMs - MONTH.startMs - 1))
    seq += 1
    const [tenant, key, route] = [random(TENANTS), random(KEYS), random(ROUTES)]
    const id = ids.next()
    const failed = random(100) === 0
    return {
      ...{ id, timestampMs: nowMs, tenantId: `tenant-${tenant}`, apiId: 'bench', routeId: `route-${route}` },
      keyId: `key_2f6k0123456789ab${tenant * KEYS + key}`,
      ...{ planId: 'bench', planVersion: 1, subscriptionId: `sub_2f6k0123456789ab${tenant}`, method: 'GET' },
      endpoint: `/v1/route-${route}/${random(1_000)}`,
      ...{ statusCode: failed ? 502 : 200, outcome: failed ? 'upstream_error' : 'ok', billable: !failed },
      ...{
        refusal: '',
        responseTimeMs: 5 + random(200),
        bytesSent: 200 + random(4_000),
        bytesReceived: random(300),
      },
      ...{ usageUnits: 1, quantities: {}, dimensions: {}, clientIp: '', source: 'gateway', count: 1 },
      requestId: seq % 4 === 0 ? `order-${seq}-${random(1_000_000)}` : id,
      ...{ ...NODE, seq },
    }
  }
}

/** The same numbers in every run, each below the bound asked for. */
function randomNumbers(seed: number): (bound: number) => number {
  let state = seed
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

function storesAt(url: string) {
  return {
    control: { driver: 'sqlite', path: '' },
    counters: { driver: 'memory' },
    usage: { driver: 'clickhouse', ...usagePlace(url), retentionDays: 18_250 },
    dataDir: '',
  } as const
}

function say(line: string): void {
  console.log(line)
}

function count(number: number): string {
  return number.toLocaleString('en-US')
}

function rate(events: number, ms: number): string {
  return count(Math.round(events / (ms / 1_000)))
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`
}
