import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { atLeast, machineText, type Row, standing, tableOf } from './lib/baseline.ts'
import { fastifyCommand } from './lib/fastify.ts'
import { copyGatez, type GatezOptions, type PreparedGatez, prepareGatez, writeLuaScript } from './lib/load.ts'
import { nginxCommand, writePlainProxy } from './lib/nginx.ts'
import { writeLuaProxy } from './lib/nginx-redis.ts'
import { cpuSeconds, type Program, requirePrograms, startPinned } from './lib/programs.ts'
import { median, wrk } from './lib/wrk.ts'

/**
 * gatez, embedded and on Redis, against the platform's floor, plain nginx, nginx with Lua and Redis, and Fastify
 * with Redis, in one run. Writes the table of what was promised, hoped for and measured into BASELINE.md.
 *
 * The gateway, all its threads, is pinned to core 0; wrk, the upstream and Redis share core 1. The peers
 * take turns, so that a machine that slows down slows all of them; figures are medians over rounds.
 */
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const GATEWAY_CPU = 0
const LOAD_CPU = 1
const ROUNDS = Number(process.argv[2] ?? 5)
const SECONDS = Number(process.argv[3] ?? 5)
/** Code that runs hot is compiled in stages; the first seconds say nothing. */
const WARM_UP_SECONDS = 5
const CONNECTIONS = 256
const UPSTREAM_PORT = 19_300
const REDIS_PORT = 19_304
const BARE = 'bare node:http + undici'
const FASTIFY = '@fastify/http-proxy + Redis'
const PLAIN = 'plain nginx'

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

cleanUp.use(await startPinned(LOAD_CPU, UPSTREAM_PORT, nginxCommand(join(dir, 'nginx'), UPSTREAM_PORT)))
const inProcess = await prepareGatez(join(dir, 'process'), gatezOptions('process', 19_302))
const onDisk = copyGatez(inProcess, join(dir, 'disk'), gatezOptions('disk', 19_303))
const onRedis = copyGatez(inProcess, join(dir, 'redis'), {
  ...gatezOptions('process', 19_305),
  counters: `redis://127.0.0.1:${REDIS_PORT}`,
})
cleanUp.use(await startPinned(LOAD_CPU, REDIS_PORT, REDIS))
writeLuaScript(join(dir, 'load.lua'), inProcess.keys)
const peers = [
  await startBare(19_301),
  await startGatez('process', 19_302, inProcess),
  await startGatez('disk', 19_303, onDisk),
  await startGatez('process', 19_305, onRedis, 'on Redis'),
  await startLuaProxy(19_306, inProcess.keys),
  await startFastify(19_307, inProcess.keys),
  await startPlain(19_308),
]
for (const peer of peers) cleanUp.use(peer.program)

for (const peer of peers) await run(peer, WARM_UP_SECONDS)
for (const peer of peers) peer.rates.length = peer.cpuMicros.length = 0
for (let round = 1; round <= ROUNDS; round += 1) {
  for (const peer of peers) await run(peer, SECONDS)
  console.log(`round ${round}: ${peers.map((peer) => `${peer.name} ${rate(peer.rates.at(-1))}`).join(' · ')}`)
}
const script = join(ROOT, 'bin/gatez.js')
const idle = copyGatez(inProcess, join(dir, 'idle'), gatezOptions('disk', 19_309))
print([...ratioRows(), ...(await standing(script, idle.file, 19_309))])

async function run(peer: Peer, seconds: number): Promise<void> {
  const cpuBefore = cpuSeconds(peer.program.pid)
  const script = join(dir, 'load.lua')
  const load = await wrk({ cpu: LOAD_CPU, connections: CONNECTIONS, seconds, script, port: peer.port })
  if (load.failures > 0) throw new Error(`${peer.name}: ${load.failures} of ${load.requests} calls failed`)
  peer.rates.push(load.requestsPerSecond)
  peer.cpuMicros.push(((cpuSeconds(peer.program.pid) - cpuBefore) * 1e6) / load.requests)
}

function ratioRows(): readonly Row[] {
  const [inMemory, disk, lua] = ['gatez embedded, process', 'gatez embedded, disk', 'nginx + Lua + Redis']
  return [
    atLeast('embedded `process` against bare node:http + undici', against(inMemory, BARE), 0.8, 0.95),
    atLeast('embedded `disk` against bare node:http + undici', against(disk, BARE), 0.75, 0.9),
    atLeast('embedded `disk` against nginx + Lua + Redis', against(disk, lua), 0.9, 1.3),
    atLeast('embedded `disk` against @fastify/http-proxy + Redis', against(disk, FASTIFY), 2, 3),
    atLeast('embedded `disk` against plain nginx', against(disk, PLAIN), undefined, 0.4),
  ]
}

/** The middle of the ratios of each round. */
function against(name: string, other: string): number {
  const [rates, others] = [name, other].map((each) => peers.find((peer) => peer.name === each)?.rates ?? [])
  return median((rates ?? []).map((value, round) => value / (others?.[round] ?? Number.NaN)))
}

function print(rows: readonly Row[]): void {
  const machine = `${ROUNDS} rounds of ${SECONDS} s, ${CONNECTIONS} connections, ${machineText()}`
  const lines = peers.map((peer) => {
    const cpu = median(peer.cpuMicros).toFixed(1)
    return `| ${peer.name} | ${rate(median(peer.rates))} | ${against(peer.name, BARE).toFixed(2)} | ${cpu} |`
  })
  const table = [
    '| peer | req/s | against bare | CPU µs/request |',
    '| --- | --- | --- | --- |',
    ...lines,
  ].join('\n')
  const text = `${tableOf(rows)}\n\n${table}`
  console.log(`\nmedians of ${machine}\n\n${text}`)
  for (const folder of ['lua', 'plain']) {
    console.log(`\n# nginx, ${folder}\n${readFileSync(join(dir, folder, 'nginx.conf'), 'utf8')}`)
  }
  const head = `# Baseline\n\nWritten by \`npm run bench\`: medians of ${machine}.`
  writeFileSync(join(ROOT, 'test/bench/BASELINE.md'), `${head}\n\n${text}\n`)
}

async function startFastify(port: number, keys: readonly string[]): Promise<Peer> {
  const options = { port, upstreamPort: UPSTREAM_PORT, redisPort: REDIS_PORT, keys }
  return peer(FASTIFY, port, await startPinned(GATEWAY_CPU, port, fastifyCommand(dir, options)))
}

async function startPlain(port: number): Promise<Peer> {
  const file = writePlainProxy(join(dir, 'plain'), port, UPSTREAM_PORT)
  return peer(PLAIN, port, await startPinned(GATEWAY_CPU, port, ['nginx', '-c', file, '-e', '/dev/null']))
}

async function startBare(port: number): Promise<Peer> {
  const script = join(ROOT, 'test/bench/bare-pass-through.js')
  const command = [process.execPath, script, String(port), `http://127.0.0.1:${UPSTREAM_PORT}`]
  return peer(BARE, port, await startPinned(GATEWAY_CPU, port, command))
}

async function startGatez(
  durability: 'disk' | 'process',
  port: number,
  prepared: PreparedGatez,
  counters = 'embedded',
): Promise<Peer> {
  const command = [process.execPath, join(ROOT, 'bin/gatez.js'), 'serve', '--config', prepared.file]
  return peer(`gatez ${counters}, ${durability}`, port, await startPinned(GATEWAY_CPU, port, command))
}

async function startLuaProxy(port: number, keys: readonly string[]): Promise<Peer> {
  const options = { port, upstreamPort: UPSTREAM_PORT, redisPort: REDIS_PORT, keys }
  const file = writeLuaProxy(join(dir, 'lua'), options)
  const command = ['nginx', '-c', file, '-e', '/dev/null']
  return peer('nginx + Lua + Redis', port, await startPinned(GATEWAY_CPU, port, command))
}

function gatezOptions(durability: 'disk' | 'process', port: number): GatezOptions {
  return { durability, port, upstreamPort: UPSTREAM_PORT }
}

function peer(name: string, port: number, program: Program): Peer {
  return { name, port, program, rates: [], cpuMicros: [] }
}

function rate(value: number | undefined): string {
  return Math.round(value ?? 0).toLocaleString('en-US')
}
