import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { systemClock } from '../../../src/lib/clock.ts'
import { Child, temporaryFolder } from '../lib/child.ts'
import { buildProgram, type LoadGateway, startGateway } from '../lib/load-gateway.ts'
import { nginxCommand } from '../lib/nginx.ts'
import { LOAD_CPU, placeBench } from '../lib/places.ts'
import { anonymousBytes, MIB, openFiles, rssBytes } from '../lib/process-figures.ts'
import { requirePrograms, startPinned } from '../lib/programs.ts'
import { informs, report } from '../lib/report.ts'
import { lineThrough } from '../lib/slope.ts'

const UPSTREAM_PORT = 19_310
const CONNECTIONS = 128
const WARM_UP_S = 10
const FIND_S = 5
const LOOK_MS = 10_000
/** About what an answer takes at half of the load; wrk waits from there to its next call. */
const ANSWER_MS = 3
const TENANTS = 50

/**
 * Half of the load the gateway takes, for long: whether anything grows.
 *
 * The load is what clients do: most calls are good, some have a body, a wrong key or a path that does not
 * exist, some close their connection. Bars, over the second half: the slope of memory is flat (at most
 * 10 MiB/h, or four times its error), and so is that of open files (at most 32 an hour). `[--minutes 30] [--rate calls a second]`
 *
 * With a rate it leaves room for others: for a machine that has other work.
 */
export async function soak(args: readonly string[]): Promise<boolean> {
  const options = { minutes: { type: 'string', default: '30' }, rate: { type: 'string' } } as const
  const { values } = parseArgs({ args: [...args], options })
  const minutes = Number(values.minutes)
  requirePrograms({ wrk: 'wrk', nginx: 'nginx-light', taskset: 'util-linux' })
  placeBench(true)
  using program = buildProgram()
  using folder = temporaryFolder()
  const nginx = nginxCommand(join(folder.path, 'nginx'), UPSTREAM_PORT)
  await using _upstream = await startPinned(LOAD_CPU, UPSTREAM_PORT, nginx)
  await using gateway = await startGateway({
    program: program.path,
    upstreamPort: UPSTREAM_PORT,
    tenants: Array.from({ length: TENANTS }, () => 'unlimited' as const),
    inspected: true,
  })
  const script = join(folder.path, 'load.lua')
  writeFileSync(script, luaScript(gateway.keys, 0))
  await using warmUp = startWrk(script, gateway.port, WARM_UP_S)
  await warmUp.ended
  await using finding = startWrk(script, gateway.port, FIND_S)
  await finding.ended
  const perSecondMax = rateOf(finding)
  const perSecond = Number(values.rate ?? perSecondMax / 2)
  // One connection makes a call every `everyMs`: wrk is told how long it waits between two.
  const everyMs = CONNECTIONS / (perSecond / 1000) - ANSWER_MS
  writeFileSync(script, luaScript(gateway.keys, everyMs))
  console.log(
    `the gateway takes ${Math.round(perSecondMax)} calls a second; ${minutes} minutes at ${Math.round(perSecond)}`,
  )
  await using load = startWrk(script, gateway.port, minutes * 60)
  const looks = await lookOn(gateway, load)
  return print(looks, { perSecondMax, load })
}

async function lookOn(gateway: LoadGateway, load: Child): Promise<readonly Look[]> {
  const looks: Look[] = []
  const startMs = systemClock.monotonicMs()
  for (;;) {
    await Promise.race([pause(LOOK_MS), load.ended])
    if (!load.running) return looks
    const { heapBytes = 0, bufferBytes = 0, nativeBytes = 0 } = (await gateway.inspector?.memory()) ?? {}
    const hours = (systemClock.monotonicMs() - startMs) / 3_600_000
    const look = {
      hours,
      rssMib: rssBytes(gateway.pid) / MIB,
      anonymousMib: anonymousBytes(gateway.pid) / MIB,
      heapMib: heapBytes / MIB,
      buffersMib: bufferBytes / MIB,
      nativeMib: nativeBytes / MIB,
      files: openFiles(gateway.pid),
    }
    looks.push(look)
    const seconds = Math.round(hours * 3600)
    console.log(
      `${seconds} s: RSS ${look.rssMib.toFixed(1)} MiB, anonymous ${look.anonymousMib.toFixed(1)}, heap ${look.heapMib.toFixed(1)} MiB, buffers ${look.buffersMib.toFixed(1)}, ` +
        `other native ${look.nativeMib.toFixed(1)}, ${look.files} files`,
    )
  }
}

interface Look {
  /** Since the start. */
  readonly hours: number
  readonly rssMib: number
  readonly anonymousMib: number
  readonly heapMib: number
  readonly buffersMib: number
  readonly nativeMib: number
  readonly files: number
}

function print(looks: readonly Look[], { perSecondMax, load }: Loaded): boolean {
  const half = looks.slice(Math.floor(looks.length / 2))
  const rss = lineThrough(half.map(({ hours, rssMib }) => [hours, rssMib]))
  const anonymous = lineThrough(half.map(({ hours, anonymousMib }) => [hours, anonymousMib]))
  const heap = lineThrough(half.map(({ hours, heapMib }) => [hours, heapMib]))
  const hours = (half.at(-1)?.hours ?? 0) - (half[0]?.hours ?? 0)
  const files = lineThrough(half.map((look) => [look.hours, look.files]))
  const open = half.map((look) => look.files)
  const filesAllowed = Math.max(FILES_SLOPE_MAX, NOISE_FACTOR * files.slopeError)
  const allowed = Math.max(SLOPE_MAX, NOISE_FACTOR * rss.slopeError)
  return report(`${looks.length} looks, the second half of them counts`, [
    informs('calls a second: the most, sent', `${Math.round(perSecondMax)}, ${Math.round(rateOf(load))}`),
    {
      what: 'slope of RSS',
      measured: `${rss.slope.toFixed(1)} ± ${rss.slopeError.toFixed(1)} MiB/h`,
      bar: `<= ${allowed.toFixed(1)} MiB/h`,
      // The memory of a process that just began to work still grows to what the work needs.
      met: hours < HOURS_MIN ? 'undecided' : rss.slope <= allowed,
    },
    informs(
      'RSS risen along that line, and its noise',
      `${(rss.slope * hours).toFixed(1)}, ${rss.noise.toFixed(1)} MiB`,
    ),
    informs(
      'slope of what of it no file stands behind',
      `${anonymous.slope.toFixed(1)} ± ${anonymous.slopeError.toFixed(1)} MiB/h`,
    ),
    informs('slope of the heap', `${heap.slope.toFixed(1)} ± ${heap.slopeError.toFixed(1)} MiB/h`),
    informs(
      'RSS, first and last look',
      `${looks[0]?.rssMib.toFixed(1)} → ${looks.at(-1)?.rssMib.toFixed(1)} MiB`,
    ),
    {
      what: 'slope of open files',
      measured: `${files.slope.toFixed(0)} ± ${files.slopeError.toFixed(0)} an hour`,
      bar: `<= ${filesAllowed.toFixed(0)} an hour`,
      met: files.slope <= filesAllowed,
    },
    // As many connections to the upstream as there are calls at one time: more when something holds them up.
    informs('open files, least and most', `${Math.min(...open)}, ${Math.max(...open)}`),
  ])
}

interface Loaded {
  readonly perSecondMax: number
  readonly load: Child
}

/** MiB/h that are flat in any case. */
const SLOPE_MAX = 10
/** Looks are not independent of each other: the error of the slope is larger than it says. */
const NOISE_FACTOR = 4
/** A shorter second half says nothing. */
const HOURS_MIN = 1 / 6
/** More of them in an hour is a leak in any case. */
const FILES_SLOPE_MAX = 32

function startWrk(script: string, port: number, seconds: number): Child {
  const url = `http://127.0.0.1:${port}`
  const options = ['-t1', `-c${CONNECTIONS}`, `-d${Math.round(seconds)}s`, '-s', script]
  return Child.start(['wrk', ...options, url], { cpu: LOAD_CPU })
}

function rateOf({ stdout, stderr }: Child): number {
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]
  if (rate === undefined) throw new Error(`wrk printed no rate: ${stdout}${stderr}`)
  return Number(rate)
}

/** A mixture of calls for wrk; with `everyMs` each connection waits so long between two, some less, some more. */
function luaScript(keys: readonly string[], everyMs: number): string {
  const list = keys.map((key) => `"${key}"`).join(',')
  const delay = everyMs < 1 ? '' : `delay = function() return math.random(0, ${Math.round(2 * everyMs)}) end`
  return `local keys = {${list}}
math.randomseed(42)
local requests = {}
local body = string.rep("x", 2048)
init = function()
  for i = 1, 5000 do
    local kind = math.random(100)
    local fields = {["x-api-key"] = keys[math.random(#keys)]}
    if kind <= 5 then requests[i] = wrk.format("POST", "/v1/items", fields, body)
    elseif kind <= 7 then requests[i] = wrk.format("GET", "/v1/items", {["x-api-key"] = "gz_live_wrong" .. i})
    elseif kind <= 9 then requests[i] = wrk.format("GET", "/v1/%2e%2e/items", fields)
    elseif kind <= 10 then
      fields["Connection"] = "close"
      requests[i] = wrk.format("GET", "/v1/items", fields)
    else requests[i] = wrk.format("GET", "/v1/items/" .. math.random(100000), fields) end
  end
end
local n = 0
request = function()
  n = n % #requests + 1
  return requests[n]
end
${delay}
`
}
