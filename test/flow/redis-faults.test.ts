import { beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { Load } from '../support/load.ts'
import { callAll, countOf, isDegraded, projectsOf } from '../support/redis-nodes.ts'
import { startRedis } from '../support/services/redis.ts'
import { until } from '../support/until.ts'

const redis = await startRedis()
let upstream: CountingUpstream

beforeEach(async () => {
  upstream = await CountingUpstream.start()
})

const PLANS = {
  local: { limits: [{ requests: 10, per: 'hour' }] },
  closed: { limits: [{ requests: 10, per: 'hour' }], on_store_failure: 'closed' },
  open: { limits: [{ requests: 10, per: 'hour' }], on_store_failure: 'open' },
}

/** Two nodes that wait for Redis no longer than the default says. */
async function twoNodes(tenants: Readonly<Record<string, string>>) {
  await redis.command('FLUSHALL')
  const counters = `redis://127.0.0.1:${redis.port}`
  const { projects, first, secrets } = await projectsOf({
    ...{ upstreamPort: upstream.port, counters, plans: PLANS, nodes: 2, tenants },
  })
  const serves = await Promise.all(projects.map((project) => project.serve()))
  const stop = () => Promise.all(serves.map((serve) => serve.stop()))
  return { first, secrets, serves, ports: serves.map(({ port }) => port), stop }
}

async function allBack(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    await until('Redis decides again', async () => !(await isDegraded(port)) || undefined, 60_000)
  }
}

describe.each(['killed', 'hung'] as const)('Redis %s', (how) => {
  test('each plan says what passes, it is listed, and limits hold when Redis is back', async () => {
    const { first, secrets, ports, stop } = await twoNodes({ a: 'local', b: 'closed', c: 'open' })
    if (how === 'killed') await redis.kill()
    else redis.hang()
    try {
      const outcomes = await Promise.all(['a', 'b', 'c'].map((tenant) => callAll(ports, secrets[tenant]!, 8)))
      // Five of ten for each of two nodes.
      expect(countOf(outcomes[0]!, 200)).toBe(10)
      expect(countOf(outcomes[0]!, 429)).toBe(6)
      expect(countOf(outcomes[1]!, 503)).toBe(16)
      expect(outcomes[1]![0]?.headers.get('gatez-error')).toBe('limiter-unavailable')
      expect(outcomes[1]![0]?.headers.get('retry-after')).toBe('1')
      expect(countOf(outcomes[2]!, 200)).toBe(16)
      expect(await isDegraded(ports[0]!)).toBe(true)
    } finally {
      if (how === 'killed') await redis.run()
      else redis.goOn()
    }
    await allBack(ports)
    // Before any other call: one that Redis answers late is decided alone as well.
    const listed = await until(
      'it is listed',
      async () => {
        const { rows } = await first.json('usage', 'degraded')
        return rows.length >= 3 ? rows : undefined
      },
      20_000,
    )
    const byTenant = (tenant: string) => listed.find((row: { tenant_id: string }) => row.tenant_id === tenant)
    expect(byTenant('a')).toMatchObject({ mode: 'local', admitted: 5, refused: 3 })
    expect(byTenant('b')).toMatchObject({ mode: 'closed', admitted: 0, refused: 8 })
    expect(byTenant('c')).toMatchObject({ mode: 'open', admitted: 8, refused: 0 })
    expect(countOf(await callAll(ports, secrets.a!, 5), 200)).toBe(0)
    expect(countOf(await callAll(ports, secrets.b!, 10), 200)).toBe(10)
    await stop()
  })
})

test.each([
  { what: 'read-only', begin: ['REPLICAOF', '127.0.0.1', '1'], end: ['REPLICAOF', 'NO', 'ONE'] },
  {
    what: 'out of memory',
    begin: ['CONFIG', 'SET', 'maxmemory', '1'],
    end: ['CONFIG', 'SET', 'maxmemory', '0'],
  },
] as const)('a Redis that is $what is as good as none, until it is not any more', async ({ begin, end }) => {
  const { secrets, ports, stop } = await twoNodes({ a: 'local' })
  await redis.command(begin[0], ...begin.slice(1))
  expect(countOf(await callAll(ports, secrets.a!, 8), 200)).toBe(10)
  await redis.command(end[0], ...end.slice(1))
  await allBack(ports)
  expect(countOf(await callAll(ports, secrets.a!, 8), 200)).toBe(0)
  await stop()
})

test('emptied and killed under load, one node never lets more through than the limit, and no call fails', async () => {
  await redis.command('FLUSHALL')
  const plans = { big: { limits: [{ requests: 1000, per: 'hour' }] } }
  const { first, secrets } = await projectsOf({
    ...{ upstreamPort: upstream.port, counters: `redis://127.0.0.1:${redis.port}`, plans, nodes: 1 },
    tenants: { a: 'big' },
  })
  const serve = await first.serve()
  const load = new Load({
    callers: [{ tenantId: 'a', keyId: '', secret: secrets.a! }],
    routes: { all: '/x' },
  })
  let step = 0
  load.onReceived = () => {
    const { size } = load.received
    if (step === 0 && size > 200) {
      step = 1
      void redis.command('FLUSHALL')
    } else if (step === 1 && size > 500) {
      step = 2
      void redis.kill().then(() => redis.run())
    }
    if (load.refused.length > 50) load.stop()
  }
  const startMs = systemClock.monotonicMs()
  await load.run(serve, 16)
  expect(systemClock.monotonicMs() - startMs).toBeLessThan(60_000)
  expect(load.refused.every((line) => line.includes(': 429 '))).toBe(true)
  expect(load.received.size).toBeLessThanOrEqual(1000)
  // Counted twice are at most those on their way when Redis went.
  expect(load.received.size).toBeGreaterThanOrEqual(1000 - 3 * 16)
  expect(await serve.stop()).toBe(0)
})
