import { join } from 'node:path'
import { below, keep, tableOf, told } from '../lib/baseline.ts'
import { writeLuaScript } from '../lib/load.ts'
import { requirePrograms } from '../lib/programs.ts'
import { CONNECTIONS, type Peer, roundsText, Stage } from '../lib/stage.ts'
import { median } from '../lib/wrk.ts'

const WARM_UP_SECONDS = 12

/** What a second gateway thread costs where both share one core: what threads hold in common, and what they wait for. */
export async function threads([rounds = '7', seconds = '4']: readonly string[]): Promise<void> {
  requirePrograms({ wrk: 'wrk', nginx: 'nginx-light', taskset: 'util-linux' })
  await using stage = await Stage.set()
  const script = join(stage.dir, 'load.lua')
  writeLuaScript(script, stage.seed.keys)
  const one = await stage.gatez('one', { durability: 'disk', port: 19_302, threads: 1 })
  const two = await stage.gatez('two', { durability: 'disk', port: 19_303, threads: 2 })
  for (const peer of [one, two]) {
    await peer.warmUp({ script, seconds: WARM_UP_SECONDS })
  }
  for (let round = 0; round < Number(rounds); round += 1) {
    for (const peer of [one, two]) await peer.round({ script, seconds: Number(seconds) })
  }
  const cpu = (peer: Peer) => `${median(peer.cpuMicros).toFixed(1)} µs`
  const ratio = median(two.cpuMicros.map((micros, round) => micros / (one.cpuMicros[round] ?? Number.NaN)))
  keep(
    'threads',
    `${roundsText(rounds, seconds)}, ${CONNECTIONS} connections`,
    tableOf([
      below('CPU per request of 2 threads against 1', ratio, { must: 1.1, aim: 1, unit: ' ×', digits: 2 }),
      told('CPU per request: 1 thread · 2 threads', `${cpu(one)} · ${cpu(two)}`),
    ]),
  )
}
