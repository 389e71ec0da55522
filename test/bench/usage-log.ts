// What a month of events costs and gives: node test/bench/usage-log.ts [events] [folder] [seconds] [spread|uneven]
// In ClickHouse (the engine of chdb, in a process beside): how fast events are shipped, how long a report of the month by
// tenant takes, what an export keeps in memory, what a million takes on disk. Beside it the report from the ledger on
// SQLite, and the same bytes. Ten million take a while to make: with a folder, what is made stays there for the next
// run, and with seconds, making stops after so many.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../src/lib/clock.ts'
import { encodeCaller, encodeEvent } from '../../src/metering/event.ts'
import { rollUp } from '../../src/metering/roll-up.ts'
import { Spool } from '../../src/metering/spool.ts'
import { SpoolReader } from '../../src/metering/spool-reader.ts'
import { usageReport } from '../../src/metering/usage-report.ts'
import { LogShipper } from '../../src/shipping/log-shipper.ts'
import { openControlStore, openUsageLog } from '../../src/storage/open.ts'
import { storesIn } from '../support/control-store.ts'
import { usagePlace } from '../support/services/clickhouse-place.ts'
import { ClickHouse } from '../support/services/clickhouse-process.ts'
import { buildOnce } from './lib/build.ts'
import { GROUP, groupOf, MONTH, type MonthOfEvents, NODE } from './lib/month.ts'
import { MIB, rssBytesPeak } from './lib/process-figures.ts'

const EVENTS = Number(process.argv[2] ?? 10_000_000)
const FOLDER = process.argv[3]
const END_MS = systemClock.monotonicMs() + Number(process.argv[4] ?? Number.POSITIVE_INFINITY) * 1_000
const OF: MonthOfEvents = { events: EVENTS, spread: process.argv[5] === 'spread' ? 'spread' : 'uneven' }
const SHIPPED = Math.min(EVENTS, 500_000)
const IN_SQLITE = Math.min(EVENTS, 1_000_000)
const DATABASE = 'bench'
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const EXPORT_CONFIG = `version: 1
apis: [{ id: bench, upstream: http://127.0.0.1:9, routes: [{ id: all, match: "ANY /{rest*}" }] }]
plans: [{ id: bench, routes: all }]
`

/** How many groups of events are in each store. */
interface Made {
  clickhouse: number
  usage: number
  ledger: number
}

const address = process.env.GATEZ_BENCH_EXPORT
if (address !== undefined) await exportAll(address)
else {
  const folder = FOLDER ?? mkdtempSync(join(tmpdir(), 'gatez-bench-'))
  mkdirSync(folder, { recursive: true })
  const clickhouse = await ClickHouse.start(join(folder, 'clickhouse'))
  try {
    if (await makeAll(clickhouse, folder)) await measure(clickhouse, folder)
  } finally {
    await clickhouse.end()
    if (FOLDER === undefined) rmSync(folder, { recursive: true })
  }
}

/** False when time was over before all was made. */
async function makeAll(clickhouse: ClickHouse, folder: string): Promise<boolean> {
  const file = join(folder, 'made.json')
  const made: Made = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))
    : { clickhouse: 0, usage: 0, ledger: 0 }
  await clickhouse.run(`CREATE DATABASE IF NOT EXISTS ${DATABASE}`)
  await using inClickHouse = await openUsageLog({ stores: storesAt(clickhouse.urlOf(DATABASE)) })
  const config = storesIn(folder)
  await using usageLog = await openUsageLog(config)
  await using store = await openControlStore(config, systemClock)
  const shipment = { spooledFromMs: MONTH.startMs, spooledToMs: MONTH.startMs, shippedMs: MONTH.startMs }
  const parts = [
    {
      of: 'clickhouse',
      until: EVENTS,
      add: (group: number) => inClickHouse.append(groupOf(group, OF), shipment),
    },
    { of: 'usage', until: IN_SQLITE, add: (group: number) => usageLog.append(groupOf(group, OF)) },
    {
      of: 'ledger',
      until: EVENTS,
      add: (group: number) => {
        const advance = { ...NODE, afterSeq: group * GROUP, throughSeq: (group + 1) * GROUP }
        return store.transaction((tables) => tables.ledger.apply(rollUp(groupOf(group, OF)), advance))
      },
    },
  ] as const
  for (const { of, until, add } of parts) {
    const beganMs = systemClock.monotonicMs()
    const before = made[of]
    while (made[of] * GROUP < until && systemClock.monotonicMs() < END_MS) {
      await add(made[of])
      made[of] += 1
      writeFileSync(file, JSON.stringify(made))
    }
    const seconds = (systemClock.monotonicMs() - beganMs) / 1_000
    if (made[of] > before)
      say(`made for ${of}: ${count((made[of] - before) * GROUP)} in ${seconds.toFixed(0)} s`)
  }
  const isAll = parts.every(({ of, until }) => made[of] * GROUP >= until)
  if (!isAll) say('not all are made yet: run it again')
  return isAll
}

async function measure(clickhouse: ClickHouse, folder: string): Promise<void> {
  const url = clickhouse.urlOf(DATABASE)
  await ship(await clickhouse.database(), folder)
  await reportInClickHouse(url)
  console.log(
    execFileSync(process.execPath, [import.meta.filename, String(EVENTS)], {
      env: { ...process.env, GATEZ_BENCH_EXPORT: url },
      encoding: 'utf8',
    }).trimEnd(),
  )
  const [size] = await clickhouse.rows<{ bytes: number; rows: number }>(
    `SELECT sum(bytes_on_disk) AS bytes, sum(rows) AS rows FROM system.parts WHERE active AND database = '${DATABASE}' AND table = 'usage_events'`,
  )
  const { usage, control } = storesIn(folder).stores
  say(
    `a million events take ${megabytes(((size?.bytes ?? 0) / (size?.rows ?? 1)) * 1e6)} in ClickHouse, ` +
      `${megabytes((statSync(usage.path).size / IN_SQLITE) * 1e6)} in a usage log of SQLite, ` +
      `${megabytes((statSync(control.path).size / EVENTS) * 1e6)} in a ledger of SQLite (${OF.spread})`,
  )
  await reportFromLedger(folder)
  await exportFromLedger(folder)
}

/** What an operator types, by the built program: the month by tenant and key. */
async function exportFromLedger(folder: string): Promise<void> {
  buildOnce()
  const file = join(folder, 'gatez.yaml')
  writeFileSync(file, EXPORT_CONFIG)
  const args = ['usage', 'export', '--config', file, '--month', '2026-10', '--out', join(folder, 'usage.csv')]
  const child = spawn(process.execPath, [join(ROOT, 'dist/lib/gatez.js'), ...args], { stdio: 'inherit' })
  const ended = once(child, 'exit')
  let peak = 0
  const looking = setInterval(() => {
    try {
      peak = rssBytesPeak(child.pid ?? 0)
    } catch {
      // It has just ended.
    }
  }, 5)
  const took = await timed(() => ended)
  clearInterval(looking)
  say(
    `gatez usage export of ${count(EVENTS)} events: ${took.ms.toFixed(0)} ms, RSS at most ${(peak / MIB).toFixed(0)} MiB`,
  )
}

/** From the spool, as `gatez serve` does when the ledger has them. */
async function ship(url: string, folder: string): Promise<void> {
  const path = join(folder, 'spool.db')
  rmSync(path, { force: true })
  const spool = new Spool({ path, durability: 'process', epoch: 1 })
  for (let done = 0; done < SHIPPED; done += GROUP) {
    const events = groupOf(done / GROUP, { ...OF, events: SHIPPED })
    for (let from = 0; from < events.length; from += 500) {
      const made = events.slice(from, from + 500)
      const lines = made.map((event) =>
        encodeEvent({ ...event, caller: encodeCaller(event), quantities: '', dimensions: '' }),
      )
      spool.append([{ lines: Buffer.from(lines.join('')), count: made.length }], 0)
    }
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

async function reportInClickHouse(url: string): Promise<void> {
  await using usageLog = await openUsageLog({ stores: storesAt(url) })
  const query = { fromMs: MONTH.startMs, toMs: MONTH.endMs, by: ['tenant'] } as const
  for (const what of ['first', 'again', 'again']) {
    const took = await timed(() => usageLog.breakdown(query))
    say(`${count(EVENTS)} events by tenant, with quantiles, ClickHouse, ${what}: ${took.ms.toFixed(0)} ms`)
  }
}

/** In a process of its own: nothing but the export is in its memory. */
async function exportAll(url: string): Promise<void> {
  await using usageLog = await openUsageLog({ stores: storesAt(url) })
  let [events, bytes] = [0, 0]
  const took = await timed(async () => {
    for await (const event of usageLog.events({ fromMs: MONTH.startMs, toMs: MONTH.endMs })) {
      events += 1
      bytes += JSON.stringify(event).length
    }
  })
  say(
    `export of ${count(events)} events (${megabytes(bytes)}): ${rate(events, took.ms)} events/s, ` +
      `RSS at most ${megabytes(rssBytesPeak(process.pid))}`,
  )
}

async function reportFromLedger(folder: string): Promise<void> {
  await using store = await openControlStore(storesIn(folder), systemClock)
  for (const what of ['first', 'again']) {
    const query = { span: MONTH, timezone: 'UTC', by: ['tenant'], tenant: undefined } as const
    const took = await timed(() => usageReport(store, query))
    say(
      `${count(EVENTS)} events by tenant, ledger on SQLite, ${OF.spread}, ${what}: ${took.ms.toFixed(0)} ms`,
    )
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
