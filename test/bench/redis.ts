// What counting in Redis costs: node test/bench/redis.ts [rounds] [seconds]
// gatez with counters in memory, the same with counters in Redis (every call decided there, none in advance), and nginx
// with Lua and Redis, which counts one fixed window and meters nothing, take turns in one run. A gateway is pinned to
// core 0; wrk, the upstream and Redis share core 1.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { atLeast, machineText, tableOf } from './lib/baseline.ts'
import { copyGatez, prepareGatez, writeLuaScript } from './lib/load.ts'
import { nginxCommand } from './lib/nginx.ts'
import { writeLuaProxy } from './lib/nginx-redis.ts'
import { cpuSeconds, type Program, requirePrograms, startPinned } from './lib/programs.ts'
import { median, wrk } from './lib/wrk.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const ROUNDS = Number(process.argv[2] ?? 7)
const SECONDS = Number(process.argv[3] ?? 5)
/** Code that runs hot is compiled in stages; the first seconds say nothing. */
const WARM_UP_SECONDS = 5
const TURN_WARM_UP_SECONDS = 3
const CONNECTIONS = 256
const [UPSTREAM_PORT, REDIS_PORT] = [19_340, 19_341]
/** Nothing is saved: a figure of counting, not of disks. */
const REDIS = ['redis-server', '--port', String(REDIS_PORT), '--bind', '127.0.0.1', '--save', '']

interface Peer {
  readonly name: string
  readonly port: number
  readonly program: Program
  readonly rates: number[]
  readonly cpuMicros: number[]
}

requirePrograms({
  ...{ wrk: 'wrk', nginx: 'nginx-light libnginx-mod-http-lua', taskset: 'util-linux' },
  'redis-server': 'redis-server',
})
execFileSync(process.execPath, [join(ROOT, 'bin/build.js'), '--no-binary'], { stdio: 'inherit' })
const dir = mkdtempSync(join(tmpdir(), 'gatez-bench-'))
await using cleanUp = new AsyncDisposableStack()
cleanUp.defer(() => rmSync(dir, { recursive: true, force: true }))
cleanUp.use(await startPinned(1, UPSTREAM_PORT, nginxCommand(join(dir, 'nginx'), UPSTREAM_PORT)))
cleanUp.use(await startPinned(1, REDIS_PORT, REDIS))

const options = { durability: 'process', upstreamPort: UPSTREAM_PORT } as const
const prepared = await prepareGatez(join(dir, 'memory'), { ...options, port: 19_342 })
const onRedis = copyGatez(prepared, join(dir, 'redis'), {
  ...{ ...options, port: 19_343 },
  counters: `redis://127.0.0.1:${REDIS_PORT}`,
})
const lua = writeLuaProxy(join(dir, 'lua'), {
  ...{ port: 19_344, upstreamPort: UPSTREAM_PORT, redisPort: REDIS_PORT },
  keys: prepared.keys,
})
const script = join(dir, 'load.lua')
writeLuaScript(script, prepared.keys)
const embedded = await start('gatez, counters in memory', 19_342, gatez(prepared.file))
const shared = await start('gatez, counters in Redis', 19_343, gatez(onRedis.file))
const nginx = await start('nginx + Lua + Redis', 19_344, ['nginx', '-c', lua, '-e', '/dev/null'])
const peers = [embedded, shared, nginx]

for (const peer of peers) await warmUp(peer, WARM_UP_SECONDS)
for (let round = 1; round <= ROUNDS; round += 1) {
  for (const peer of peers) {
    // It was idle while the others had their turns.
    await warmUp(peer, TURN_WARM_UP_SECONDS)
    await run(peer, SECONDS)
  }
  console.log(
    `round ${round}: ${peers.map(({ name, rates }) => `${name} ${count(rates.at(-1))}`).join(' · ')}`,
  )
}
const rows = [
  atLeast('counters in Redis against counters in memory', against(shared, embedded), 0.8, 0.9),
  atLeast('counters in Redis against nginx + Lua + Redis', against(shared, nginx), 0.9, 1.2),
]
const lines = peers.map(({ name, rates, cpuMicros }) => {
  return `| ${name} | ${count(median(rates))} | ${median(cpuMicros).toFixed(1)} |`
})
const table = ['| peer | req/s | CPU µs/request |', '| --- | --- | --- |', ...lines].join('\n')
const machine = `${ROUNDS} rounds of ${SECONDS} s, ${CONNECTIONS} connections, ${machineText()}`
console.log(`\nmedians of ${machine}\n\n${tableOf(rows)}\n\n${table}`)

async function start(name: string, port: number, command: readonly string[]): Promise<Peer> {
  const program = cleanUp.use(await startPinned(0, port, command))
  return { name, port, program, rates: [], cpuMicros: [] }
}

/** Neither judged nor kept: at its first calls a gateway compiles, and may find that Redis took more than 50 ms. */
async function warmUp({ port }: Peer, seconds: number): Promise<void> {
  await wrk({ cpu: 1, connections: CONNECTIONS, seconds, script, port })
}

async function run(peer: Peer, seconds: number): Promise<void> {
  const cpuBefore = cpuSeconds(peer.program.pid)
  const load = await wrk({ cpu: 1, connections: CONNECTIONS, seconds, script, port: peer.port })
  if (load.failures > 0) throw new Error(`${peer.name}: ${load.failures} of ${load.requests} calls failed`)
  peer.rates.push(load.requestsPerSecond)
  peer.cpuMicros.push(((cpuSeconds(peer.program.pid) - cpuBefore) * 1e6) / load.requests)
}

/** The middle of the ratios of each round. */
function against(one: Peer, other: Peer): number {
  return median(one.rates.map((rate, round) => rate / (other.rates[round] ?? Number.NaN)))
}

function gatez(file: string): readonly string[] {
  return [process.execPath, join(ROOT, 'bin/gatez.js'), 'serve', '--config', file]
}

function count(rate: number | undefined): string {
  return Math.round(rate ?? 0).toLocaleString('en-US')
}
