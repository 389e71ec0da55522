import { parseArgs } from 'node:util'
import { FAIL_POINTS, type FailPointName } from '../../src/lib/fail-point.ts'
import { type Build, buildPrograms } from '../support/build-programs.ts'
import { randomFrom } from '../support/random.ts'
import { type NamedResult, ResultFile, totalOf } from './results.ts'
import type { Durability } from './scene.ts'
import { type Place, runSeries, type SeriesRequest } from './series.ts'

/**
 * The crash programme: `npm run crash`. Kills gateways under load, at named places and anywhere, and holds what
 * was billed against what the clients received. Exits with 1 when anything is lost, invented or twice.
 */
const HELP = `npm run crash -- [options]

  --kills N          kills at random moments (200)
  --fail-points X    all, none, or names with commas (all): ${FAIL_POINTS.join(', ')}
  --passes N         kills at each fail point (20)
  --durability X     disk, process or both (both): the kills are shared out
  --build X          fail-points, or release-early: a gateway that lets answers end before they are metered,
                     which must be found out (fail-points)
  --long             3000 kills at random moments
  --into FILE        adds what each series comes to to this file, and leaves out what is in it already: so a
                     long programme can be run in several goes
  --minutes N        begins no further kill after so many minutes
  --at-once N        so many series side by side (1)
  --seed N           the same choices again
  --json             the result as JSON

Random kills run the program as it is shipped, unless --build says otherwise.`

/** Runs on one set of stores; then it begins anew, so that looking through them stays quick. */
const RUNS_A_SERIES = 20

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string' },
    'fail-points': { type: 'string', default: 'all' },
    passes: { type: 'string', default: '20' },
    durability: { type: 'string', default: 'both' },
    build: { type: 'string', default: 'fail-points' },
    long: { type: 'boolean', default: false },
    into: { type: 'string' },
    minutes: { type: 'string' },
    'at-once': { type: 'string', default: '1' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (options.help) console.log(HELP)
else process.exitCode = await main()

async function main(): Promise<number> {
  const seed = options.seed === undefined ? process.pid : whole('--seed', options.seed)
  const endMs = performance.now() + whole('--minutes', options.minutes ?? '100000') * 60_000
  const file = options.into === undefined ? undefined : new ResultFile(options.into)
  const series = plan(seed, file)
  say(`${series.reduce((sum, { places }) => sum + places.length, 0)} kills, seed ${seed}`)
  const remove = buildPrograms([...new Set(series.map(({ build }) => build))])
  const results: NamedResult[] = []
  const over = () => performance.now() > endMs
  const waiting = series.values()
  const runInTurn = async (): Promise<void> => {
    for (const request of waiting) {
      if (over()) break
      const { place, durability } = request
      const result = { place, durability, seed, ...(await runSeries({ ...request, over })) }
      if (result.runs === 0 && result.faults.length === 0) break
      results.push(result)
      file?.add(result)
      say(lineOf(result))
      for (const fault of result.faults.slice(0, 5)) say(`    ${fault}`)
    }
  }
  try {
    await Promise.all(Array.from({ length: whole('--at-once', options['at-once']) }, runInTurn))
  } finally {
    remove()
  }
  const all = file?.results ?? results
  const total = totalOf(all)
  if (options.json) console.log(JSON.stringify({ ...total, results: all }, undefined, 2))
  say(
    `\n${total.runs} kills, ${total.received} answers received, ${total.broken} in flight at a kill, ` +
      `${total.inFlightBilled} of them billed; ${total.faults} faults`,
  )
  return total.faults === 0 ? 0 : 1
}

/** Series of bounded length: each place in each durability, then the kills anywhere. */
function plan(seed: number, file: ResultFile | undefined): NamedSeries[] {
  const random = randomFrom(seed)
  const build = oneOf<Build>('--build', options.build, ['fail-points', 'release-early'])
  const durability = oneOf('--durability', options.durability, ['disk', 'process', 'both'])
  const modes: readonly Durability[] = durability === 'both' ? ['disk', 'process'] : [durability]
  const kills = options.long ? 3000 : whole('--kills', options.kills ?? '200')
  const passes = whole('--passes', options.passes)
  const chosen = chosenPlaces(options['fail-points']).map((place) => ({ place, runs: passes, build }))
  const anywhere: Build = build === 'release-early' ? build : 'lib'
  const all: { place: Place; runs: number; build: Build }[] = [
    ...chosen,
    { place: 'kill -9', runs: kills, build: anywhere },
  ]
  return all.flatMap(({ place, runs, build }) => {
    const parts = modes.flatMap((durability, index) => {
      const done = file?.done(place, durability) ?? 0
      const mine = Math.max(0, Math.floor((runs + index) / modes.length) - done)
      return Array.from({ length: Math.ceil(mine / RUNS_A_SERIES) }, (_, part) => {
        const length = Math.min(RUNS_A_SERIES, mine - part * RUNS_A_SERIES)
        const request = { place, durability, build, random, places: Array<Place>(length).fill(place) }
        return { left: mine - part * RUNS_A_SERIES, request }
      })
    })
    // Whoever has most left goes first: a programme that is ended early has had its share of each.
    return parts.toSorted((one, other) => other.left - one.left).map(({ request }) => request)
  })
}

interface NamedSeries extends SeriesRequest {
  readonly place: Place
}

function chosenPlaces(written: string): readonly FailPointName[] {
  if (written === 'all') return FAIL_POINTS
  if (written === 'none') return []
  return written.split(',').map((name) => oneOf('--fail-points', name, FAIL_POINTS))
}

function lineOf(result: NamedResult): string {
  const { place, durability, runs, received, broken, inFlightBilled, tooEarly, faults } = result
  const early = tooEarly === 0 ? '' : `, ${tooEarly} more came too early`
  return (
    `${place.padEnd(22)} ${durability.padEnd(7)} ${String(runs).padStart(4)} kills  ${String(received).padStart(6)} received  ` +
    `${broken} in flight, ${inFlightBilled} billed  ${faults.length} faults${early}`
  )
}

/** With --json the result alone goes to stdout. */
function say(line: string): void {
  if (options.json) console.error(line)
  else console.log(line)
}

function whole(flag: string, written: string): number {
  if (/^\d{1,9}$/.test(written)) return Number(written)
  return usage(`${flag} is ${JSON.stringify(written)}: write a whole number.`)
}

function oneOf<Name extends string>(flag: string, written: string, names: readonly Name[]): Name {
  return (
    names.find((name) => name === written) ??
    usage(`${flag} is ${JSON.stringify(written)}: write one of ${names.join(', ')}.`)
  )
}

function usage(problem: string): never {
  console.error(problem)
  process.exit(2)
}
