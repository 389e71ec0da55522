import { existsSync, statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Load } from '../support/load.ts'
import { Project } from '../support/project.ts'
import { startClickHouse } from '../support/services/clickhouse.ts'
import { until } from '../support/until.ts'

const clickhouse = await startClickHouse()

const LIMITS = [{ requests: 100_000, per: 'day' }]

/** A project whose usage log is a new database; the address comes from the environment, as a secret does. */
async function scene() {
  const upstream = await CountingUpstream.start()
  const address = await clickhouse.database()
  const database = new URL(address.replace('clickhouse+', '')).pathname.slice(1)
  const plans = { open: { limits: LIMITS } }
  const config = {
    ...flowConfig({ upstreamPort: upstream.port, threads: 2, plans }),
    stores: { usage: `\${USAGE_LOG}` },
  }
  const project = await Project.with(config, { env: { USAGE_LOG: address } })
  const secret = await project.tenant('acme', 'open')
  const other = await project.tenant('zeta', 'open')
  const load = new Load({
    callers: [
      { tenantId: 'acme', keyId: 'k', secret },
      { tenantId: 'zeta', keyId: 'l', secret: other },
    ],
    routes: { all: '/x' },
  })
  const rows = async () => {
    const [row] = await clickhouse.rows<{ rows: number; ids: number }>(
      `SELECT count() AS rows, uniqExact(id) AS ids FROM ${database}.usage_events`,
    )
    return { rows: row?.rows, ids: row?.ids }
  }
  return { project, load, database, secret, rows }
}

/** Requests by tenant, as the report has them. */
async function reported(project: Project): Promise<Record<string, number>> {
  const { rows } = await project.json('usage', 'report')
  return Object.fromEntries(
    rows.map((row: { tenant_id: string; requests: number }) => [row.tenant_id, row.requests]),
  )
}

test('a usage log in ClickHouse is what every command reads, and agrees with the ledger to the call', async () => {
  const { project, load, database, secret } = await scene()
  const serve = await project.serve()
  const running = load.run(serve, 8)
  await until('calls pass', () => (load.received.size > 500 ? true : undefined))
  load.stop()
  await running
  const answer = await fetch(`http://127.0.0.1:${serve.port}/last`, { headers: { 'x-api-key': secret } })
  const id = answer.headers.get('x-request-id') ?? ''
  const why = await until('the call can be explained', async () => {
    const { exitCode, stdout } = await project.try('why', id, '--json')
    return exitCode === 0 ? JSON.parse(stdout) : undefined
  })
  expect(why).toMatchObject({ call: { endpoint: '/last', tenant_id: 'acme', status_code: 200 } })

  const tail = (await project.run('usage', 'tail', '--last', '3', '--no-follow', '--json')).trim().split('\n')
  expect(tail).toHaveLength(3)
  expect(JSON.parse(tail.at(-1) ?? '')).toMatchObject({ request_id: id })
  expect(await project.json('usage', 'leaks')).toMatchObject({ rows: [], total: 0 })
  const counts = await clickhouse.rows<{ tenant_id: string; events: number }>(
    `SELECT tenant_id, sum(count) AS events FROM ${database}.usage_events FINAL GROUP BY tenant_id`,
  )
  expect(Object.fromEntries(counts.map(({ tenant_id, events }) => [tenant_id, events]))).toEqual(
    await reported(project),
  )
  expect(await project.json('reconcile')).toMatchObject({ equal: true, differences: [] })
  const doctor = await project.json('doctor')
  const findings = new Map<string, { verdict: string; detail: string }>(
    doctor.findings.map((finding: { check: string }) => [finding.check, finding]),
  )
  expect(findings.get('usage log')).toMatchObject({
    verdict: 'ok',
    detail: expect.stringMatching(/^ClickHouse 2\d\./),
  })
  for (const check of ['latency', 'clock', 'rights', 'disk', 'schema']) {
    expect(findings.get(`usage log ${check}`)).toMatchObject({ verdict: expect.stringMatching(/ok|warning/) })
  }
  expect(findings.get('counting')).toMatchObject({ verdict: 'ok' })
  expect(await serve.stop()).toBe(0)
  expect(existsSync(project.path('.gatez/usage.db'))).toBe(false)

  // The windows of limits are counted again from it.
  const again = await project.serve()
  // Before the next call, which the ledger may have as soon as it is answered.
  const used = (await reported(project)).acme ?? 0
  const next = await fetch(`http://127.0.0.1:${again.port}/`, { headers: { 'x-api-key': secret } })
  expect(Number(next.headers.get('x-ratelimit-remaining'))).toBe(100_000 - used - 1)
  expect(await again.stop()).toBe(0)
})

test('while ClickHouse is away calls pass and are counted; then each event is there once', async () => {
  const { project, load, rows } = await scene()
  const serve = await project.serve()
  const running = load.run(serve, 8)
  await until('calls pass', () => (load.received.size > 300 ? true : undefined))
  await clickhouse.kill()
  const before = load.received.size
  await until('calls pass on', () => (load.received.size > before + 2_000 ? true : undefined), 30_000)
  load.stop()
  await running
  const received = load.received.size
  // The ledger waited for nothing.
  await until('the report has them all', async () => {
    const { acme = 0, zeta = 0 } = await reported(project)
    return acme + zeta === received ? true : undefined
  })
  expect(load.refused).toEqual([])
  const bytes = statSync(project.path('.gatez/spool.db')).size
  expect(bytes / received).toBeLessThan(1_000)
  const tail = await project.try('usage', 'tail', '--no-follow')
  expect(tail).toMatchObject({ exitCode: 7, stderr: expect.stringContaining('nothing listens there') })
  const { stdout } = await project.try('doctor', '--json')
  expect(JSON.parse(stdout).findings).toContainEqual(
    expect.objectContaining({ check: 'usage log', verdict: 'failure' }),
  )

  await clickhouse.restart()
  const found = await until(
    'the log has what was missing',
    async () => {
      const counts = await rows()
      return counts.ids === received ? counts : undefined
    },
    30_000,
  )
  expect(found).toEqual({ rows: received, ids: received })
  expect(await project.json('reconcile')).toMatchObject({ equal: true, differences: [] })
  expect(await serve.stop()).toBe(0)
})

test('a gateway that ends while ClickHouse is away keeps what it owes, and brings it with its next start', async () => {
  const { project, load, rows } = await scene()
  const serve = await project.serve()
  const running = load.run(serve, 8)
  await until('calls pass', () => (load.received.size > 300 ? true : undefined))
  await clickhouse.kill()
  const before = load.received.size
  await until('calls pass on', () => (load.received.size > before + 500 ? true : undefined), 30_000)
  await serve.kill()
  await running
  // Windows cannot be counted again without it: nobody shall get more than a limit says.
  expect(await project.try('serve')).toMatchObject({
    exitCode: 7,
    stderr: expect.stringContaining('nothing listens there'),
  })
  await clickhouse.restart()
  const again = await project.serve()
  expect(await again.stop()).toBe(0)
  const counted = await reported(project)
  const total = (counted.acme ?? 0) + (counted.zeta ?? 0)
  expect(total).toBeGreaterThanOrEqual(load.received.size)
  expect(total).toBeLessThanOrEqual(load.received.size + load.broken.size)
  expect(await rows()).toEqual({ rows: total, ids: total })
  expect(await project.json('reconcile')).toMatchObject({ equal: true, differences: [] })
})
