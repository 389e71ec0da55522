import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { systemClock } from '../../../src/lib/clock.ts'
import { temporaryFolder } from '../lib/child.ts'
import { Inspector } from '../lib/inspector.ts'
import { buildProgram, type LoadGateway, startGateway } from '../lib/load-gateway.ts'
import { nginxCommand } from '../lib/nginx.ts'
import { LOAD_CPU, placeBench } from '../lib/places.ts'
import { MIB, rssBytes } from '../lib/process-figures.ts'
import { requirePrograms, startPinned } from '../lib/programs.ts'
import { RateClient } from '../lib/rate-client.ts'
import { informs, report } from '../lib/report.ts'

const UPSTREAM_PORT = 19_320
const CONNECTIONS = 64
const LOOK_MS = 10_000
const WARM_UP_LOOKS = 3

/**
 * The dashboard in a terminal beside a busy gateway, for long: whether it grows, and whether its figures are
 * those of the report. `[--minutes 60] [--rate 5000]`
 *
 * Bars: what is left on its heap after all garbage is gone rises by at most 2 MiB between the first and the last
 * third of the looks, and once the load is over both say the same, to the request.
 */
export async function dashboard(args: readonly string[]): Promise<boolean> {
  const options = {
    minutes: { type: 'string', default: '60' },
    rate: { type: 'string', default: '5000' },
  } as const
  const { values } = parseArgs({ args: [...args], options })
  const [minutes, perSecond] = [Number(values.minutes), Number(values.rate)]
  requirePrograms({ nginx: 'nginx-light', taskset: 'util-linux', tmux: 'tmux' })
  placeBench(true)
  using program = buildProgram()
  using folder = temporaryFolder()
  const nginx = nginxCommand(join(folder.path, 'nginx'), UPSTREAM_PORT)
  await using _upstream = await startPinned(LOAD_CPU, UPSTREAM_PORT, nginx)
  const tenants = Array.from({ length: 20 }, () => 'unlimited' as const)
  await using gateway = await startGateway({ program: program.path, upstreamPort: UPSTREAM_PORT, tenants })
  const script = join(program.path, 'gatez.js')
  await using shown = await showDashboard(script, gateway, folder.path)
  const loads = gateway.keys.map((key, index) => {
    const each = {
      key,
      perSecond: perSecond / tenants.length,
      connections: Math.ceil(CONNECTIONS / tenants.length),
    }
    return { name: `tenant-${index}`, port: gateway.port, path: '/v1/items', ...each }
  })
  await using client = await RateClient.start(loads)
  client.begin()
  const looks = await lookOn(shown, minutes * 60_000)
  const calls = (await client.end()).reduce((sum, { calls: made }) => sum + made, 0)
  const { told, reported } = await settled(script, gateway.file)
  return print(looks, { calls, told, reported })
}

interface Shown extends AsyncDisposable {
  readonly pid: number
  readonly inspector: Inspector
}

async function showDashboard(script: string, { file }: LoadGateway, folder: string): Promise<Shown> {
  const socket = `gatez-bench-${randomUUID()}`
  const tmux = (...words: readonly string[]) => execFileSync('tmux', ['-L', socket, ...words]).toString()
  const log = join(folder, 'dashboard.log')
  const command = `exec '${process.execPath}' --inspect=127.0.0.1:0 '${script}' tui dashboard --config '${file}' 2> '${log}'`
  tmux('-f', '/dev/null', 'new-session', '-d', '-x', '200', '-y', '50', command)
  const pid = Number(tmux('list-panes', '-F', '#{pane_pid}'))
  for (let looks = 0; looks < 500; looks += 1) {
    const [, url] = /Debugger listening on (ws:\S+)/.exec(readIfThere(log)) ?? []
    if (url !== undefined) {
      const inspector = await Inspector.at(url)
      const end = async () => {
        console.log(tmux('capture-pane', '-p'))
        inspector[Symbol.dispose]()
        tmux('kill-server')
      }
      return { pid, inspector, [Symbol.asyncDispose]: end }
    }
    await pause(20)
  }
  throw new Error(`the dashboard did not start: ${readIfThere(log)}`)
}

interface Look {
  readonly heapMib: number
  readonly rssMib: number
}

async function lookOn({ pid, inspector }: Shown, forMs: number): Promise<readonly Look[]> {
  const looks: Look[] = []
  const startMs = systemClock.monotonicMs()
  while (systemClock.monotonicMs() - startMs < forMs) {
    await pause(Math.min(LOOK_MS, forMs))
    await inspector.collectGarbage()
    const { heapBytes } = await inspector.memory()
    const look = { heapMib: heapBytes / MIB, rssMib: rssBytes(pid) / MIB }
    looks.push(look)
    const seconds = Math.round((systemClock.monotonicMs() - startMs) / 1000)
    console.log(`${seconds} s: heap ${look.heapMib.toFixed(2)} MiB, RSS ${look.rssMib.toFixed(1)} MiB`)
  }
  return looks
}

/** What the dashboard and the report say once everything is counted. */
async function settled(script: string, file: string) {
  const ask = (...words: readonly string[]) =>
    JSON.parse(execFileSync(process.execPath, [script, ...words, '--config', file, '--json']).toString())
  for (let before = -1; ; ) {
    const reported: number = ask('usage', 'report').total.requests
    if (reported === before) return { told: ask('tui', 'dashboard'), reported }
    before = reported
    await pause(1_000)
  }
}

function print(looks: readonly Look[], { calls, told, reported }: Told): boolean {
  const warm = looks.slice(WARM_UP_LOOKS)
  const third = Math.max(1, Math.floor(warm.length / 3))
  const mean = (some: readonly Look[]) => some.reduce((sum, { heapMib }) => sum + heapMib, 0) / some.length
  const rise = mean(warm.slice(-third)) - mean(warm.slice(0, third))
  return report(`${looks.length} looks, the first ${WARM_UP_LOOKS} do not count`, [
    informs('calls made', String(calls)),
    {
      what: 'heap without garbage, last third less first',
      measured: `${rise.toFixed(2)} MiB`,
      bar: '<= 2 MiB',
      met: rise <= 2,
    },
    informs(
      'RSS, first and last look',
      `${looks[0]?.rssMib.toFixed(1)} → ${looks.at(-1)?.rssMib.toFixed(1)} MiB`,
    ),
    {
      what: 'requests: dashboard, report',
      measured: `${told.report.total.requests}, ${reported}`,
      bar: 'equal',
      met: told.report.total.requests === reported,
    },
    {
      what: 'metered of completed',
      measured: `${told.traffic.metered} of ${told.traffic.completed}`,
      bar: 'all',
      met: told.traffic.metered === told.traffic.completed,
    },
  ])
}

interface Told {
  readonly calls: number
  readonly told: {
    readonly report: { readonly total: { readonly requests: number } }
    readonly traffic: { readonly completed: number; readonly metered: number }
  }
  readonly reported: number
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
