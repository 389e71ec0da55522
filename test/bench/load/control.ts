import { setTimeout as pause } from 'node:timers/promises'
import { buildProgram, startGateway } from '../lib/load-gateway.ts'
import { startUpstream } from '../lib/load-upstream.ts'
import { placeBench } from '../lib/places.ts'
import { requirePrograms } from '../lib/programs.ts'
import { RateClient, type RateFigures } from '../lib/rate-client.ts'
import { informs, report } from '../lib/report.ts'
import { median } from '../lib/wrk.ts'

const CALLS_PER_SECOND = 500
/** More than the control thread answers: it never idles while this goes on. */
const ASKED_PER_SECOND = 4_000
const BAR = 1.5
const ROUNDS = 20
const PHASE_MS = 2_000
const WARM_UP_MS = 5_000

/**
 * What calls notice of a control API that is asked more than it can answer.
 *
 * All threads of the gateway share one processor: the worst case. Phases with and without the questions
 * alternate. Bar: the median over the rounds of p99 with them against p99 without is at most 1.5. `[rounds]`
 */
export async function control([rounds = String(ROUNDS)]: readonly string[]): Promise<boolean> {
  requirePrograms({ taskset: 'util-linux' })
  placeBench(true)
  using program = buildProgram()
  await using upstream = await startUpstream()
  await using gateway = await startGateway({
    ...{ program: program.path, upstreamPort: upstream.port, tenants: ['unlimited'] },
    ...{ durability: 'process', asked: true },
  })
  const [key] = gateway.keys
  const { port, token } = await gateway.control()
  const calls = { name: 'calls', port: gateway.port, path: '/small', key, perSecond: CALLS_PER_SECOND }
  const path = '/api/v1/usage/report?by=tenant,route'
  const asking = { name: 'questions', port, path, token, perSecond: ASKED_PER_SECOND }
  await using caller = await RateClient.start([{ ...calls, connections: 32 }])
  await using asker = await RateClient.start([{ ...asking, connections: 64 }], { yields: true })

  const phase = async (asks: boolean, lastsMs: number): Promise<Phase> => {
    if (asks) asker.begin()
    caller.begin()
    await pause(lastsMs)
    const [of] = await caller.end()
    const questions = asks ? (await asker.end())[0] : undefined
    return { calls: of!, questions }
  }
  await phase(true, WARM_UP_MS)
  const measured: { readonly alone: Phase; readonly beside: Phase }[] = []
  for (let round = 0; round < Number(rounds); round += 1) {
    const order = round % 2 === 0 ? [false, true] : [true, false]
    const phases = new Map<boolean, Phase>()
    for (const asks of order) phases.set(asks, await phase(asks, PHASE_MS))
    const last = { alone: phases.get(false)!, beside: phases.get(true)! }
    measured.push(last)
    const ms = ({ calls: { p50Ms, p99Ms } }: Phase) => `p50 ${p50Ms.toFixed(2)} p99 ${p99Ms.toFixed(2)}`
    console.log(`round ${round + 1}: alone ${ms(last.alone)} · beside ${ms(last.beside)} ms`)
  }
  const p99 = (side: 'alone' | 'beside') => median(measured.map((round) => round[side].calls.p99Ms))
  const p50 = (side: 'alone' | 'beside') => median(measured.map((round) => round[side].calls.p50Ms))
  const ratio = median(measured.map(({ alone, beside }) => beside.calls.p99Ms / alone.calls.p99Ms))
  const all = measured.flatMap(({ alone, beside }) => [alone.calls, beside.calls])
  const lost = all.reduce(
    (sum, { calls, waiting, statuses }) => sum + calls - waiting - (statuses['200'] ?? 0),
    0,
  )
  const answered = measured.reduce((sum, { beside }) => sum + (beside.questions?.statuses['200'] ?? 0), 0)
  const perSecond = answered / ((measured.length * PHASE_MS) / 1_000)
  return report(`calls at ${CALLS_PER_SECOND}/s, control asked ${ASKED_PER_SECOND}/s, ${rounds} rounds`, [
    {
      what: `p99 of calls: ${p99('alone').toFixed(2)} → ${p99('beside').toFixed(2)} ms, median ratio`,
      ...{ measured: `${ratio.toFixed(2)}x`, bar: `<= ${BAR}x`, met: ratio <= BAR },
    },
    informs('p50 of calls', `${p50('alone').toFixed(2)} → ${p50('beside').toFixed(2)} ms`),
    informs('questions answered with 200, a second', perSecond.toFixed(0)),
    { what: 'calls not answered with 200', measured: String(lost), bar: '0', met: lost === 0 },
  ])
}

interface Phase {
  readonly calls: RateFigures
  readonly questions: RateFigures | undefined
}
