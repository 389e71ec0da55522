import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { atLeast, keep, type Row, tableOf } from '../lib/baseline.ts'
import { fastifyCommand } from '../lib/fastify.ts'
import { writeLuaScript } from '../lib/load.ts'
import { writePlainProxy } from '../lib/nginx.ts'
import { writeLuaProxy } from '../lib/nginx-redis.ts'
import { GATEWAY_CPU, LOAD_CPU } from '../lib/places.ts'
import { requirePrograms } from '../lib/programs.ts'
import { BARE, CONNECTIONS, Peer, roundsText, Stage } from '../lib/stage.ts'
import { median } from '../lib/wrk.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

const WARM_UP_SECONDS = 12
const REDIS_PORT = 19_304
const [IN_MEMORY, ON_DISK, ON_REDIS] = ['gatez, `process`', 'gatez, `disk`', 'gatez on Redis, `process`']
const LUA = 'nginx + Lua + Redis'
const FASTIFY = '@fastify/http-proxy + Redis'
const PLAIN = 'plain nginx'

/** Nothing is saved: a figure of counting, not of disks. */
const REDIS = ['redis-server', '--port', String(REDIS_PORT), '--bind', '127.0.0.1', '--save', '']

/**
 * gatez, embedded and on Redis, against the platform's floor, plain nginx, nginx with Lua and Redis, and Fastify
 * with Redis. wrk, the upstream and Redis share a core. `[rounds] [seconds]`
 */
export async function peers([rounds = '5', seconds = '5']: readonly string[]): Promise<void> {
  requirePrograms({
    ...{ wrk: 'wrk', nginx: 'nginx-light libnginx-mod-http-lua', taskset: 'util-linux' },
    'redis-server': 'redis-server',
  })
  await using stage = await Stage.set()
  await stage.start(LOAD_CPU, REDIS_PORT, REDIS)
  const all = await start(stage)
  const script = join(stage.dir, 'load.lua')
  for (const peer of all) await peer.warmUp({ script, seconds: WARM_UP_SECONDS })
  for (let round = 1; round <= Number(rounds); round += 1) {
    for (const peer of all) await peer.round({ script, seconds: Number(seconds) })
    console.log(`round ${round}: ${all.map((peer) => `${peer.name} ${rate(peer.rates.at(-1))}`).join(' · ')}`)
  }
  const how = `${roundsText(rounds, seconds)}, ${CONNECTIONS} connections`
  const configs = ['lua', 'plain'].map((folder) => configOf(stage, folder))
  keep('peers', how, [tableOf(ratios(all)), ratesOf(all), PEERS, ...configs].join('\n\n'))
}

async function start(stage: Stage): Promise<readonly Peer[]> {
  const { keys } = stage.seed
  writeLuaScript(join(stage.dir, 'load.lua'), keys)
  const counters = `redis://127.0.0.1:${REDIS_PORT}`
  const redis = { upstreamPort: stage.upstreamPort, redisPort: REDIS_PORT, keys }
  const lua = writeLuaProxy(join(stage.dir, 'lua'), { ...redis, port: 19_306 })
  const plain = writePlainProxy(join(stage.dir, 'plain'), 19_308, stage.upstreamPort)
  const peer = async (name: string, port: number, command: readonly string[]) =>
    new Peer(name, port, await stage.start(GATEWAY_CPU, port, command))
  return [
    await stage.bare(19_301),
    await stage.gatez(IN_MEMORY, { durability: 'process', port: 19_302 }),
    await stage.gatez(ON_DISK, { durability: 'disk', port: 19_303 }),
    await stage.gatez(ON_REDIS, { durability: 'process', port: 19_305, counters }),
    await peer(LUA, 19_306, ['nginx', '-c', lua, '-e', '/dev/null']),
    await peer(FASTIFY, 19_307, fastifyCommand(stage.dir, { ...redis, port: 19_307 })),
    await peer(PLAIN, 19_308, ['nginx', '-c', plain, '-e', '/dev/null']),
  ]
}

function ratios(all: readonly Peer[]): readonly Row[] {
  const against = (name: string, other: string) => ratio(all, name, other)
  return [
    atLeast('embedded `process` against bare node:http + undici', against(IN_MEMORY, BARE), 0.8, 0.95),
    atLeast('embedded `disk` against bare node:http + undici', against(ON_DISK, BARE), 0.75, 0.9),
    atLeast('embedded `disk` against nginx + Lua + Redis', against(ON_DISK, LUA), 0.9, 1.3),
    atLeast('embedded `disk` against @fastify/http-proxy + Redis', against(ON_DISK, FASTIFY), 2, 3),
    atLeast('embedded `disk` against plain nginx', against(ON_DISK, PLAIN), undefined, 0.4),
  ]
}

/** The middle of the ratios of each round. */
function ratio(all: readonly Peer[], name: string, other: string): number {
  const [rates, others] = [name, other].map((each) => all.find((peer) => peer.name === each)?.rates ?? [])
  return median((rates ?? []).map((value, round) => value / (others?.[round] ?? Number.NaN)))
}

function ratesOf(all: readonly Peer[]): string {
  const lines = all.map((peer) => {
    const cpu = median(peer.cpuMicros).toFixed(1)
    return `| ${peer.name} | ${rate(median(peer.rates))} | ${ratio(all, peer.name, BARE).toFixed(2)} | ${cpu} |`
  })
  return ['| peer | req/s | against bare | CPU µs/request |', '| --- | --- | --- | --- |', ...lines].join(
    '\n',
  )
}

function configOf(stage: Stage, folder: string): string {
  const written = readFileSync(join(stage.dir, folder, 'nginx.conf'), 'utf8')
  // As it is on any machine.
  const text = written.replaceAll(stage.dir, 'DIR').replaceAll(ROOT, '')
  return `nginx, ${folder}:\n\n\`\`\`nginx\n${text}\`\`\``
}

function rate(value: number | undefined): string {
  return Math.round(value ?? 0).toLocaleString('en-US')
}

const PEERS = `Load: keys of 1,000 tenants × 3, 50 routes, at random. gatez: three limits (one above 1,000) and two quotas on each
call, one durable event each, all header fields. Bare: \`test/bench/bare-pass-through.js\`. Lua: \`nginx-redis/limit.lua\`. Fastify:
\`peers/fastify-proxy.js\`. The last two count one window a tenant in Redis and meter nothing.`
