import { join } from 'node:path'
import { atLeast, keep, type Row, tableOf, told } from '../lib/baseline.ts'
import { writeLuaScript } from '../lib/load.ts'
import { requirePrograms } from '../lib/programs.ts'
import { type Peer, roundsText, Stage } from '../lib/stage.ts'
import { median } from '../lib/wrk.ts'

const SIZES = [
  { what: '16 KiB', bytes: 16_384, connections: 256 },
  { what: '1 MiB', bytes: 1024 ** 2, connections: 64 },
] as const
const WARM_UP_SECONDS = 6

/** Bodies on their way up, to an upstream that reads them, in MB/s, against the bare pass-through. */
export async function bodies([rounds = '5', seconds = '4']: readonly string[]): Promise<void> {
  requirePrograms({ wrk: 'wrk', nginx: 'nginx-light libnginx-mod-http-lua', taskset: 'util-linux' })
  await using stage = await Stage.set({ readsFirst: true })
  const bare = await stage.bare(19_301)
  const disk = await stage.gatez('disk', { durability: 'disk', port: 19_303 })
  const rows: Row[] = []
  for (const { what, bytes, connections } of SIZES) {
    const script = join(stage.dir, `${bytes}.lua`)
    writeLuaScript(script, stage.seed.keys, bytes)
    for (const peer of [bare, disk]) {
      await peer.warmUp({ script, connections, seconds: WARM_UP_SECONDS })
    }
    for (let round = 0; round < Number(rounds); round += 1) {
      for (const peer of [bare, disk]) await peer.round({ script, connections, seconds: Number(seconds) })
    }
    const ratio = median(disk.rates.map((value, round) => value / (bare.rates[round] ?? Number.NaN)))
    const megabytes = (peer: Peer) => `${((median(peer.rates) * bytes) / 1e6).toFixed(0)} MB/s`
    const cpu = (peer: Peer) => `${median(peer.cpuMicros).toFixed(0)} µs`
    rows.push(
      atLeast(`POST of ${what}, ${connections} connections, MB/s against bare`, ratio, 0.85),
      told(
        `    bare · \`disk\``,
        `${megabytes(bare)}, ${cpu(bare)} CPU · ${megabytes(disk)}, ${cpu(disk)} CPU`,
      ),
    )
    for (const peer of [bare, disk]) peer.forget()
  }
  keep('bodies', roundsText(rounds, seconds), tableOf(rows))
}
