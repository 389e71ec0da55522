import { expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { checkBill, exportFaults } from '../crash/bill-check.ts'
import { callSome } from '../crash/scene.ts'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Load } from '../support/load.ts'
import { Project } from '../support/project.ts'
import { RawClient } from '../support/raw-client.ts'
import { startPostgres } from '../support/services/postgres.ts'
import { until } from '../support/until.ts'

const postgres = await startPostgres()

test('a gateway goes on while Postgres is killed 20 times: each call is answered, and billed once', async () => {
  const upstream = await CountingUpstream.start()
  const stores = { control: await postgres.database() }
  const config = { ...flowConfig({ upstreamPort: upstream.port, threads: 2, plans: { open: {} } }), stores }
  const project = await Project.with(config, { env: { GATEZ_CLOCK: inMarch() } })
  await project.run('tenants', 'create', 'acme', '--plan', 'open')
  const key = await project.json('keys', 'create', 'acme')
  const load = new Load({
    callers: [{ tenantId: 'acme', keyId: key.id, secret: key.secret }],
    routes: { all: '/x' },
  })
  const serve = await project.serve()
  await callSome(load, serve, 200)

  load.onReceived = () => {}
  const running = load.run(serve, 16)
  for (let kill = 0; kill < 20; kill += 1) await postgres.killAndRestart()
  load.stop()
  await running
  expect(load.refused).toEqual([])
  expect([...load.broken]).toEqual([])
  expect(await serve.stop()).toBe(0)
  expect(load.received.size).toBeGreaterThan(2_000)
  expect(checkBill(project, load)).toEqual({ lost: [], invented: [], twice: [], inFlight: [] })
  expect(await exportFaults(project, load, [])).toEqual([])
  expect(await project.json('reconcile', '--month', '2026-03')).toMatchObject({
    equal: true,
    differences: [],
  })
})

test('while Postgres is away, keys that are in memory go on, others get 503, and neither needs a restart after', async () => {
  const upstream = await CountingUpstream.start()
  const stores = { control: await postgres.database() }
  const config = flowConfig({ upstreamPort: upstream.port, plans: { open: { keys: { max: 5 } } } })
  const project = await Project.with({ ...config, stores })
  await project.run('tenants', 'create', 'acme', '--plan', 'open')
  const [known, fresh] = [
    await project.json('keys', 'create', 'acme'),
    await project.json('keys', 'create', 'acme', '--name', 'two'),
  ]
  const serve = await project.serve()
  const client = await RawClient.connect(serve.port)
  const call = ({ secret }: { secret: string }) =>
    client.call({ path: '/x', headers: { 'x-api-key': secret } })
  expect((await call(known)).status).toBe(200)
  await postgres.kill()
  expect((await call(known)).status).toBe(200)
  const refused = await call(fresh)
  expect(refused.status).toBe(503)
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(JSON.parse(refused.body.toString())).toMatchObject({ code: 'store-unavailable' })
  expect(refused.body.toString()).not.toContain('127.0.0.1')
  const { exitCode, stderr } = await project.try('keys', 'list')
  expect({ exitCode, stderr }).toMatchObject({
    exitCode: 7,
    stderr: expect.stringContaining('nothing listens there'),
  })
  await postgres.restart()
  await until('new keys are known', async () => ((await call(fresh)).status === 200 ? true : undefined))
  expect(await serve.stop()).toBe(0)
  const { total } = await project.json('usage', 'report')
  expect(total).toMatchObject({ billable: 3 })
})

/** An offset: all processes of the test go by one clock, which has the month that the export is of. */
function inMarch(): string {
  const offsetMs = Math.round(Date.UTC(2026, 2, 10, 12) - systemClock.nowMs())
  return offsetMs < 0 ? String(offsetMs) : `+${offsetMs}`
}
