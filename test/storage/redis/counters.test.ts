import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { counterMemory } from '../../../src/storage/memory/counter-table.ts'
import { MemoryCounterStore } from '../../../src/storage/memory/counters.ts'
import { Counter, type CounterSpec } from '../../../src/storage/ports/counters.ts'
import { RedisConnection } from '../../../src/storage/redis/connection.ts'
import { RedisCounterStore } from '../../../src/storage/redis/counters.ts'
import { counterStoreContract } from '../../contract/counter-store.ts'
import { makeCertificates } from '../../support/certificates.ts'
import { redisConfig } from '../../support/redis-config.ts'
import { freePort, RedisServer, startRedis } from '../../support/services/redis.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { until } from '../../support/until.ts'

const redis = await startRedis()
const stores: RedisCounterStore[] = []

afterEach(async () => {
  for (const store of stores.splice(0)) await store[Symbol.asyncDispose]()
})

async function open(url: string, clock: 'caller' | number, nowMs = () => 0): Promise<RedisCounterStore> {
  const connection = new RedisConnection(redisConfig(url), 'test')
  const parts = { connection, holder: 'test', answerMsMax: 5_000, trust: 'any', clock, nowMs } as const
  const store = new RedisCounterStore(parts)
  stores.push(store)
  await until('Redis is connected', () => connection.run)
  return store
}

counterStoreContract({
  name: 'Redis',
  open: async () => {
    await redis.command('FLUSHALL')
    return await open(redis.url, 'caller')
  },
})

test('decides as counters in memory do, whatever is asked of which counters, and whenever', async () => {
  const MINUTE = 60_000
  const asked = fc.record({
    what: fc.constantFrom('take', 'take', 'take', 'peek', 'giveBack', 'restore'),
    of: fc.uniqueArray(fc.nat(4), { minLength: 1, maxLength: 4 }),
    cost: fc.integer({ min: 1, max: 3 }),
    // Mostly within a step, sometimes past some, seldom past a whole window.
    afterMs: fc.oneof(
      { weight: 6, arbitrary: fc.nat(900) },
      { weight: 3, arbitrary: fc.nat(9_000) },
      { weight: 1, arbitrary: fc.nat(2 * MINUTE) },
    ),
  })
  await redis.command('FLUSHALL')
  const inRedis = await open(redis.url, 'caller')
  await fc.assert(
    fc.asyncProperty(fc.uuid(), fc.array(asked, { maxLength: 60 }), async (id, steps) => {
      const inMemory = new MemoryCounterStore(counterMemory(4))
      let nowMs = Date.UTC(2026, 2, 10, 12)
      const periodEndMs = nowMs + 1e9
      const all = (cost: number) => [
        makeCounter({ id, name: 'log', kind: 'log', amount: 9, windowMs: MINUTE, cost }),
        makeCounter({ id, name: 'steps', kind: 'steps', amount: 40, windowMs: MINUTE, cost }),
        makeCounter({ id, name: 'short', kind: 'steps', amount: 12, windowMs: 1_000, cost }),
        makeCounter({
          id,
          name: 'quota',
          kind: 'quota',
          amount: 90,
          windowMs: 0,
          cost,
          periodEndMs,
        }),
        // A plan that changes back and forth.
        makeCounter({ id, name: 'log', kind: 'steps', amount: 20, windowMs: MINUTE, cost }),
      ]
      for (const { what, of, cost, afterMs } of steps) {
        nowMs += afterMs
        const counters = of
          .map((index) => all(cost)[index]!)
          .filter(({ name }, index, list) => {
            return list.findIndex((other) => other.name === name) === index
          })
        if (what === 'take' || what === 'peek') {
          expect(await inRedis[what](counters, nowMs)).toEqual(inMemory[what](counters, nowMs))
        } else if (what === 'giveBack') {
          inMemory.giveBack(counters)
          await inRedis.giveBack(counters)
        } else {
          for (const counter of counters) {
            inMemory.restore(counter, nowMs, cost)
            await inRedis.restore(counter, nowMs, cost)
          }
        }
      }
    }),
    { numRuns: 100 },
  )
})

function makeCounter({
  id,
  name,
  ...spec
}: { id: string; name: string } & Pick<CounterSpec, 'kind' | 'amount' | 'cost' | 'windowMs'> & {
    periodEndMs?: number
  }): Counter {
  return new Counter({ tenantId: id, name: `rl:{${id}}:${name}`, id: name, ...spec })
}

const HOUR = 3_600_000
const hour = new Counter({
  ...{
    tenantId: 'acme',
    name: 'rl:{acme}:*:hour',
    kind: 'log',
    id: 'hour',
    amount: 10,
    cost: 1,
    windowMs: HOUR,
  },
})

test('only the clock of Redis decides: nodes whose clocks are minutes apart never pass the limit', async () => {
  await redis.command('FLUSHALL')
  const nodes = [await open(redis.url, 0), await open(redis.url, 0)]
  const [early, late] = [Date.UTC(2020, 0, 1), Date.UTC(2020, 0, 1) + 2 * HOUR]
  const asked = Array.from({ length: 40 }, (_, call) =>
    nodes[call % 2]!.take([hour], call % 2 ? late : early),
  )
  const decisions = await Promise.all(asked)
  expect(decisions.filter(({ outcome }) => outcome === 'admitted')).toHaveLength(10)
  // Each is told the moments by its own clock.
  const [ofEarly, ofLate] = [decisions.at(-2)!, decisions.at(-1)!]
  for (const [{ resetAtMs }, nowMs] of [
    [ofEarly, early],
    [ofLate, late],
  ] as const) {
    expect(resetAtMs[0]! - nowMs).toBeGreaterThan(HOUR - 60_000)
    expect(resetAtMs[0]! - nowMs).toBeLessThanOrEqual(HOUR)
  }
})

test('a prefix goes before every key, a database is chosen, TLS is spoken and the password sent', async () => {
  const folder = tempDir()
  makeCertificates(folder)
  const port = await freePort()
  const settings = [
    `tls-port ${port}`,
    `tls-cert-file ${folder}/server.pem`,
    `tls-key-file ${folder}/server.key`,
  ]
  const server = new RedisServer(await freePort(), [
    'requirepass p@ss/word',
    ...settings,
    'tls-auth-clients no',
  ])
  await server.run()
  try {
    const url = `rediss://:p%40ss%2Fword@127.0.0.1:${port}/3?prefix=shop:&timeout=5000ms&ca=${folder}/ca.pem`
    const store = await open(url, 0)
    expect(await store.take([hour], 0)).toMatchObject({ outcome: 'admitted' })
    await server.command('SELECT', 3)
    expect(await server.keys()).toEqual(['shop:rl:{acme}:*:hour'])
    const wrong = new RedisConnection(redisConfig(url.replace('p%40ss', 'no')), 'test')
    const problem = await until('it is refused', () => wrong.problem)
    expect(problem).toMatch(/WRONGPASS|NOAUTH/)
    await wrong.close()
  } finally {
    await server.remove()
  }
})

test('when the period of a quota ends is told as it is, however far the clocks are apart', async () => {
  await redis.command('FLUSHALL')
  const nowMs = systemClock.nowMs()
  const [periodStartMs, periodEndMs] = [nowMs - HOUR, nowMs + 12 * HOUR]
  const quota = new Counter({
    ...{
      tenantId: 'acme',
      name: 'q:{acme}:calls',
      kind: 'quota',
      id: 'calls',
      amount: 1,
      cost: 1,
      windowMs: 0,
    },
    ...{ periodStartMs, periodEndMs },
  })
  const store = await open(redis.url, 0)
  expect(await store.take([quota], nowMs)).toMatchObject({ outcome: 'admitted', resetAtMs: [periodEndMs] })
  expect(await store.take([quota], nowMs + 299_777)).toMatchObject({
    outcome: 'refused',
    resetAtMs: [periodEndMs],
  })
})

test('a quota is kept in Redis until its own period is over, whatever it was counted by before', async () => {
  await redis.command('FLUSHALL')
  const store = await open(redis.url, 0)
  const nowMs = systemClock.nowMs()
  const day = callsQuota(nowMs - HOUR, nowMs + 2 * HOUR)
  const month = callsQuota(nowMs - 200 * HOUR, nowMs + 400 * HOUR)
  await store.take([day], nowMs)
  await store.take([month], nowMs)
  // A call that still goes by the plan before must not shorten it.
  await store.take([day], nowMs)
  expect(await redis.keys()).toEqual(['q:{acme}:calls'])
  expect(Number(await redis.command('PTTL', 'q:{acme}:calls')) / HOUR).toBeGreaterThan(399)
  const periods = [day, month].map(({ periodStartMs, periodEndMs }) => `${periodStartMs}-${periodEndMs}`)
  expect(await redis.command('HGET', 'q:{acme}:calls', periods[0]!)).toBe('2')
  expect(await redis.command('HGET', 'q:{acme}:calls', periods[1]!)).toBe('1')
})

test('periods that are long over are forgotten when another begins', async () => {
  await redis.command('FLUSHALL')
  const store = await open(redis.url, 'caller')
  const at = Date.UTC(2026, 2, 10)
  for (let hour = 0; hour < 5; hour += 1)
    await store.take([callsQuota(at + hour * HOUR, at + (hour + 1) * HOUR)], at + hour * HOUR)
  // The one that holds, the one before, and the one that was over an hour ago when this one began is gone.
  expect(await redis.command('HLEN', 'q:{acme}:calls')).toBe(2)
})

test('a quota is counted in the period that holds by the clock of Redis: nodes whose clocks differ share it', async () => {
  await redis.command('FLUSHALL')
  const nowMs = systemClock.nowMs()
  const [before, holds, next] = [-1, 0, 1].map((each) =>
    callsQuota(nowMs - HOUR + each * 2 * HOUR, nowMs + HOUR + each * 2 * HOUR),
  )
  const store = await open(redis.url, 0)
  expect(await store.take([holds!], nowMs)).toMatchObject({ remaining: [9] })
  expect(await store.take([next!], nowMs + HOUR)).toMatchObject({ remaining: [8] })
  expect(await store.take([before!], nowMs - HOUR)).toMatchObject({ remaining: [7] })
  await store.giveBack([next!])
  expect(await store.peek([holds!], nowMs)).toMatchObject({ remaining: [8] })
})

test('what a node let through alone before the turn, and tells after it, takes nothing of the new period', async () => {
  await redis.command('FLUSHALL')
  const nowMs = systemClock.nowMs()
  const over = callsQuota(nowMs - 2 * HOUR, nowMs - 1_000)
  const holds = callsQuota(nowMs - 1_000, nowMs + HOUR)
  const store = await open(redis.url, 0, () => systemClock.nowMs())
  await store.take([holds], nowMs)
  await store.restore(over, nowMs - 2_000, 5)
  await store.giveBack([over])
  expect(await store.peek([holds], nowMs)).toMatchObject({ remaining: [9] })
  const period = `${over.periodStartMs}-${over.periodEndMs}`
  expect(await redis.command('HGET', 'q:{acme}:calls', period)).toBe('4')
})

function callsQuota(periodStartMs: number, periodEndMs: number): Counter {
  const counted = { tenantId: 'acme', name: 'q:{acme}:calls', kind: 'quota', id: 'calls' } as const
  return new Counter({ ...counted, amount: 10, cost: 1, windowMs: 0, periodStartMs, periodEndMs })
}
