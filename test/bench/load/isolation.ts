import { setTimeout as pause } from 'node:timers/promises'
import { buildProgram, startGateway } from '../lib/load-gateway.ts'
import { startUpstream } from '../lib/load-upstream.ts'
import { placeBench } from '../lib/places.ts'
import { waitedMs } from '../lib/process-figures.ts'
import { requirePrograms } from '../lib/programs.ts'
import { RateClient, type RateFigures } from '../lib/rate-client.ts'
import { type Figure, informs, report } from '../lib/report.ts'
import { median, quartiles } from '../lib/wrk.ts'

const A_LIMIT_PER_SECOND = 200
const A_CALLS_PER_SECOND = 10 * A_LIMIT_PER_SECOND
const B_CALLS_PER_SECOND = 500
const BAR = 1.1
/** Many and short: what else the machine does then hits both sides of a round, or few of the rounds. */
const ROUNDS = 40
const PHASE_MS = 2_000
const WARM_UP_MS = 5_000

/**
 * What tenant B notices of tenant A, who sends ten times what its limit lets through.
 *
 * B calls steadily; phases with and without A alternate, the order turns every round. Bar: the median over
 * the rounds of p99 with A against p99 without A is at most 1.10. `[rounds]`
 */
export async function isolation([rounds = String(ROUNDS)]: readonly string[]): Promise<boolean> {
  requirePrograms({ taskset: 'util-linux' })
  placeBench(true)
  using program = buildProgram()
  await using upstream = await startUpstream()
  await using gateway = await startGateway({
    program: program.path,
    upstreamPort: upstream.port,
    tenants: ['limited', 'unlimited'],
    limitPerSecond: A_LIMIT_PER_SECOND,
    durability: 'process',
  })
  const [keyA, keyB] = gateway.keys
  const common = { port: gateway.port, path: '/small', connections: 32 }
  const direct = { ...common, name: 'direct', port: upstream.port, perSecond: 100 }
  const loadA = { ...common, name: 'A', key: keyA, perSecond: A_CALLS_PER_SECOND }
  const loadB = { ...common, name: 'B', key: keyB, perSecond: B_CALLS_PER_SECOND }
  await using clientA = await RateClient.start([loadA], { yields: true })
  await using clientB = await RateClient.start([loadB, direct])

  const parties = { a: clientA, b: clientB, pid: gateway.pid }
  await phase(parties, true, WARM_UP_MS)
  const measured: Round[] = []
  for (let round = 0; round < Number(rounds); round += 1) {
    const phases = new Map<boolean, Phase>()
    for (const withA of round % 2 === 0 ? [false, true] : [true, false]) {
      phases.set(withA, await phase(parties, withA, PHASE_MS))
    }
    measured.push({ alone: phases.get(false)!, beside: phases.get(true)! })
    printRound(measured.length, measured.at(-1)!)
  }
  return print(measured)
}

async function phase({ a, b, pid }: Parties, withA: boolean, lastsMs: number): Promise<Phase> {
  if (withA) a.begin()
  b.begin()
  const waitedBefore = waitedMs(pid)
  await pause(lastsMs)
  const [ofB, direct] = await b.end()
  const waited = (waitedMs(pid) - waitedBefore) / lastsMs
  const ofA = withA ? (await a.end())[0] : undefined
  return { b: ofB!, direct: direct!, a: ofA, waited }
}

/** A median that could as well lie on the other side of the bar, so far the rounds are apart, decides nothing. */
function judged(ratios: readonly number[]): Pick<Figure, 'measured' | 'bar' | 'met'> {
  const [low = 0, middle = 0, high = 0] = quartiles(ratios.map(Math.log))
  // Standard error of a median, from how far the middle half is spread.
  const error = (1.25 * (high - low)) / (1.35 * Math.sqrt(ratios.length))
  const [least, most] = [middle - 2 * error, middle + 2 * error].map(Math.exp)
  const measured = `${Math.exp(middle).toFixed(2)}x (${least?.toFixed(2)} to ${most?.toFixed(2)})`
  const decided = (least ?? 0) > BAR || (most ?? 0) <= BAR
  return { measured, bar: `<= ${BAR}x`, met: decided ? Math.exp(middle) <= BAR : 'undecided' }
}

function p99Ratio({ alone, beside }: Round): number {
  return beside.b.p99Ms / alone.b.p99Ms
}

function printRound(round: number, { alone, beside }: Round): void {
  const ms = (figures: RateFigures) => `p50 ${figures.p50Ms.toFixed(2)} p99 ${figures.p99Ms.toFixed(2)}`
  console.log(`round ${round}: B alone ${ms(alone.b)} · B beside A ${ms(beside.b)} ms`)
}

function print(rounds: readonly Round[]): boolean {
  const ratio = (of: (phase: Phase) => number) =>
    median(rounds.map(({ alone, beside }) => of(beside) / of(alone)))
  const spread = ([low, , high]: readonly number[]) => `${low?.toFixed(2)} to ${high?.toFixed(2)}`
  const p99s = (side: 'alone' | 'beside') => median(rounds.map((round) => round[side].b.p99Ms)).toFixed(2)
  const waited = (side: 'alone' | 'beside') => median(rounds.map((round) => round[side].waited)).toFixed(2)
  const ofA = rounds.map(({ beside }) => beside.a?.statuses ?? {})
  const sum = (status: string) => ofA.reduce((total, statuses) => total + (statuses[status] ?? 0), 0)
  const others = rounds.flatMap(({ alone, beside }) => [alone.b, beside.b])
  const refused = others.reduce((total, { calls, statuses, waiting }) => {
    return total + calls - waiting - (statuses['200'] ?? 0)
  }, 0)
  const title = `B at ${B_CALLS_PER_SECOND}/s, A at ${A_CALLS_PER_SECOND}/s with a limit of ${A_LIMIT_PER_SECOND}/s, ${rounds.length} rounds`
  return report(title, [
    {
      what: `p99 of B: ${p99s('alone')} → ${p99s('beside')} ms, median ratio (2 standard errors)`,
      ...judged(rounds.map(p99Ratio)),
    },
    informs('    the middle half of the rounds', spread(quartiles(rounds.map(p99Ratio)))),
    informs('p50 of B, ratio', `${ratio(({ b }) => b.p50Ms).toFixed(2)}x`),
    informs('p99 past the gateway, ratio', `${ratio(({ direct }) => direct.p99Ms).toFixed(2)}x`),
    informs(
      'the gateway waited for its processor, part of the time',
      `${waited('alone')} → ${waited('beside')}`,
    ),
    informs('answers to A', `200: ${sum('200')}, 429: ${sum('429')}`),
    { what: 'calls of B not answered with 200', measured: String(refused), bar: '0', met: refused === 0 },
  ])
}

interface Phase {
  readonly b: RateFigures
  readonly direct: RateFigures
  readonly a: RateFigures | undefined
  /** For what part of the time the gateway had work and no processor. */
  readonly waited: number
}

interface Parties {
  readonly a: RateClient
  readonly b: RateClient
  /** The gateway. */
  readonly pid: number
}

interface Round {
  readonly alone: Phase
  readonly beside: Phase
}
