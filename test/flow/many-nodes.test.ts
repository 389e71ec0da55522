import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { MIGRATIONS } from '../../src/storage/sql/migrate.ts'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { RawClient } from '../support/raw-client.ts'
import { callAll, countOf } from '../support/redis-nodes.ts'
import { runCli } from '../support/run-cli.ts'
import type { ServeProcess } from '../support/serve-process.ts'
import { startClickHouse } from '../support/services/clickhouse.ts'
import { query, startPostgres } from '../support/services/postgres.ts'
import { startRedis } from '../support/services/redis.ts'
import { until } from '../support/until.ts'

const [postgres, clickhouse, redis] = await Promise.all([startPostgres(), startClickHouse(), startRedis()])

const NODES = 4

const FEE = { id: 'fee', price: { model: 'flat', amount: '49.00' } }
const PLANS = {
  open: {},
  other: { charges: [FEE] },
  ten: { limits: [{ requests: 10, per: 'hour' }] },
}

/** Folders of nodes that share Postgres, Redis and ClickHouse, all of them still empty. */
async function nodes() {
  await redis.command('FLUSHALL')
  const upstream = await CountingUpstream.start()
  const url = await postgres.database()
  const config = flowConfig({ upstreamPort: upstream.port, plans: PLANS })
  const text = JSON.stringify({
    ...config,
    gateway: { ...config.gateway, nodes: NODES },
    stores: { control: url, counters: redis.url, usage: await clickhouse.database() },
  })
  const projects = Array.from({ length: NODES }, () => new Project())
  for (const project of projects) project.writeConfig(text)
  return { projects, url, upstream }
}

test('nodes that start at once on an empty store make its schema and its plans once', async () => {
  const { projects, url } = await nodes()
  const serving = await Promise.all(projects.map((project) => project.serve()))
  const migrations = await query(url, 'select version from schema_migrations order by version')
  expect(migrations.map(({ version }) => version)).toEqual(MIGRATIONS.map(({ version }) => version))
  expect(await query(url, 'select plan_id, version from plan_versions order by plan_id')).toEqual([
    { plan_id: 'open', version: 1 },
    { plan_id: 'other', version: 1 },
    { plan_id: 'ten', version: 1 },
  ])
  expect(await query(url, 'select count(*) as nodes from nodes')).toEqual([{ nodes: String(NODES) }])
  expect(await Promise.all(serving.map((serve) => serve.stop()))).toEqual([0, 0, 0, 0])
})

test('a key that is revoked on one node is refused on all within a second, and a new one accepted', async () => {
  const { projects } = await nodes()
  const [first] = projects
  const serving = await Promise.all(projects.map((project) => project.serve()))
  await first!.run('tenants', 'create', 'acme', '--plan', 'open')
  const key = await first!.json('keys', 'create', 'acme')
  const clients = await Promise.all(serving.map(({ port }) => RawClient.connect(port)))
  const statuses = (secret: string) =>
    Promise.all(
      clients.map(
        async (client) => (await client.call({ path: '/x', headers: { 'x-api-key': secret } })).status,
      ),
    )
  expect(await statuses(key.secret)).toEqual([200, 200, 200, 200])
  await first!.run('keys', 'revoke', key.id, '--yes')
  const revokedMs = systemClock.monotonicMs()
  const allRefuse = async () => (await statuses(key.secret)).every((status) => status === 401) || undefined
  await until('all refuse it', allRefuse)
  expect(systemClock.monotonicMs() - revokedMs).toBeLessThan(1_000)
  const { secret } = await projects[1]!.json('keys', 'create', 'acme')
  expect(await statuses(secret)).toEqual([200, 200, 200, 200])
})

test('of 200 parallel calls on all nodes exactly 10 pass a limit of 10, also when one clock is five minutes ahead', async () => {
  const { projects, upstream } = await nodes()
  const serving = await Promise.all(
    projects.map((project, index) => project.serve(index === 2 ? { GATEZ_CLOCK: '+300000' } : {})),
  )
  await projects[0]!.run('tenants', 'create', 'acme', '--plan', 'ten')
  const { secret } = await projects[0]!.json('keys', 'create', 'acme')
  const ports = serving.map(({ port }) => port)
  const answers = await callAll(ports, secret, 50)
  expect({ passed: countOf(answers, 200), refused: countOf(answers, 429) }).toEqual({
    passed: 10,
    refused: 190,
  })
  expect(upstream.seen).toBe(10)
  expect(await Promise.all(serving.map((serve) => serve.stop()))).toEqual([0, 0, 0, 0])
  const { total } = await projects[1]!.json('usage', 'report')
  expect(total).toMatchObject({ billable: 10, refused: 190 })
})

test('the invoices of a month are made and mailed once, by one node; when it is killed another does the rest', async () => {
  const { projects, url } = await nodes()
  const at = (clock: string, ...argv: string[]) =>
    runCli([...argv, '--json'], {
      cwd: projects[0]!.folder,
      entry: projects[0]!.entry,
      env: { GATEZ_CLOCK: clock },
    })
  await at('2026-03-01T00:00:00Z', 'apply')
  const tenants = Array.from({ length: 12 }, (_, number) => `t${String(number).padStart(2, '0')}`)
  for (const tenant of tenants) {
    await at('2026-03-01T00:00:00Z', 'tenants', 'create', tenant, '--plan', 'other')
    await at(
      '2026-03-01T00:00:00Z',
      'tenants',
      'invite',
      tenant,
      `money@${tenant}.example`,
      '--role',
      'billing',
    )
  }
  const env = { GATEZ_CLOCK: '2026-04-01T00:04:57Z' }
  const serving = await Promise.all(projects.map((project) => project.serve(env)))
  const sent = () => query(url, "select count(*)::int as mails from invoice_entries where kind = 'sent'")
  await until(
    'all are mailed',
    async () => ((await sent())[0]?.mails === tenants.length ? true : undefined),
    60_000,
  )
  const numbers = await query(url, 'select number from invoices order by number')
  expect(numbers).toEqual(
    tenants.map((_, index) => ({ number: `INV-2026-${String(index + 1).padStart(4, '0')}` })),
  )
  // Each node has a folder of its own for mail: one of them did it all.
  const folders = projects.map((project) => mailsIn(project))
  expect(folders.toSorted((one, other) => other - one)).toEqual([tenants.length, 0, 0, 0])

  const [{ holder }] = (await query(url, "select holder from leases where name = 'desk'")) as [
    { holder: string },
  ]
  const first = serving.findIndex(({ pid }) => pid === Number(holder.split(':')[1]))
  expect(folders[first]).toBe(tenants.length)
  await serving[first]!.kill()
  await until('another node has the desk', async () => {
    const [row] = await query(url, "select holder from leases where name = 'desk'")
    return row !== undefined && row.holder !== holder ? true : undefined
  })
  expect(await sent()).toEqual([{ mails: tenants.length }])
  const others = serving.filter((_, index) => index !== first)
  expect(await Promise.all(others.map((serve) => serve.stop()))).toEqual([0, 0, 0])
  // Who ends in good order gives it back.
  expect(await query(url, 'select name from leases')).toEqual([])
})

/** How many mails lie in the folder of a node. */
function mailsIn(project: Project): number {
  return readdirSync(project.folder, { recursive: true }).filter((name) => String(name).endsWith('.eml'))
    .length
}

test('a rolling restart under load fails no call, and every call is counted once', async () => {
  const { projects } = await nodes()
  const [first] = projects
  const fleet = new Fleet(await Promise.all(projects.map((project) => project.serve())))
  await first!.run('tenants', 'create', 'acme', '--plan', 'open')
  const { secret } = await first!.json('keys', 'create', 'acme')
  const calling = Array.from({ length: 12 }, (_, index) => fleet.call(secret, index))
  for (const [index, project] of projects.entries()) {
    await until('calls pass', () => (fleet.answered > index * 500 ? true : undefined))
    expect(await fleet.restart(index, () => project.serve())).toBe(0)
  }
  const before = fleet.answered
  await until('calls pass on', () => (fleet.answered > before + 500 ? true : undefined))
  fleet.stop()
  await Promise.all(calling)
  expect(fleet.failed).toEqual([])
  await Promise.all(fleet.serving.map((serve) => serve.stop()))
  const { total } = await projects[2]!.json('usage', 'report')
  expect(total).toMatchObject({ requests: fleet.answered, billable: fleet.answered })
  expect(fleet.answered).toBeGreaterThan(2_000)
})

/** Nodes behind a load balancer, which takes a node out before that is told to end. */
class Fleet {
  readonly serving: ServeProcess[]
  answered = 0
  readonly failed: string[] = []
  readonly #out = new Set<number>()
  #stopped = false

  constructor(serving: readonly ServeProcess[]) {
    this.serving = [...serving]
  }

  stop(): void {
    this.#stopped = true
  }

  /** One client: a call after the other, each to the next node that is in. */
  async call(secret: string, start: number): Promise<void> {
    const clients = new Map<ServeProcess, RawClient>()
    for (let number = start; !this.#stopped; number += 1) {
      const index = number % NODES
      if (this.#out.has(index)) continue
      const serve = this.serving[index]!
      const client = clients.get(serve) ?? (await RawClient.connect(serve.port).catch(() => undefined))
      // It may have been taken out while we connected; from here on the call is on its way.
      if (this.#out.has(index) || this.serving[index] !== serve) continue
      if (client === undefined) {
        this.failed.push(`node ${index}: nothing listens`)
        continue
      }
      clients.set(serve, client)
      const outcome = await client.call({ path: '/x', headers: { 'x-api-key': secret } }).then(
        ({ status }) => String(status),
        (error: unknown) => String(error),
      )
      if (outcome === '200') this.answered += 1
      else this.failed.push(`node ${index}: ${outcome}`)
    }
  }

  /** Resolves to the exit code of the node that ended. */
  async restart(index: number, serve: () => Promise<ServeProcess>): Promise<number | null> {
    this.#out.add(index)
    const code = await this.serving[index]!.stop()
    this.serving[index] = await serve()
    this.#out.delete(index)
    return code
  }
}
