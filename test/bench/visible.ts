import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { applyPlans } from '../../src/access/apply-plans.ts'
import { createKey } from '../../src/access/create-key.ts'
import { createTenant } from '../../src/access/create-tenant.ts'
import type { Config } from '../../src/config/config.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { usageReport } from '../../src/metering/usage-report.ts'
import { openControlStore } from '../../src/storage/open.ts'
import { requirePrograms, startPinned } from './lib/programs.ts'

/**
 * How long after its last byte a call is in a usage report, at so many calls a second:
 * node test/bench/visible.ts [calls a second] [seconds] [disk|process]
 *
 * gatez, all its threads, is pinned to core 0; clients, upstream and reports share core 1. Reports are read one
 * after the other. What is printed is how old the oldest call was that a report did not have, at its start.
 */
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const RATE = Number(process.argv[2] ?? 1_000)
const SECONDS = Number(process.argv[3] ?? 20)
const DURABILITY = process.argv[4] ?? 'disk'
const [PORT, UPSTREAM_PORT] = [19_320, 19_321]
const TENANTS = 100
const ROUTES = 5
const TICK_MS = 10
const REPORT_EVERY_MS = 25

requirePrograms({ taskset: 'util-linux' })
execFileSync('taskset', ['-apc', '1', String(process.pid)], { stdio: 'ignore' })
execFileSync(process.execPath, [join(ROOT, 'bin/build.js'), '--no-binary'], { stdio: 'inherit' })
const dir = mkdtempSync(join(tmpdir(), 'gatez-bench-'))
await using cleanUp = new AsyncDisposableStack()
cleanUp.defer(() => rmSync(dir, { recursive: true, force: true }))
const { config, keys } = await prepare()
const upstream = createServer((_request, response) => response.end('{"ok":true}'))
upstream.keepAliveTimeout = 60_000
upstream.listen(UPSTREAM_PORT, '127.0.0.1')
cleanUp.defer(() => {
  upstream.close()
  upstream.closeAllConnections()
})
const gatez = [
  process.execPath,
  join(ROOT, 'dist/lib/gatez.js'),
  'serve',
  '--config',
  join(dir, 'gatez.yaml'),
]
cleanUp.use(await startPinned(0, PORT, gatez))
const agent = new Agent({ keepAlive: true, maxSockets: 64 })
cleanUp.defer(() => agent.destroy())

/** When each answer was complete, in this order. */
const receivedMs: number[] = []
const lags: number[] = []
let sent = 0
let failures = 0
await Promise.all([callOn(), reportOn()])
print()

/** Calls at an even pace, whether answers come or not. */
async function callOn(): Promise<void> {
  const startMs = performance.now()
  const calls: Promise<void>[] = []
  while (sent < RATE * SECONDS) {
    const due = Math.min(RATE * SECONDS, Math.floor(((performance.now() - startMs) * RATE) / 1_000))
    for (; sent < due; sent += 1) calls.push(call(sent))
    await pause(TICK_MS)
  }
  await Promise.all(calls)
}

async function call(number: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const path = `/route-${number % ROUTES}`
  const headers = { 'x-api-key': keys[number % keys.length] ?? '' }
  request({ port: PORT, host: '127.0.0.1', path, agent, headers }, (response) => {
    response.resume().on('end', () => resolve(response.statusCode ?? 0))
  })
    .on('error', reject)
    .end()
  if ((await promise) === 200) receivedMs.push(performance.now())
  else failures += 1
}

/** Reads reports until all calls were sent and are in one. */
async function reportOn(): Promise<void> {
  await using store = await openControlStore(config, systemClock)
  const span = { startMs: systemClock.nowMs() - 3_600_000, endMs: systemClock.nowMs() + 3_600_000 }
  for (;;) {
    const beganMs = performance.now()
    const report = await usageReport(store, { span, timezone: 'UTC', by: ['tenant'], tenant: undefined })
    const oldestMs = receivedMs[report.total.requests]
    // Those before had not even been received when it began.
    if (oldestMs !== undefined && oldestMs < beganMs) lags.push(beganMs - oldestMs)
    if (sent === RATE * SECONDS && report.total.requests === sent) return
    await pause(REPORT_EVERY_MS)
  }
}

function print(): void {
  const sorted = lags.toSorted((one, next) => one - next)
  const at = (share: number): string =>
    `${Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)} ms`
  console.log(
    `${RATE} calls/s for ${SECONDS} s, ${DURABILITY}: ${receivedMs.length} received, ${failures} failed`,
  )
  console.log(
    `the oldest call that a report did not have, over ${lags.length} reports: p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)}`,
  )
}

async function prepare(): Promise<{ readonly config: Config; readonly keys: readonly string[] }> {
  mkdirSync(dir, { recursive: true })
  const file = join(dir, 'gatez.yaml')
  const routes = Array.from({ length: ROUTES }, (_, index) => `{ id: r${index}, match: GET /route-${index} }`)
  writeFileSync(
    file,
    `version: 1
gateway: { listen: "127.0.0.1:${PORT}", threads: 1 }
metering: { durability: ${DURABILITY} }
apis: [{ id: shop, upstream: "http://127.0.0.1:${UPSTREAM_PORT}", routes: [${routes.join(', ')}] }]
plans: [{ id: bench, routes: all }]
`,
  )
  const config = loadConfig(file, {})
  const [clock, actor] = [systemClock, 'bench']
  await using store = await openControlStore(config, clock)
  const access = { store, clock, billing: config.billing }
  await applyPlans(access, { plans: config.plans, actor, mode: 'explicit' })
  const keys: string[] = []
  for (let tenant = 0; tenant < TENANTS; tenant += 1) {
    await createTenant(access, { id: `tenant-${tenant}`, planId: 'bench', actor })
    keys.push((await createKey(access, { tenant: `tenant-${tenant}`, mode: 'live', actor })).secret)
  }
  return { config, keys }
}
