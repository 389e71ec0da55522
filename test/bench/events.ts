import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { applyPlans } from '../../src/access/apply-plans.ts'
import { createTenant } from '../../src/access/create-tenant.ts'
import { createToken } from '../../src/access/create-token.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { openControlStore } from '../../src/storage/open.ts'
import { cpuSeconds, requirePrograms, startPinned } from './lib/programs.ts'

/**
 * How many events `POST /v1/events` takes in, each durable (fsync) and in the ledger before its answer.
 *
 * gatez, all its threads, is pinned to core 0, the clients to core 1. Ids are random UUIDs: the worst order
 * for the index that makes each count once. Say how many seconds each part takes: node test/bench/events.ts 10
 */
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const SECONDS = Number(process.argv[2] ?? 5)
/** `both` after the seconds: gatez and the clients share both cores. */
const [GATEZ_CPUS, CLIENT_CPUS] = process.argv[3] === 'both' ? ['0,1', '0,1'] : ['0', '1']
const PORT = 19_310
const TENANTS = 100
const BATCH_EVENTS = 1_000

requirePrograms({ taskset: 'util-linux' })
execFileSync('taskset', ['-pc', CLIENT_CPUS, String(process.pid)], { stdio: 'ignore' })
execFileSync(process.execPath, [join(ROOT, 'bin/build.js'), '--no-binary'], { stdio: 'inherit' })
const dir = mkdtempSync(join(tmpdir(), 'gatez-bench-'))
await using cleanUp = new AsyncDisposableStack()
cleanUp.defer(() => rmSync(dir, { recursive: true, force: true }))
const [token, other] = await prepare()
const gatez = [
  process.execPath,
  join(ROOT, 'dist/lib/gatez.js'),
  'serve',
  '--config',
  join(dir, 'gatez.yaml'),
]
const program = cleanUp.use(await startPinned(GATEZ_CPUS, PORT, gatez))
const agent = new Agent({ keepAlive: true, maxSockets: 512 })
cleanUp.defer(() => agent.destroy())

await measure('warm-up: batches', 4, batch)
await measure(`batches of ${BATCH_EVENTS}, 4 connections`, 4, batch)
for (const connections of [1, 16, 64, 256])
  await measure(`single events, ${connections} connections`, connections, single)
const flood = run(4, batch, token)
await measure('single events, 1 connection, while another token sends batches', 1, single, other)
await flood

/** Sends what `body` makes for some seconds, and prints what came of it. */
async function measure(what: string, connections: number, body: Body, secret = token): Promise<void> {
  const cpuBefore = cpuSeconds(program.pid)
  const { events, latencies, failures } = await run(connections, body, secret)
  const micros = ((cpuSeconds(program.pid) - cpuBefore) * 1e6) / events
  const sorted = latencies.sort((one, next) => one - next)
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2)
  console.log(
    `${what}: ${Math.round(events / SECONDS).toLocaleString('en-US')} events/s, ` +
      `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ${micros.toFixed(0)} µs CPU an event, ${failures} failures`,
  )
}

type Body = () => { readonly text: string; readonly events: number }

async function run(connections: number, body: Body, secret: string) {
  const endMs = performance.now() + SECONDS * 1_000
  const latencies: number[] = []
  let [events, failures] = [0, 0]
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < endMs) {
        const made = body()
        const startMs = performance.now()
        const status = await post(made.text, secret)
        latencies.push(performance.now() - startMs)
        if (status === 202) events += made.events
        else failures += 1
      }
    }),
  )
  return { events, latencies, failures }
}

function single() {
  return { text: event(), events: 1 }
}

function batch() {
  return { text: `[${Array.from({ length: BATCH_EVENTS }, event).join(',')}]`, events: BATCH_EVENTS }
}

function event(): string {
  const tenant = Math.floor(Math.random() * TENANTS)
  return `{"tenant_id":"tenant-${tenant}","metric":"compute_ms","value":145.5,"idempotency_key":"${randomUUID()}"}`
}

function post(body: string, secret: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${secret}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    }
    const sent = request({
      port: PORT,
      host: '127.0.0.1',
      method: 'POST',
      path: '/v1/events',
      agent,
      headers,
    })
    sent.on('error', reject)
    sent.on('response', (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    })
    sent.end(body)
  })
}

/** Writes a file, makes the tenants and two tokens. */
async function prepare(): Promise<readonly [string, string]> {
  mkdirSync(dir, { recursive: true })
  const file = join(dir, 'gatez.yaml')
  writeFileSync(
    file,
    `version: 1
gateway: { listen: "127.0.0.1:${PORT}", threads: 1 }
apis: [{ id: shop, upstream: "http://127.0.0.1:1", routes: [{ id: all, match: "ANY /{rest*}" }] }]
meters: [{ id: compute_ms, from: event }]
plans: [{ id: bench, routes: all }]
`,
  )
  const config = loadConfig(file, {})
  const [clock, actor] = [systemClock, 'bench']
  await using store = await openControlStore(config, clock)
  const access = { store, clock, billing: config.billing }
  await applyPlans(access, { plans: config.plans, actor, mode: 'explicit' })
  for (let tenant = 0; tenant < TENANTS; tenant += 1)
    await createTenant(access, { id: `tenant-${tenant}`, planId: 'bench', actor })
  const make = async (name: string) => (await createToken(access, { name, scopes: 'events', actor })).secret
  return [await make('one'), await make('other')]
}
