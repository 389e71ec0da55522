import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { shiftedClock, systemClock } from '../../src/lib/clock.ts'
import { checkCounterServer } from '../../src/upkeep/check-counter-server.ts'
import { storesIn } from '../support/control-store.ts'
import { redisConfig } from '../support/redis-config.ts'
import { startRedis } from '../support/services/redis.ts'

const redis = await startRedis(['requirepass hunter2'])

beforeEach(async () => {
  await redis.command('CONFIG', 'SET', 'maxmemory', '0')
  await redis.command('FLUSHALL')
})

/** What the doctor says of the Redis with this URL, by what was looked at. */
async function examined(
  url = `redis://:hunter2@127.0.0.1:${redis.port}/3?prefix=shop:&timeout=5000ms`,
  clock = systemClock,
) {
  const { stores } = storesIn('/nowhere')
  const findings = await checkCounterServer({ stores: { ...stores, counters: redisConfig(url) } }, clock)
  return new Map(findings.map((finding) => [finding.check, finding]))
}

test('a Redis that is well is told of with version, way, clock, rights and memory; no key stays', async () => {
  const found = await examined()
  expect([...found.values()].filter(({ verdict }) => verdict !== 'ok')).toEqual([])
  expect([...found.keys()]).toEqual([
    'counters',
    ...['latency', 'clock', 'rights', 'memory', 'kept'].map((name) => `counters ${name}`),
  ])
  expect(found.get('counters')?.detail).toMatch(/^Redis \d+\.\d+\.\d+ at redis:\/\/127\.0\.0\.1:\d+\/3$/)
  expect(found.get('counters kept')?.detail).toMatch(/counts it again/)
  for (const key of await redis.keys()) {
    expect(Number(await redis.command('PTTL', key))).toBeLessThanOrEqual(1_000)
  }
})

test('a user who may not do everything is told what, and the password is nowhere', async () => {
  await redis.command('ACL', 'SETUSER', 'ann', 'on', '>top', '~*', '+@all', '-@scripting', '-hincrby')
  const found = await examined(`redis://ann:top@127.0.0.1:${redis.port}`)
  expect(found.get('counters rights')).toMatchObject({
    ...{ verdict: 'failure', detail: 'ann may not run HINCRBY, EVAL, EVALSHA' },
  })
  expect(JSON.stringify([...found])).not.toContain('top@')
})

test('the user of docs/redis.md may do what gatez needs', async () => {
  const docs = readFileSync(join(import.meta.dirname, '../../docs/redis.md'), 'utf8')
  const [name = '', ...args] = (/^ACL SETUSER .*$/m.exec(docs)?.[0] ?? '').split(' ')
  await redis.command(name, ...args)
  const found = await examined(`redis://gatez:password@127.0.0.1:${redis.port}`)
  expect(found.get('counters rights')).toMatchObject({
    verdict: 'ok',
    detail: 'gatez may do what gatez needs',
  })
})

test.each([
  { what: 'a replica', begin: ['REPLICAOF', '127.0.0.1', '1'], end: ['REPLICAOF', 'NO', 'ONE'] },
  { what: 'full', begin: ['CONFIG', 'SET', 'maxmemory', '1'], end: ['CONFIG', 'SET', 'maxmemory', '0'] },
] as const)('one that is $what takes no writes, in its own words', async ({ begin, end }) => {
  await redis.command(begin[0], ...begin.slice(1))
  const found = await examined()
  expect(found.get('counters rights')).toMatchObject({
    ...{ verdict: 'failure', detail: expect.stringMatching(/^it takes no writes: (READONLY|OOM)/) },
  })
  await redis.command(end[0], ...end.slice(1))
})

test('one that throws counters away when it is full is warned of', async () => {
  await redis.command('CONFIG', 'SET', 'maxmemory', '100mb')
  await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
  expect((await examined()).get('counters memory')).toMatchObject({
    ...{ verdict: 'warning', fix: expect.stringMatching(/noeviction/) },
  })
  await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
  expect((await examined()).get('counters memory')).toMatchObject({ verdict: 'ok' })
})

test('a clock that is minutes off is warned of', async () => {
  const found = await examined(undefined, shiftedClock(300_000))
  expect(found.get('counters clock')).toMatchObject({
    ...{ verdict: 'warning', detail: expect.stringMatching(/^(299|300)\d\d\d ms behind this machine$/) },
  })
})

test('one that is not there, or does not know the password, is a failure that says what passes meanwhile', async () => {
  for (const [url, reason] of [
    ['redis://127.0.0.1:1', /nothing listens there/],
    [`redis://:wrong@127.0.0.1:${redis.port}`, /does not let this user in .*WRONGPASS/],
    ['redis://no-such-host.invalid', /there is no such host/],
  ] as const) {
    expect((await examined(url)).get('counters')).toMatchObject({
      ...{ verdict: 'failure', detail: expect.stringMatching(reason) },
      fix: expect.stringMatching(/mend stores\.counters.*on_store_failure/),
    })
  }
})
