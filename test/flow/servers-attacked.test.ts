import { expect, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { HttpFaultProxy } from '../support/http-fault-proxy.ts'
import { Load } from '../support/load.ts'
import { Project } from '../support/project.ts'
import { startClickHouse } from '../support/services/clickhouse.ts'
import { usagePlace } from '../support/services/clickhouse-place.ts'
import { query, startPostgres } from '../support/services/postgres.ts'
import { startRedis } from '../support/services/redis.ts'
import { until } from '../support/until.ts'

const [postgres, clickhouse, redis] = await Promise.all([startPostgres(), startClickHouse(), startRedis()])

const PLANS = {
  open: {
    limits: [{ requests: 1_000_000, per: 'day' }],
    quotas: [{ meter: 'calls', per: 'month', included: 1_000_000, on_exceed: 'bill' }],
  },
}

/** Two nodes that share Postgres, Redis and, behind a proxy, ClickHouse; and the books of their clients. */
async function twoNodes() {
  await redis.command('FLUSHALL')
  const upstream = await CountingUpstream.start()
  const proxy = await HttpFaultProxy.start(clickhouse.port)
  const usage = await clickhouse.database(proxy.port)
  const control = await postgres.database()
  const config = flowConfig({ upstreamPort: upstream.port, threads: 2, plans: PLANS })
  const text = JSON.stringify({
    ...config,
    gateway: { ...config.gateway, nodes: 2 },
    stores: { control, counters: redis.url, usage },
  })
  const [one, other] = [new Project({ build: 'fail-points' }), new Project()] as const
  for (const project of [one, other]) project.writeConfig(text)
  await one.run('apply')
  await one.run('tenants', 'create', 'acme', '--plan', 'open')
  const key = await one.json('keys', 'create', 'acme')
  const load = new Load({
    callers: [{ tenantId: 'acme', keyId: key.id, secret: key.secret }],
    routes: { all: '/x' },
  })
  return { one, other, load, proxy, control, database: usagePlace(usage).database }
}

type Scene = Awaited<ReturnType<typeof twoNodes>>

/** What was received is in ledger and usage log, once; what is there beyond it was in flight when a node was killed. */
async function expectAllOnce({ one, load, database }: Scene): Promise<void> {
  const rows = await clickhouse.rows<{ call: string; events: number }>(
    `SELECT request_id AS call, count() AS events FROM ${database}.usage_events FINAL WHERE billable AND count > 0 GROUP BY call`,
  )
  const billed = new Set(rows.map(({ call }) => call))
  expect(rows.filter(({ events }) => events !== 1)).toEqual([])
  expect([...load.received.keys()].filter((call) => !billed.has(call))).toEqual([])
  expect([...billed].filter((call) => !load.received.has(call) && !load.broken.has(call))).toEqual([])
  const { total } = await one.json('usage', 'report')
  expect(total.billable).toBe(billed.size)
  expect(await one.json('reconcile')).toMatchObject({ equal: true, differences: [] })
}

test('a node that is killed around shipping, and after ClickHouse wrote what it never learnt of, loses and doubles nothing', async () => {
  const scene = await twoNodes()
  const { one, other, load, proxy } = scene
  const beside = await other.serve()
  for (const place of ['before-ship:3', 'inside-ledger:3', 'mid-ship:3', 'after-ship:3', 'compaction:2']) {
    const armed = await one.serve({ GATEZ_FAILPOINT: place })
    const calling = load.run(beside, 4)
    // Ends when the node is dead: until then every call is answered.
    await load.run(armed, 12)
    await armed.kill()
    load.stop()
    await calling
  }
  const serve = await one.serve()
  const calling = load.run(serve, 12)
  proxy.losesAnswer = (sent) => /INTO usage_events/.test(sent)
  await until('ClickHouse wrote what nobody learnt of', () => (proxy.lost > 1 ? true : undefined))
  await serve.kill()
  await calling
  proxy.losesAnswer = () => false
  const again = await one.serve()
  expect([await again.stop(), await beside.stop()]).toEqual([0, 0])
  expect(load.refused).toEqual([])
  expect(load.received.size).toBeGreaterThan(1_000)
  await expectAllOnce(scene)
})

test('connections to Postgres cut in the middle of transactions, Redis emptied, errors of ClickHouse after it wrote: no call fails, none is lost or double', async () => {
  const scene = await twoNodes()
  const { one, other, load, proxy, control } = scene
  const serving = [await one.serve(), await other.serve()]
  const calling = serving.map((serve) => load.run(serve, 8))
  await until('calls pass', () => (load.received.size > 200 ? true : undefined))
  proxy.instead = 'error'
  let written = 0
  proxy.losesAnswer = (sent) => {
    if (!/INTO usage_(?:events|watermarks)/.test(sent)) return false
    written += 1
    return written % 2 === 0
  }
  for (let round = 1; round <= 10; round += 1) {
    // Calls go on without Postgres: two hundred may have passed before a node was back from the last cut.
    await until('there is someone to cut off', async () => {
      const [cut] = await query(control, CUT_ALL)
      return Number(cut?.connections) > 0 ? true : undefined
    })
    if (round % 3 === 0) await redis.command('FLUSHALL')
    const before = load.received.size
    await until('calls pass on', () => (load.received.size > before + 200 ? true : undefined), 30_000)
  }
  await until('ClickHouse refused what it wrote', () => (proxy.lost > 0 ? true : undefined), 30_000)
  load.stop()
  await Promise.all(calling)
  proxy.losesAnswer = () => false
  expect(load.refused).toEqual([])
  expect([...load.broken]).toEqual([])
  expect(await Promise.all(serving.map((serve) => serve.stop()))).toEqual([0, 0])
  await expectAllOnce(scene)
})

test('a node with an older file takes nothing back of what another put in force, and serves what holds', async () => {
  const { one, other } = await twoNodes()
  const secret = (await one.json('keys', 'create', 'acme', '--name', 'two')).secret
  const older = await other.serve()
  one.changeConfig((text) => text.replace('1000000', '2'))
  await one.run('apply')
  const remaining = async (port: number) => {
    const answer = await fetch(`http://127.0.0.1:${port}/x`, { headers: { 'x-api-key': secret } })
    return { status: answer.status, limit: answer.headers.get('x-ratelimit-limit') }
  }
  await until('the change holds', async () =>
    (await remaining(older.port)).limit === '2' ? true : undefined,
  )
  await older.stop()
  const again = await other.serve()
  const newer = await one.serve()
  for (const { port } of [again, newer]) expect((await remaining(port)).limit).toBe('2')
  expect(await one.json('plans', 'show', 'open')).toMatchObject({ version: 2 })
  expect([await again.stop(), await newer.stop()]).toEqual([0, 0])
})

/** What a failover does to everyone who is connected. */
const CUT_ALL = `
  select count(pg_terminate_backend(pid))::int as connections from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()`
