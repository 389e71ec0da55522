import { afterEach, beforeEach, expect } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { AloneTally } from '../../src/limits/alone-tally.ts'
import { GuardedCounters } from '../../src/limits/guarded-counters.ts'
import { makeCounterMemory, openCounterTrust, openLocalCounters } from '../../src/storage/open.ts'
import { Counter, type CounterSpec } from '../../src/storage/ports/counters.ts'
import type { CounterTrust } from '../../src/storage/ports/shared-counters.ts'
import { RedisConnection } from '../../src/storage/redis/connection.ts'
import { RedisCounterStore } from '../../src/storage/redis/counters.ts'
import { redisConfig } from './redis-config.ts'
import type { RedisServer } from './services/redis.ts'
import { until } from './until.ts'

const HOUR = 3_600_000
const STORES = {
  control: { driver: 'sqlite', path: '' },
  usage: { driver: 'sqlite', path: '' },
  dataDir: '',
} as const

/** Nodes that count in one Redis, each with counters of its own beside it. Each test begins with an empty one. */
export function guardedNodes(redis: RedisServer) {
  const config = { stores: { ...STORES, counters: redisConfig(redis.url) } }
  let opened: AsyncDisposableStack

  beforeEach(async () => {
    opened = new AsyncDisposableStack()
    await redis.command('FLUSHALL')
    await trustNow()
  })
  afterEach(() => opened.disposeAsync())

  /** What decides whether counts can be relied on, as each node has it; closed behind the test. */
  async function openTrust(): Promise<CounterTrust> {
    const trust = opened.use(openCounterTrust(config, systemClock, 0)!)
    await until('Redis is connected', () => trust.check().catch(() => undefined))
    return trust
  }

  /** Says that what is in Redis, nothing, is all there is to count. */
  async function trustNow(): Promise<void> {
    const trust = await openTrust()
    await using recount = await trust.beginRecount()
    expect(await recount?.finish(0)).toBe(true)
  }

  /** The counters of one node, as a gateway thread has them; `clock` is what its quotas are ahead of the server's. */
  async function node({ port = redis.port, nodes = 1, timeout = 50, clock = 0 } = {}) {
    const tally = new AloneTally()
    const own = redisConfig(`redis://127.0.0.1:${port}?timeout=${timeout}ms`)
    const shared = new RedisCounterStore({
      connection: new RedisConnection(own, 'test'),
      ...{ holder: `node-${Math.random()}`, answerMsMax: own.answerMsMax, trust: 'checked', clock },
      nowMs: () => systemClock.nowMs(),
    })
    const local = openLocalCounters(makeCounterMemory(4))
    const parts = { shared, local, nodes, clock: systemClock, tally, onChange: () => {} }
    const counters = opened.use(new GuardedCounters(parts))
    await counters.ready(5_000)
    const take = async (asked: readonly Counter[]) =>
      (await counters.take(asked, systemClock.nowMs())).outcome
    const takeAll = (asked: readonly Counter[], count: number) =>
      Promise.all(Array.from({ length: count }, () => take(asked)))
    const back = () => until('Redis decides again', () => !counters.isAlone || undefined)
    return { counters, tally, take, takeAll, back }
  }

  return { node, openTrust, trustNow } as const
}

/** A limit of calls an hour: 10, unless the test says otherwise. */
export function hour(spec: Partial<CounterSpec> = {}): Counter {
  const base = {
    tenantId: 'acme',
    name: 'rl:{acme}:*:hour',
    kind: 'log',
    id: 'hour',
    amount: 10,
    cost: 1,
  } as const
  return new Counter({ ...base, windowMs: HOUR, ...spec })
}

/** A quota of calls in a month. */
export function month(amount: number): Counter {
  const nowMs = systemClock.nowMs()
  return new Counter({
    ...{ tenantId: 'acme', name: 'q:{acme}:month', kind: 'quota', id: 'month', amount, cost: 1, windowMs: 0 },
    ...{ periodStartMs: nowMs - HOUR, periodEndMs: nowMs + HOUR },
  })
}

/** How many calls passed. */
export function admitted(outcomes: readonly string[]): number {
  return outcomes.filter((outcome) => outcome === 'admitted').length
}
