import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { temporaryFolder } from '../lib/child.ts'
import { during, healthyLoads, ms } from '../lib/healthy-clients.ts'
import { buildProgram, startGateway } from '../lib/load-gateway.ts'
import { startUpstream } from '../lib/load-upstream.ts'
import { LOAD_CPU, placeBench } from '../lib/places.ts'
import { MIB } from '../lib/process-figures.ts'
import { requirePrograms } from '../lib/programs.ts'
import { RateClient, type RateFigures } from '../lib/rate-client.ts'
import { type Figure, informs, report } from '../lib/report.ts'
import { wrk } from '../lib/wrk.ts'

const WARM_UP_MS = 8_000
const IDLE_MS = 4_000
/** From the start of the bulk to when it counts, and for how long it does. */
const BEGIN_MS = 1_000
const BULK_SECONDS = 6

/** What is moved beside the small calls. */
const BULKS = [
  { name: '64 downloads of 1 MiB at a time', connections: 64, path: `/open/big?bytes=${MIB}`, bytes: 0 },
  {
    name: '500 downloads of 512 KiB at a time',
    connections: 500,
    path: `/open/big?bytes=${MIB / 2}`,
    bytes: 0,
  },
  { name: '64 uploads of 1 MiB at a time', connections: 64, path: '/open/sink', bytes: MIB },
] as const

/** What small calls notice of large bodies that come and go as fast as they can. No bar: it only informs. */
export async function bulk(): Promise<boolean> {
  requirePrograms({ wrk: 'wrk', taskset: 'util-linux' })
  placeBench(true)
  using program = buildProgram()
  using folder = temporaryFolder()
  const script = join(folder.path, 'bulk.lua')
  for (const each of BULKS) {
    const tenants = ['unlimited', 'unlimited'] as const
    await using upstream = await startUpstream()
    await using gateway = await startGateway({
      ...{ program: program.path, upstreamPort: upstream.port, tenants, durability: 'process' },
    })
    await using client = await RateClient.start(healthyLoads(gateway, upstream))
    await during(client, () => pause(WARM_UP_MS))
    const idle = await during(client, () => pause(IDLE_MS))
    writeFileSync(script, scriptOf(each))
    const moving = wrk({
      ...{ cpu: LOAD_CPU, connections: each.connections, seconds: BULK_SECONDS, script, port: gateway.port },
    })
    await pause(BEGIN_MS)
    const busy = await during(client, () => pause((BULK_SECONDS - 1) * 1_000 - BEGIN_MS))
    const { requestsPerSecond } = await moving
    const title = `beside ${each.name}: ${requestsPerSecond.toFixed(0)} of them a second`
    report(title, figuresOf(idle, busy))
  }
  return true
}

function scriptOf({ path, bytes }: (typeof BULKS)[number]): string {
  const lines = [`wrk.path = "${path}"`]
  if (bytes > 0) lines.push('wrk.method = "POST"', `wrk.body = string.rep("x", ${bytes})`)
  return lines.join('\n')
}

function figuresOf(idle: readonly RateFigures[], busy: readonly RateFigures[]): readonly Figure[] {
  return ['same api', 'another api', 'past the gateway'].map((whose, index) => {
    const both = [idle[index], busy[index]].map((figures) => `${ms(figures?.p50Ms)} · ${ms(figures?.p99Ms)}`)
    return informs(`small calls, ${whose}: p50 · p99`, both.join(' → '))
  })
}
