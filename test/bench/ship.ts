// What it costs to carry events from the spool into the ledger and the usage log, on one thread:
// node test/bench/ship.ts [events] [events per group]
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/lib/clock.ts'
import { UlidMaker } from '../../src/lib/id.ts'
import { encodeCaller, encodeEvent } from '../../src/metering/event.ts'
import { EventDecoder } from '../../src/metering/event-decoder.ts'
import { rollUp } from '../../src/metering/roll-up.ts'
import { sealUp } from '../../src/metering/seal-up.ts'
import { openControlStore, openUsageLog } from '../../src/storage/open.ts'
import { BUCKET_MS } from '../../src/storage/ports/ledger.ts'
import { storesIn } from '../support/control-store.ts'

const EVENTS = Number(process.argv[2] ?? 300_000)
const GROUP_EVENTS = Number(process.argv[3] ?? 6_000)
/** What one gateway thread hands over in a tick or two. */
const ROW_EVENTS = 50
const NODE = { nodeId: 'node_2f6k0123456789abcdef', epoch: 1 }
const EVENTS_PER_MS = 25

interface Load {
  readonly name: string
  readonly tenants: number
  readonly keysPerTenant: number
  readonly routes: number
  /** How many pairs of key and route are called, in turn; without it any pair, at random. */
  readonly pairs?: number
}

const LOADS: readonly Load[] = [
  { name: '1,000 tenants × 3 keys × 50 routes', tenants: 1_000, keysPerTenant: 3, routes: 50 },
  {
    name: '1,000 tenants × 3 keys × 50 routes, 20,000 pairs in turn',
    tenants: 1_000,
    keysPerTenant: 3,
    routes: 50,
    pairs: 20_000,
  },
  { name: '4 tenants × 1 key × 5 routes', tenants: 4, keysPerTenant: 1, routes: 5 },
]

const SAMPLE = {
  apiId: 'bench',
  method: 'GET',
  statusCode: 200,
  outcome: 'ok',
  refusal: '',
  billable: true,
  bytesSent: 91,
  bytesReceived: 0,
  usageUnits: 1,
  quantities: '',
  dimensions: '',
  clientIp: '',
  count: 1,
} as const

for (const load of LOADS) await measure(load)

async function measure(load: Load): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gatez-bench-'))
  const config = storesIn(folder)
  const spent = new Map<string, number>()
  let longestMs = 0
  let tookMs = 0
  {
    await using store = await openControlStore(config, systemClock)
    await using usageLog = await openUsageLog(config)
    const group = groupMaker(load)
    const decoder = new EventDecoder()
    for (let seq = 0; seq < EVENTS; seq += GROUP_EVENTS) {
      const rows = group(seq)
      const events = await timed('decode', () =>
        rows.flatMap((lines, row) => {
          return decoder.decode(lines, { ...NODE, firstSeq: seq + row * ROW_EVENTS + 1 })
        }),
      )
      const entries = await timed('roll up', () => rollUp(events))
      const seals = await timed('seal up', () => sealUp(events))
      await timed('ledger', () => {
        const advance = { ...NODE, afterSeq: seq, throughSeq: seq + GROUP_EVENTS }
        return store.transaction((tables) => tables.ledger.apply(entries, advance, seals))
      })
      const shipment = { spooledFromMs: 1, spooledToMs: 2, shippedMs: 3 }
      await timed('usage log', () => usageLog.append(events, shipment))
    }
  }
  print(load, { spent, longestMs, tookMs }, config)
  rmSync(folder, { recursive: true })

  async function timed<Result>(stage: string, work: () => Result | Promise<Result>): Promise<Result> {
    const beganMs = systemClock.monotonicMs()
    const cpu = process.cpuUsage()
    const result = await work()
    const { user, system } = process.cpuUsage(cpu)
    const ms = systemClock.monotonicMs() - beganMs
    longestMs = Math.max(longestMs, ms)
    tookMs += ms
    spent.set(stage, (spent.get(stage) ?? 0) + user + system)
    return result
  }
}

function print(
  load: Load,
  { spent, longestMs, tookMs }: Readonly<{ spent: Map<string, number>; longestMs: number; tookMs: number }>,
  { stores }: ReturnType<typeof storesIn>,
): void {
  const micros = (sum: number) => (sum / EVENTS).toFixed(2)
  const total = [...spent.values()].reduce((sum, each) => sum + each, 0)
  console.log(`\n${load.name}: ${EVENTS} events in groups of ${GROUP_EVENTS}`)
  for (const [stage, sum] of spent) console.log(`  ${stage.padEnd(10)} ${micros(sum)} µs CPU per event`)
  console.log(`  together   ${micros(total)} µs CPU per event, longest stage ${longestMs.toFixed(0)} ms`)
  console.log(`  ${Math.round(EVENTS / (tookMs / 1_000))} events a second by the clock, with every fsync`)
  const million = (path: string) => `${Math.round(statSync(path).size / EVENTS)} MB`
  console.log(
    `  a million events take ${million(stores.control.path)} in the ledger, ${million(stores.usage.path)} in the usage log`,
  )
}

/** Makes groups of events as rows of lines, as gateway threads write them. */
function groupMaker(load: Load): (seq: number) => readonly string[] {
  const startMs = Math.ceil(systemClock.nowMs() / BUCKET_MS) * BUCKET_MS
  let nowMs = startMs
  const clock = { ...systemClock, nowMs: () => nowMs }
  const threads = [0, 1].map((thread) => new UlidMaker(clock, { epoch: 1, thread }))
  const callers = Array.from({ length: load.tenants * load.keysPerTenant }, (_, index) =>
    encodeCaller({
      source: 'gateway',
      tenantId: `tenant-${index % load.tenants}`,
      keyId: `key_2f6k0123456789ab${String(index).padStart(4, '0')}`,
      planId: 'bench',
      planVersion: 1,
      subscriptionId: `sub_2f6k0123456789ab${String(index % load.tenants).padStart(4, '0')}`,
    }),
  )
  const random = randomNumbers(42)
  const pairs = Array.from({ length: load.pairs ?? 0 }, () => {
    return { caller: random(callers.length), route: random(load.routes) }
  })
  return (seq) => {
    const rows: string[] = []
    let lines = ''
    for (let index = 0; index < GROUP_EVENTS; index += 1) {
      nowMs = startMs + Math.floor((seq + index) / EVENTS_PER_MS)
      const id = threads[index % 2]?.next() ?? ''
      const pair = pairs[(seq + index) % pairs.length]
      const caller = callers[pair?.caller ?? random(callers.length)] ?? ''
      const route = pair?.route ?? random(load.routes)
      lines += encodeEvent({
        ...SAMPLE,
        id,
        timestampMs: nowMs - random(20),
        caller,
        routeId: `route-${route}`,
        endpoint: `/v1/route-${route}`,
        responseTimeMs: random(20),
        requestId: id,
      })
      if ((index + 1) % ROW_EVENTS === 0) {
        // As text from the store: not tied together of pieces.
        rows.push(Buffer.from(lines).toString())
        lines = ''
      }
    }
    return rows
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
