import { setTimeout as pause } from 'node:timers/promises'
import { below, keep, tableOf, told } from '../lib/baseline.ts'
import { ROUTES } from '../lib/load.ts'
import { requirePrograms } from '../lib/programs.ts'
import { RateClient, type RateFigures } from '../lib/rate-client.ts'
import { Stage } from '../lib/stage.ts'
import { median } from '../lib/wrk.ts'

const CALLS_PER_SECOND = 2_000
const CONNECTIONS = 64
/** As many as fit on a command line, and so many that none meets its limit. */
const KEYS = 600
const WARM_UP_MS = 6_000

/** What gatez adds to a call at a steady rate: through it, through the bare pass-through and past both, in turns. */
export async function latency([rounds = '9', seconds = '4']: readonly string[]): Promise<void> {
  requirePrograms({ nginx: 'nginx-light', taskset: 'util-linux' })
  await using stage = await Stage.set()
  const [bare, disk] = [
    await stage.bare(19_301),
    await stage.gatez('disk', { durability: 'disk', port: 19_303 }),
  ]
  const memory = await stage.gatez('process', { durability: 'process', port: 19_302 })
  const keys = stage.seed.keys.filter((_, index) => index % 5 === 0).slice(0, KEYS)
  const paths = Array.from({ length: ROUTES }, (_, route) => `/v1/route-${route}`)
  await using clients = new AsyncDisposableStack()
  const start = async (port: number) => {
    const load = {
      name: String(port),
      port,
      path: '/',
      paths,
      keys,
      perSecond: CALLS_PER_SECOND,
      connections: CONNECTIONS,
    }
    return { client: clients.use(await RateClient.start([load])), figures: [] as RateFigures[] }
  }
  const [past, through, least, fast] = [
    await start(stage.upstreamPort),
    await start(disk.port),
    await start(bare.port),
    await start(memory.port),
  ]
  const parties = [past, least, fast, through]
  for (const { client } of parties) await phase(client, WARM_UP_MS)
  for (let round = 0; round < Number(rounds); round += 1) {
    for (const { client, figures } of parties) figures.push(await phase(client, Number(seconds) * 1_000))
  }
  const added = (of: typeof past, which: 'p50Ms' | 'p99Ms') =>
    median(of.figures.map((figures, round) => figures[which] - (past.figures[round]?.[which] ?? Number.NaN)))
  const both = (of: typeof past) => `${added(of, 'p50Ms').toFixed(2)} · ${added(of, 'p99Ms').toFixed(2)} ms`
  const alone = (which: 'p50Ms' | 'p99Ms') => median(past.figures.map((figures) => figures[which])).toFixed(2)
  const what = `${CALLS_PER_SECOND.toLocaleString('en-US')} calls a second, ${CONNECTIONS} connections, ${rounds} rounds of ${seconds} s`
  keep(
    'latency',
    what,
    tableOf([
      below('added by `disk`, p50', added(through, 'p50Ms'), { must: 0.7, aim: 0.5, unit: ' ms', digits: 2 }),
      below('added by `disk`, p99', added(through, 'p99Ms'), { must: 3, aim: 2, unit: ' ms', digits: 2 }),
      told('added by `process`, p50 · p99', both(fast)),
      told('added by the bare pass-through, p50 · p99', both(least)),
      told('past all of them, p50 · p99', `${alone('p50Ms')} · ${alone('p99Ms')} ms`),
    ]),
  )
}

async function phase(client: RateClient, lastsMs: number): Promise<RateFigures> {
  client.begin()
  await pause(lastsMs)
  const [figures] = await client.end()
  if (figures === undefined) throw new Error('the client told nothing')
  const { calls, waiting, statuses } = figures
  const failed = calls - waiting - (statuses['200'] ?? 0)
  if (failed > 0) throw new Error(`${failed} of ${calls} calls failed: ${JSON.stringify(statuses)}`)
  return figures
}
