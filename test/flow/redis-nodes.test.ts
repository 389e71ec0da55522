import { beforeEach, describe, expect, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { callAll, countOf, isDegraded, projectsOf } from '../support/redis-nodes.ts'
import { startRedis } from '../support/services/redis.ts'
import { until } from '../support/until.ts'

const redis = await startRedis()
let upstream: CountingUpstream

beforeEach(async () => {
  upstream = await CountingUpstream.start()
  await redis.command('FLUSHALL')
})

const PLANS = {
  ten: { limits: [{ requests: 10, per: 'hour' }] },
  many: {
    limits: [
      { requests: 5000, per: 'hour' },
      { requests: 3, per: 'minute', scope: 'key', id: 'burst' },
      { concurrent: 2, scope: 'route' },
    ],
    quotas: [{ meter: 'calls', per: 'month', included: 100 }],
  },
}

describe('four processes on one Redis', () => {
  test('let exactly 10 of 200 parallel calls through, one of them with a clock five minutes ahead', async () => {
    const tenants = { a: 'ten', b: 'ten' }
    const { projects, secrets } = await projectsOf({
      ...{ upstreamPort: upstream.port, counters: redis.url, plans: PLANS, nodes: 4, tenants },
    })
    const serves = await Promise.all(
      projects.map((project, index) => project.serve(index === 1 ? { GATEZ_CLOCK: '+300000' } : {})),
    )
    const ports = serves.map(({ port }) => port)
    const answers = await callAll(ports, secrets.a!, 50)
    expect(countOf(answers, 200)).toBe(10)
    expect(countOf(answers, 429)).toBe(190)
    expect(upstream.seen).toBe(10)
    for (const { headers, status } of answers) {
      // By each node's own clock: an hour from the first call, whatever that clock says.
      const seconds = Number(/t=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1])
      expect(seconds).toBeGreaterThan(3500)
      expect(seconds).toBeLessThanOrEqual(3600)
      if (status === 429) expect(Number(headers.get('retry-after'))).toBe(seconds)
    }
    expect(countOf(await callAll(ports, secrets.b!, 1), 200)).toBe(4)
    for (const serve of serves) expect(await serve.stop()).toBe(0)
  })

  test('keep what was counted when all of them are killed and started again', async () => {
    const { projects, secrets } = await projectsOf({
      ...{ upstreamPort: upstream.port, counters: redis.url, plans: PLANS, nodes: 2, tenants: { a: 'ten' } },
    })
    const before = await Promise.all(projects.map((project) => project.serve()))
    expect(
      countOf(
        await callAll(
          before.map(({ port }) => port),
          secrets.a!,
          3,
        ),
        200,
      ),
    ).toBe(6)
    await Promise.all(before.map((serve) => serve.kill()))
    const after = await Promise.all(projects.map((project) => project.serve()))
    expect(
      countOf(
        await callAll(
          after.map(({ port }) => port),
          secrets.a!,
          20,
        ),
        200,
      ),
    ).toBe(4)
    for (const serve of after) expect(await serve.stop()).toBe(0)
  })
})

test('keys are rl:{tenant}:{route}:{window}, quotas q:{tenant}:{quota}, in one slot of a cluster for each tenant', async () => {
  const { first, secrets } = await projectsOf({
    ...{
      upstreamPort: upstream.port,
      counters: redis.url,
      plans: PLANS,
      nodes: 1,
      tenants: { acme: 'many' },
    },
  })
  const serve = await first.serve()
  const [answer] = await callAll([serve.port], secrets.acme!, 1)
  expect(answer?.status).toBe(200)
  const [{ id: keyId }] = await first.json('keys', 'list')
  const settled = await until('the call ended', async () => {
    const keys = await redis.keys()
    return keys.length === 4 ? keys : undefined
  })
  expect(settled).toEqual([
    'gatez:{counters}',
    'q:{acme}:calls-month',
    'rl:{acme}:*:tenant-hour',
    `rl:{acme}:key.${keyId}:burst`,
  ])
  for (const key of settled.slice(2)) expect(key).toMatch(/^rl:\{[a-z0-9_-]+\}:[a-zA-Z0-9_.*-]+:[a-z0-9_-]+$/)
  expect(new Set(settled.slice(1).map(slotText))).toEqual(new Set(['acme']))
  for (const key of settled.slice(1)) expect(await redis.command('PTTL', key)).toBeGreaterThan(0)
  expect(await serve.stop()).toBe(0)
})

/** What decides of the slot: the part in braces. */
function slotText(key: string): string {
  return /\{([^}]*)\}/.exec(key)?.[1] ?? key
}

test('after Redis was emptied, all is counted again: exactly what was left passes', async () => {
  const plans = {
    small: {
      limits: [{ requests: 100, per: 'day' }],
      quotas: [{ meter: 'calls', per: 'month', included: 90 }],
    },
  }
  const { first, secrets } = await projectsOf({
    ...{ upstreamPort: upstream.port, counters: redis.url, plans, nodes: 1, tenants: { a: 'small' } },
  })
  const serve = await first.serve()
  expect(countOf(await callAll([serve.port], secrets.a!, 60), 200)).toBe(60)
  await until('the ledger has them', async () => {
    const { total } = await first.json('usage', 'report')
    return total.requests === 60 || undefined
  })
  await redis.command('FLUSHALL')
  await until(
    'they are counted again',
    async () => (await redis.keys()).includes('q:{a}:calls-month') || undefined,
  )
  await until(
    'the mark is set',
    async () => (await redis.command('HGET', 'gatez:{counters}', 'ready')) ?? undefined,
  )
  await until('calls are decided by Redis', async () => !(await isDegraded(serve.port)) || undefined)
  const answers = await callAll([serve.port], secrets.a!, 60)
  expect(countOf(answers, 200)).toBe(30)
  expect(await serve.stop()).toBe(0)
})
