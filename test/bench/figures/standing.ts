import { execFileSync } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../../../src/lib/clock.ts'
import { below, keep, tableOf } from '../lib/baseline.ts'
import { GATEWAY_CPU } from '../lib/places.ts'
import { rssBytes } from '../lib/process-figures.ts'
import { requirePrograms, startPinned } from '../lib/programs.ts'
import { gatezCommand, Stage } from '../lib/stage.ts'
import { median } from '../lib/wrk.ts'

const PORT = 19_309

/** Memory of a gateway that nobody calls, and how long it and the program take to start. */
export async function standing([rounds = '5']: readonly string[]): Promise<void> {
  requirePrograms({ nginx: 'nginx-light', taskset: 'util-linux' })
  await using stage = await Stage.set()
  const { file } = stage.copy('standing', { durability: 'disk', port: PORT })
  const [starts, idle, versions]: [number[], number[], number[]] = [[], [], []]
  for (let round = 0; round < Number(rounds); round += 1) {
    const command = gatezCommand(file)
    const versionMs = systemClock.monotonicMs()
    execFileSync(command[0] ?? '', [command[1] ?? '', '--version'])
    versions.push(systemClock.monotonicMs() - versionMs)
    const startMs = systemClock.monotonicMs()
    await using gateway = await startPinned(GATEWAY_CPU, PORT, command)
    await (await fetch(`http://127.0.0.1:${PORT}/gatez/health`)).text()
    starts.push(systemClock.monotonicMs() - startMs)
    await pause(5_000)
    idle.push(rssBytes(gateway.pid) / 1e6)
  }
  keep(
    'standing',
    `medians of ${rounds}`,
    tableOf([
      below('RSS idle, one thread', median(idle), { must: 170, unit: ' MB' }),
      below('`serve` to first answer', median(starts), { must: 600, unit: ' ms' }),
      below('`--version`', median(versions), { must: 250, unit: ' ms' }),
    ]),
  )
}
