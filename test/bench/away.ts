// ClickHouse is away while calls go on: node test/bench/away.ts [seconds away] [calls a second]
// gatez is pinned to core 0, all else shares core 1. What is printed: failed calls, what the spool took, how long the
// log took to catch up once ClickHouse was back (calls went on meanwhile), and whether it then has each call once.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { Agent, createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ClickHouse } from '../support/services/clickhouse-process.ts'
import { requirePrograms, startPinned } from './lib/programs.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const AWAY_SECONDS = Number(process.argv[2] ?? 120)
const RATE = Number(process.argv[3] ?? 1_000)
const [PORT, UPSTREAM_PORT] = [19_330, 19_331]
const TICK_MS = 5
const LOOK_EVERY_MS = 50

requirePrograms({ taskset: 'util-linux' })
execFileSync('taskset', ['-apc', '1', String(process.pid)], { stdio: 'ignore' })
execFileSync(process.execPath, [join(ROOT, 'bin/build.js'), '--no-binary'], { stdio: 'inherit' })
const folder = mkdtempSync(join(tmpdir(), 'gatez-bench-'))
await using cleanUp = new AsyncDisposableStack()
cleanUp.defer(() => rmSync(folder, { recursive: true, force: true }))
const clickhouse = await ClickHouse.start()
cleanUp.defer(() => clickhouse.end())
const usage = await clickhouse.database()
const table = `${new URL(usage.replace('clickhouse+', '')).pathname.slice(1)}.usage_events`
const upstream = createServer((_request, response) => response.end('ok'))
upstream.listen(UPSTREAM_PORT, '127.0.0.1')
cleanUp.defer(() => {
  upstream.close()
  upstream.closeAllConnections()
})
const key = prepare()
const agent = new Agent({ keepAlive: true, maxSockets: 64 })
cleanUp.defer(() => agent.destroy())
let [received, failed, isOver] = [0, 0, false]

cleanUp.use(await startPinned(0, PORT, gatez('serve')))
const calling = callOn()
await pause(5_000)
await clickhouse.kill()
const before = received
await pause(AWAY_SECONDS * 1_000)
const missing = received - before
const spooled = statSync(join(folder, '.gatez/spool.db')).size
say(`away for ${AWAY_SECONDS} s at ${RATE} calls/s: ${missing} calls, spool ${(spooled / 1e6).toFixed(0)} MB`)
await clickhouse.restart()
const backMs = performance.now()
const wanted = received
while ((await rowsNow()) < wanted) await pause(LOOK_EVERY_MS)
const tookMs = performance.now() - backMs
const times = (missing / RATE / (tookMs / 1_000)).toFixed(0)
say(`caught up in ${(tookMs / 1_000).toFixed(1)} s, calls going on: ${times} times as fast as they came`)
isOver = true
await calling
while ((await rowsNow()) < received) await pause(LOOK_EVERY_MS)
const [row] = await clickhouse.rows<{ rows: number; ids: number }>(
  `SELECT count() AS rows, uniqExact(id) AS ids FROM ${table}`,
)
say(`${received} received, ${failed} failed; in the log ${row?.rows} rows with ${row?.ids} ids`)

async function rowsNow(): Promise<number> {
  const [found] = await clickhouse.rows<{ ids: number }>(`SELECT uniqExact(id) AS ids FROM ${table}`)
  return found?.ids ?? 0
}

/** Calls at an even pace, whether answers come or not. */
async function callOn(): Promise<void> {
  const startMs = performance.now()
  const calls: Promise<void>[] = []
  for (let sent = 0; !isOver; ) {
    const due = Math.floor(((performance.now() - startMs) * RATE) / 1_000)
    for (; sent < due; sent += 1) calls.push(call())
    await pause(TICK_MS)
  }
  await Promise.all(calls)
}

async function call(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<number>()
  request({ port: PORT, host: '127.0.0.1', path: '/a', agent, headers: { 'x-api-key': key } }, (response) => {
    response.resume().on('end', () => resolve(response.statusCode ?? 0))
  })
    .on('error', () => resolve(0))
    .end()
  if ((await promise) === 200) received += 1
  else failed += 1
}

function gatez(...argv: readonly string[]): readonly string[] {
  return [process.execPath, join(ROOT, 'dist/lib/gatez.js'), ...argv, '--config', join(folder, 'gatez.yaml')]
}

/** A tenant with a key; returns its secret. */
function prepare(): string {
  writeFileSync(
    join(folder, 'gatez.yaml'),
    `version: 1
gateway: { listen: "127.0.0.1:${PORT}", threads: 1 }
control: { listen: "127.0.0.1:0" }
stores: { usage: "${usage}" }
apis: [{ id: shop, upstream: "http://127.0.0.1:${UPSTREAM_PORT}", routes: [{ id: all, match: "ANY /{rest*}" }] }]
plans: [{ id: bench, routes: all }]
`,
  )
  const run = (...argv: readonly string[]): string => {
    const [program = '', ...args] = gatez(...argv)
    return execFileSync(program, args, { encoding: 'utf8' })
  }
  run('apply')
  run('tenants', 'create', 'acme', '--plan', 'bench')
  return JSON.parse(run('keys', 'create', 'acme', '--json')).secret
}

function say(line: string): void {
  console.log(line)
}
