// What counting in Redis costs: node test/bench/redis.ts [rounds] [seconds]
// gatez with counters in memory, the same with counters in Redis (every call decided there, none in advance), and nginx
// with Lua and Redis, which counts one fixed window and meters nothing, take turns in one run. A gateway is pinned to
// one core; wrk, the upstream and Redis share the other.
import { join } from 'node:path'
import { atLeast, machineText, tableOf } from './lib/baseline.ts'
import { writeLuaScript } from './lib/load.ts'
import { writeLuaProxy } from './lib/nginx-redis.ts'
import { GATEWAY_CPU, LOAD_CPU } from './lib/places.ts'
import { requirePrograms } from './lib/programs.ts'
import { CONNECTIONS, Peer, roundsText, Stage } from './lib/stage.ts'
import { median } from './lib/wrk.ts'

const [rounds = '7', seconds = '5'] = process.argv.slice(2)
/** Code that runs hot is compiled in stages, and Redis may take more than 50 ms meanwhile: the first seconds say nothing. */
const WARM_UP_SECONDS = 5
const [MEMORY_PORT, SHARED_PORT, LUA_PORT, REDIS_PORT] = [19_342, 19_343, 19_344, 19_341]
/** Nothing is saved: a figure of counting, not of disks. */
const REDIS = ['redis-server', '--port', String(REDIS_PORT), '--bind', '127.0.0.1', '--save', '']

requirePrograms({
  ...{ wrk: 'wrk', nginx: 'nginx-light libnginx-mod-http-lua', taskset: 'util-linux' },
  'redis-server': 'redis-server',
})
await using stage = await Stage.set()
await stage.start(LOAD_CPU, REDIS_PORT, REDIS)
const { keys } = stage.seed
const script = join(stage.dir, 'load.lua')
writeLuaScript(script, keys)
const embedded = await stage.gatez('gatez, counters in memory', { durability: 'process', port: MEMORY_PORT })
const shared = await stage.gatez('gatez, counters in Redis', {
  ...{ durability: 'process', port: SHARED_PORT },
  counters: `redis://127.0.0.1:${REDIS_PORT}`,
})
const proxy = { port: LUA_PORT, upstreamPort: stage.upstreamPort, redisPort: REDIS_PORT, keys }
const lua = ['nginx', '-c', writeLuaProxy(join(stage.dir, 'lua'), proxy), '-e', '/dev/null']
const nginx = new Peer('nginx + Lua + Redis', LUA_PORT, await stage.start(GATEWAY_CPU, LUA_PORT, lua))
const peers = [embedded, shared, nginx]

for (const peer of peers) await peer.warmUp({ script, seconds: WARM_UP_SECONDS })
for (let round = 1; round <= Number(rounds); round += 1) {
  for (const peer of peers) await peer.round({ script, seconds: Number(seconds) })
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
const machine = `${roundsText(rounds, seconds)}, ${CONNECTIONS} connections, ${machineText()}`
console.log(`\nmedians of ${machine}\n\n${tableOf(rows)}\n\n${table}`)

/** The middle of the ratios of each round. */
function against(one: Peer, other: Peer): number {
  return median(one.rates.map((rate, round) => rate / (other.rates[round] ?? Number.NaN)))
}

function count(rate: number | undefined): string {
  return Math.round(rate ?? 0).toLocaleString('en-US')
}
