import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Load } from '../support/load.ts'
import { Project } from '../support/project.ts'
import { stackOfRun } from '../support/stack.ts'
import { until } from '../support/until.ts'

async function scene() {
  const upstream = await CountingUpstream.start()
  const quotas = [{ meter: 'calls', per: 'month', included: 1_000_000, on_exceed: 'block' }]
  const plans = { open: { quotas } }
  const project = await Project.with(flowConfig({ upstreamPort: upstream.port, threads: 2, plans }))
  const secret = await project.tenant('acme', 'open')
  const load = new Load({
    callers: [{ tenantId: 'acme', keyId: 'k', secret }],
    routes: { all: '/x' },
  })
  return { project, load }
}

test('stores agree while calls come in, after kill -9, and after the next start; a changed row is named, exit code 8', async () => {
  const { project, load } = await scene()
  const serve = await project.serve()
  const running = load.run(serve, 16)
  await until('calls pass', () => (load.received.size > 200 ? true : undefined))
  for (let time = 0; time < 3; time += 1) {
    const before = load.received.size
    const found = await project.json('reconcile')
    expect(found).toMatchObject({ equal: true, differences: [] })
    await until('calls pass on', () => (load.received.size > before + 200 ? true : undefined))
  }
  await serve.kill()
  await running
  expect(await project.json('reconcile')).toMatchObject({ equal: true })

  const second = await project.serve()
  expect(await second.stop()).toBe(0)
  const whole = await project.json('reconcile')
  const [calls] = whole.rows.filter(({ meter }: { meter: string }) => meter === 'calls')
  expect(calls).toMatchObject({ tenant_id: 'acme', equal: true, quota: calls.raw, invoiced: null })
  expect(Number(calls.raw)).toBeGreaterThanOrEqual(load.received.size)
  expect(Number(calls.raw)).toBeLessThanOrEqual(load.received.size + load.broken.size)

  // What a hand can change in a file.
  if (stackOfRun() === 'production') return
  const database = new Database(project.path('.gatez/usage.db'))
  const id = database.prepare<[], string>('SELECT id FROM event_rows WHERE event_no = 50').pluck().get()
  database.prepare("UPDATE event_rows SET endpoint = '/y' WHERE event_no = 50").run()
  database.close()
  const text = await project.try('reconcile')
  expect(text).toMatchObject({ exitCode: 8, stderr: '' })
  expect(text.stdout).toMatch(/TENANT +METER +RAW LOG +ROLLUPS +QUOTA +REPORT +EXPORT +INVOICE/)
  expect(text.stdout).toMatch(/acme +calls +\d+ +✓ +✓ +✓ +✓/)
  expect(text.stdout).toContain(`One event is not as counted.\n    ${id}`)
  expect(Math.max(...text.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120)
})
