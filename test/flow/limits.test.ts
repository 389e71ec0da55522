import { beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import type { RawAnswer } from '../support/answer-parser.ts'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Load } from '../support/load.ts'
import { Project } from '../support/project.ts'
import { connectAll } from '../support/raw-client.ts'
import { stackOfRun } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { usageRows } from '../support/usage-rows.ts'

const DAY_S = 86_400

let upstream: CountingUpstream

beforeEach(async () => {
  upstream = await CountingUpstream.start()
})

/** Tenants `a` and `b` with 100 calls per `per` each, behind four threads. */
async function projectOf(per: 'day' | 'minute', env = {}) {
  const plans = { small: { limits: [{ requests: 100, per }] } }
  const project = await Project.with(flowConfig({ upstreamPort: upstream.port, threads: 4, plans }), { env })
  const [a, b] = [await project.tenant('a', 'small'), await project.tenant('b', 'small')]
  return { project, a, b }
}

/** One call on each of `count` connections, all at once. */
async function callAll(port: number, key: string, count: number): Promise<RawAnswer[]> {
  const clients = await connectAll(port, count)
  return Promise.all(clients.map((client) => client.call({ path: '/x', headers: { 'x-api-key': key } })))
}

function withStatus(answers: readonly RawAnswer[], status: number): RawAnswer[] {
  return answers.filter((answer) => answer.status === status)
}

/** What the answers say is left, most first. */
function remaining(answers: readonly RawAnswer[]): number[] {
  return answers.map(({ headers }) => Number(headers.get('x-ratelimit-remaining'))).toSorted((x, y) => y - x)
}

/** count - 1, count - 2 … 0 */
function countdown(count: number): number[] {
  return Array.from({ length: count }, (_, index) => count - 1 - index)
}

describe('a limit of 100 per day, four threads', () => {
  test('lets exactly 100 of 200 parallel clients through, in the ledger too, and leaves others alone', async () => {
    const { project, a, b } = await projectOf('day')
    const serve = await project.serve()
    const startMs = systemClock.nowMs()
    const answers = await callAll(serve.port, a, 200)
    const endMs = systemClock.nowMs()

    const admitted = withStatus(answers, 200)
    expect(remaining(admitted)).toEqual(countdown(100))
    expect(withStatus(answers, 429)).toHaveLength(100)
    expect(upstream.seen).toBe(100)
    for (const answer of answers) {
      const reset = Number(answer.headers.get('x-ratelimit-reset'))
      expect(answer.headers.get('x-ratelimit-limit')).toBe('100')
      expect(answer.headers.get('ratelimit-policy')).toBe(`"tenant-day";q=100;w=${DAY_S}`)
      expect(reset).toBeGreaterThanOrEqual(startMs / 1000 + DAY_S)
      expect(reset).toBeLessThanOrEqual(endMs / 1000 + DAY_S + 1)
    }
    for (const { headers, body } of withStatus(answers, 429)) {
      const retryAfterS = Number(headers.get('retry-after'))
      expect(retryAfterS * 1000 + endMs).toBeGreaterThanOrEqual(
        Number(headers.get('x-ratelimit-reset')) * 1000 - 999,
      )
      expect(retryAfterS).toBeLessThanOrEqual(DAY_S)
      expect(headers.get('ratelimit')).toBe(`"tenant-day";r=0;t=${retryAfterS}`)
      expect(headers.get('x-ratelimit-remaining')).toBe('0')
      const problem = JSON.parse(body.toString())
      expect(problem).toMatchObject({ status: 429, code: 'rate-limited', plan: 'small' })
      expect(Math.ceil(Date.parse(problem.resets_at) / 1000)).toBe(Number(headers.get('x-ratelimit-reset')))
    }

    const [other] = await callAll(serve.port, b, 1)
    expect(other?.headers.get('ratelimit')).toMatch(/^"tenant-day";r=99;t=864/)
    const total = await until('the ledger has all calls', async () => {
      const report = await project.json('usage', 'report', '--tenant', 'a')
      return report.total.requests === 200 ? report.total : undefined
    })
    expect(total).toMatchObject({ requests: 200, billable: 100, refused: 100 })
    expect(await serve.stop()).toBe(0)
  })

  test('gives no second chance for a form of the path that another server might read differently', async () => {
    const { project, a } = await projectOf('day')
    const serve = await project.serve()
    const [client] = await connectAll(serve.port, 1)
    for (const path of ['/%2e%2e/x', '/a/../x', '//x', '/a%2fb', '/a\\b', '/a%5cb', '/%00']) {
      const answer = await client?.call({ path, headers: { 'x-api-key': a } })
      expect(answer?.status, path).toBe(400)
      expect(answer?.headers.get('gatez-error'), path).toBe('invalid-target')
    }
    expect(upstream.seen).toBe(0)
  })
})

describe.each(['day', 'minute'] as const)('after 60 of 100 calls per %s and a kill -9', (per) => {
  test('exactly 40 more pass, and Remaining says so', async () => {
    const { project, a, b } = await projectOf(per)
    const before = await project.serve()
    expect(remaining(withStatus(await callAll(before.port, a, 60), 200))).toEqual(countdown(100).slice(0, 60))
    await before.kill()

    const after = await project.serve()
    const [first, ...others] = [...(await callAll(after.port, a, 1)), ...(await callAll(after.port, a, 99))]
    expect(first?.headers.get('x-ratelimit-remaining')).toBe('39')
    expect(first?.headers.get('ratelimit')).toContain(`"tenant-${per}";r=39;`)
    expect(remaining(withStatus(others, 200))).toEqual(countdown(39))
    expect(withStatus(others, 429)).toHaveLength(60)
    expect(upstream.seen).toBe(100)
    expect((await callAll(after.port, b, 1))[0]?.headers.get('x-ratelimit-remaining')).toBe('99')
    expect(await after.stop()).toBe(0)
    expect(usageRows(project).filter((row) => row.billable === 1)).toHaveLength(101)
  })
})

test('a kill -9 under load lets no call more through than the limit, and no call less', async () => {
  const plans = { small: { limits: [{ requests: 1000, per: 'day' }] } }
  const project = await Project.with(flowConfig({ upstreamPort: upstream.port, threads: 4, plans }))
  const load = new Load({
    callers: [{ tenantId: 'a', keyId: '', secret: await project.tenant('a', 'small') }],
    routes: { all: '/x' },
  })
  const before = await project.serve()
  load.onReceived = () => {
    if (load.received.size === 500) void before.kill()
  }
  await load.run(before, 32)
  await before.kill()

  const after = await project.serve()
  load.onReceived = () => {
    if (load.refused.length > 0) load.stop()
  }
  await load.run(after, 32)
  expect(await after.stop()).toBe(0)
  const billed = usageRows(project).filter((row) => row.billable === 1)
  // Redis keeps the places of calls that were in flight when their node was killed.
  const inFlight = stackOfRun() === 'production' ? load.broken.size : 0
  expect(billed.length).toBeLessThanOrEqual(1000)
  expect(billed.length).toBeGreaterThanOrEqual(1000 - inFlight)
  expect(load.received.size).toBeLessThanOrEqual(1000)
  expect(load.received.size + load.broken.size).toBeGreaterThanOrEqual(1000)
  // What the upstream saw beyond the limit was in flight at the kill.
  expect(upstream.seen).toBeLessThanOrEqual(1000 + load.broken.size)
})

test('100 calls at the end of a minute leave nothing for the begin of the next', async () => {
  const { project, a } = await projectOf('minute', { GATEZ_CLOCK: clockFrom('2026-03-10T11:00:00Z') })
  const clock = clockFrom('2026-03-10T12:00:56Z')
  const nextMinuteMs = Date.parse('2026-03-10T12:01:00Z')
  const serve = await project.serve({ GATEZ_CLOCK: clock })
  expect(withStatus(await callAll(serve.port, a, 100), 200)).toHaveLength(100)

  const [client] = await connectAll(serve.port, 1)
  const afterTheTurn = await until('the next minute begins', async () => {
    const isNext = systemClock.nowMs() + Number(clock) > nextMinuteMs
    const answer = await client!.call({ path: '/x', headers: { 'x-api-key': a } })
    expect(answer.status).toBe(429)
    return isNext ? answer : undefined
  })
  expect(Number(afterTheTurn.headers.get('retry-after'))).toBeGreaterThan(50)

  expect(await serve.stop()).toBe(0)
  const rows = usageRows(project)
  for (const row of rows.filter((each) => each.billable === 1))
    expect(row.timestamp).toBeLessThan(nextMinuteMs)
  expect(rows.some((row) => row.outcome === 'refused' && row.timestamp >= nextMinuteMs)).toBe(true)
})

/** GATEZ_CLOCK for a clock that stands at `moment` now, in every process that is given it. */
function clockFrom(moment: string): string {
  const offsetMs = Date.parse(moment) - systemClock.nowMs()
  return offsetMs < 0 ? String(offsetMs) : `+${offsetMs}`
}
