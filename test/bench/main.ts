import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { copyGatez, type GatezOptions, type PreparedGatez, prepareGatez, writeLuaScript } from './lib/load.ts'
import { nginxCommand } from './lib/nginx.ts'
import { cpuSeconds, type Program, requirePrograms, startPinned } from './lib/programs.ts'
import { median, wrk } from './lib/wrk.ts'

/**
 * gatez embedded against the platform's floor, in one run.
 *
 * The gateway, all its threads, is pinned to core 0; wrk and the upstream share core 1. The peers
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

interface Peer {
  readonly name: string
  readonly port: number
  readonly program: Program
  readonly rates: number[]
  readonly cpuMicros: number[]
}

requirePrograms({ wrk: 'wrk', nginx: 'nginx-light', taskset: 'util-linux' })
execFileSync(process.execPath, [join(ROOT, 'bin/build.js'), '--no-binary'], { stdio: 'inherit' })
const dir = mkdtempSync(join(tmpdir(), 'gatez-bench-'))
await using cleanUp = new AsyncDisposableStack()
cleanUp.defer(() => rmSync(dir, { recursive: true, force: true }))

cleanUp.use(await startPinned(LOAD_CPU, UPSTREAM_PORT, nginxCommand(join(dir, 'nginx'), UPSTREAM_PORT)))
const inProcess = await prepareGatez(join(dir, 'process'), gatezOptions('process', 19_302))
const onDisk = copyGatez(inProcess, join(dir, 'disk'), gatezOptions('disk', 19_303))
writeLuaScript(join(dir, 'load.lua'), inProcess.keys)
const peers = [
  await startBare(19_301),
  await startGatez('process', 19_302, inProcess),
  await startGatez('disk', 19_303, onDisk),
]
for (const peer of peers) cleanUp.use(peer.program)

for (const peer of peers) await run(peer, WARM_UP_SECONDS)
for (const peer of peers) peer.rates.length = peer.cpuMicros.length = 0
for (let round = 1; round <= ROUNDS; round += 1) {
  for (const peer of peers) await run(peer, SECONDS)
  console.log(`round ${round}: ${peers.map((peer) => `${peer.name} ${rate(peer.rates.at(-1))}`).join(' · ')}`)
}
print()

async function run(peer: Peer, seconds: number): Promise<void> {
  const cpuBefore = cpuSeconds(peer.program.pid)
  const script = join(dir, 'load.lua')
  const load = await wrk({ cpu: LOAD_CPU, connections: CONNECTIONS, seconds, script, port: peer.port })
  if (load.failures > 0) throw new Error(`${peer.name}: ${load.failures} of ${load.requests} calls failed`)
  peer.rates.push(load.requestsPerSecond)
  peer.cpuMicros.push(((cpuSeconds(peer.program.pid) - cpuBefore) * 1e6) / load.requests)
}

function print(): void {
  const floor = peers[0]
  const machine = `${ROUNDS} rounds of ${SECONDS} s, ${CONNECTIONS} connections, Node ${process.version}`
  console.log(`\nmedians of ${machine}\n`)
  console.log('| peer | req/s | against bare | CPU µs/request |\n| --- | --- | --- | --- |')
  for (const peer of peers) {
    const ratios = peer.rates.map((value, round) => value / (floor?.rates[round] ?? value))
    const cpu = median(peer.cpuMicros).toFixed(1)
    console.log(`| ${peer.name} | ${rate(median(peer.rates))} | ${median(ratios).toFixed(2)} | ${cpu} |`)
  }
}

async function startBare(port: number): Promise<Peer> {
  const script = join(ROOT, 'test/bench/bare-pass-through.js')
  const command = [process.execPath, script, String(port), `http://127.0.0.1:${UPSTREAM_PORT}`]
  return peer('bare node:http + undici', port, await startPinned(GATEWAY_CPU, port, command))
}

async function startGatez(
  durability: 'disk' | 'process',
  port: number,
  prepared: PreparedGatez,
): Promise<Peer> {
  const command = [process.execPath, join(ROOT, 'bin/gatez.js'), 'serve', '--config', prepared.file]
  return peer(`gatez embedded, ${durability}`, port, await startPinned(GATEWAY_CPU, port, command))
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
