import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../../../src/lib/clock.ts'
import { Child } from '../lib/child.ts'
import { during, HEALTHY_PER_SECOND, healthyLoads, ms } from '../lib/healthy-clients.ts'
import { buildProgram, type LoadGateway, startGateway } from '../lib/load-gateway.ts'
import { startUpstream } from '../lib/load-upstream.ts'
import { LOAD_CPU, placeBench } from '../lib/places.ts'
import { connectionsAt, MIB, resetPeak, rssBytesPeak } from '../lib/process-figures.ts'
import { requirePrograms } from '../lib/programs.ts'
import { RateClient, type RateFigures } from '../lib/rate-client.ts'
import { atMost, type Figure, informs, report } from '../lib/report.ts'
import { segmentsOfEthernet } from '../lib/segments.ts'

const CONNECTIONS = 5_000
/** One slowhttptest alone opens some 500 connections a second: the first would be over before the last. */
const ATTACKERS = 5
/** Slow connections each begins in a second. */
const PER_SECOND = 200
/** Slow connections go to an address of their own, to tell them from healthy ones. */
const SLOW_ADDRESS = '127.0.0.2'
/** For so long after its start p99 is that of compilers and collectors of garbage. */
const WARM_UP_MS = 20_000
const IDLE_MS = 15_000
/** What is still open then is not waited for. */
const WATCH_MS_MAX = 100_000
const LOOK_MS = 1_000
/** An attack of which nothing is seen by then does not work. */
const OPEN_MS_MAX = 10_000

/** What slowhttptest is told, by name of the mode. */
const MODES: Readonly<Record<string, readonly string[]>> = {
  'slow headers': ['-H', '-i', '5', '-x', '24', '-t', 'GET', '-u', '/open/small'],
  'slow body': ['-B', '-i', '5', '-x', '10', '-s', '8192', '-t', 'POST', '-u', '/open/sink'],
  'slow read': ['-X', '-n', '5', '-z', '32', '-w', '256', '-y', '512', '-u', `/open/big?bytes=${MIB / 2}`],
}

/**
 * Thousands of connections that are held open, and what healthy clients notice of them.
 *
 * Bars, for each mode: p99 of healthy clients <= 2 times that without, RSS of the gateway <= 512 MiB, and
 * the last slow connection closed <= 30 s after the last was opened. `[mode]` measures one mode only.
 */
export async function slowClients(args: readonly string[]): Promise<boolean> {
  requirePrograms({ slowhttptest: 'slowhttptest', taskset: 'util-linux', ip: 'iproute2' })
  placeBench(true)
  using _segments = segmentsOfEthernet(SLOW_ADDRESS)
  using program = buildProgram()
  const modes = Object.keys(MODES).filter((mode) => args.length === 0 || args.includes(mode))
  let met = true
  for (const mode of modes) {
    const figures = await measure(mode, program.path)
    const what = `${mode}: ${CONNECTIONS} connections, ${HEALTHY_PER_SECOND} healthy calls a second`
    met = report(what, figures) && met
  }
  return met
}

async function measure(mode: string, program: string): Promise<readonly Figure[]> {
  await using upstream = await startUpstream()
  const tenants = ['unlimited', 'unlimited'] as const
  await using gateway = await startGateway({
    program,
    upstreamPort: upstream.port,
    tenants,
    durability: 'process',
  })
  await using client = await RateClient.start(healthyLoads(gateway, upstream))
  client.begin()
  await pause(WARM_UP_MS)
  await client.end()
  const idle = await during(client, () => pause(IDLE_MS))
  resetPeak(gateway.pid)
  let watched: Watched | undefined
  const attacked = await during(client, async () => {
    watched = await attack(mode, gateway)
  })
  if (watched === undefined) throw new Error('the attack was not watched')
  return figuresOf({ idle, attacked, watched, rssBytes: rssBytesPeak(gateway.pid) })
}

async function attack(mode: string, gateway: LoadGateway): Promise<Watched> {
  const seconds = String(WATCH_MS_MAX / 1000 + 20)
  const given = MODES[mode] ?? []
  const path = given.at(-1) ?? ''
  const url = `http://${SLOW_ADDRESS}:${gateway.port}${path}`
  const rate = ['-c', String(CONNECTIONS / ATTACKERS), '-r', String(PER_SECOND), '-l', seconds, '-p', '5']
  const options = { cpu: LOAD_CPU, yields: true }
  const command = ['slowhttptest', ...rate, ...given.slice(0, -1), url]
  await using attackers = new AsyncDisposableStack()
  const started = Array.from({ length: ATTACKERS }, () => attackers.use(Child.start(command, options)))
  return await watch(started, gateway)
}

/** Looks on until every slow connection was closed, or for `WATCH_MS_MAX`. */
async function watch(attackers: readonly Child[], gateway: LoadGateway): Promise<Watched> {
  const startMs = systemClock.monotonicMs()
  let heldMax = 0
  let orphanedMax = 0
  let openedMs = 0
  const seen = new Set<string>()
  for (;;) {
    await pause(LOOK_MS)
    const elapsedMs = systemClock.monotonicMs() - startMs
    const { held, orphaned } = connectionsAt(SLOW_ADDRESS, gateway.port)
    heldMax = Math.max(heldMax, held.length)
    const seenBefore = seen.size
    for (const client of held) seen.add(client)
    if (seen.size > seenBefore) openedMs = elapsedMs
    orphanedMax = Math.max(orphanedMax, orphaned)
    if (heldMax === 0 && elapsedMs > OPEN_MS_MAX) throw new Error(`no attack: ${attackers[0]?.stdout}`)
    if ((held.length === 0 && heldMax > 0) || elapsedMs > WATCH_MS_MAX) {
      return { heldMax, heldLast: held.length, orphanedMax, closedS: (elapsedMs - openedMs) / 1000 }
    }
  }
}

/** What became of the slow connections. */
interface Watched {
  /** How many the gateway held at once. */
  readonly heldMax: number
  /** How many it held at the last look. */
  readonly heldLast: number
  /** How many it had closed that the kernel kept, at once. */
  readonly orphanedMax: number
  /** From the last opened to the last closed. */
  readonly closedS: number
}

function figuresOf({ idle, attacked, watched, rssBytes }: Measured): readonly Figure[] {
  const p99 = ['healthy p99, same api', 'healthy p99, another api', 'p99 past the gateway']
  const ratios = p99.map((what, index) => {
    const [before, after] = [idle[index], attacked[index]]
    const ratio = (after?.p99Ms ?? Number.NaN) / (before?.p99Ms ?? Number.NaN)
    const title = `${what}: ${ms(before?.p99Ms)} → ${ms(after?.p99Ms)}, ratio`
    return index === 2 ? informs(title, `${ratio.toFixed(2)}x`) : atMost(title, ratio, 2, 'x')
  })
  const [same] = attacked
  const p50s = `${ms(idle[0]?.p50Ms)} → ${ms(same?.p50Ms)}`
  const answers = `${JSON.stringify(same?.statuses)}, ${same?.broken} broken, ${same?.waiting} waiting`
  return [
    ...ratios,
    informs('healthy p50, same api', p50s),
    informs('healthy p99 of each 3 seconds, same api, ms', p99OfSpans(same?.p99MsOfSeconds ?? [])),
    informs('answers to healthy calls, same api', answers),
    informs('slow connections held at once', String(watched.heldMax)),
    atMost('RSS of the gateway, peak', rssBytes / MIB, 512, ' MiB', 0),
    atMost('last slow connection closed after', watched.closedS, 30, ' s', 0),
    {
      what: 'slow connections left',
      measured: String(watched.heldLast),
      bar: '0',
      met: watched.heldLast === 0,
    },
    informs('closed with bytes unsent, kept by the kernel', String(watched.orphanedMax)),
  ]
}

interface Measured {
  readonly idle: readonly RateFigures[]
  readonly attacked: readonly RateFigures[]
  readonly watched: Watched
  readonly rssBytes: number
}

/** The worst second of every three. */
function p99OfSpans(ofSeconds: readonly number[]): string {
  const spans = ofSeconds.filter((_, second) => second % 3 === 0)
  const worst = spans.map((_, span) => Math.max(...ofSeconds.slice(span * 3, span * 3 + 3)))
  const shown = worst.slice(0, 12).map((p99Ms) => p99Ms.toFixed(0))
  return shown.join(' ') + (worst.length > shown.length ? ' …' : '')
}
