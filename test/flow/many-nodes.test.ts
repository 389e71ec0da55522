import { expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { MIGRATIONS } from '../../src/storage/sql/migrate.ts'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { RawClient } from '../support/raw-client.ts'
import type { ServeProcess } from '../support/serve-process.ts'
import { query, startPostgres } from '../support/services/postgres.ts'
import { until } from '../support/until.ts'

const postgres = await startPostgres()

const NODES = 4

/** Folders of nodes that share one control store, which is still empty. */
async function nodes() {
  const upstream = await CountingUpstream.start()
  const url = await postgres.database()
  const config = {
    ...flowConfig({ upstreamPort: upstream.port, plans: { open: {}, other: {} } }),
    stores: { control: url },
  }
  const projects = Array.from({ length: NODES }, () => new Project())
  for (const project of projects) project.writeConfig(JSON.stringify(config))
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
  await until('all refuse it', async () =>
    (await statuses(key.secret)).every((status) => status === 401) ? true : undefined,
  )
  expect(systemClock.monotonicMs() - revokedMs).toBeLessThan(1_000)
  const { secret } = await projects[1]!.json('keys', 'create', 'acme')
  expect(await statuses(secret)).toEqual([200, 200, 200, 200])
})

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
