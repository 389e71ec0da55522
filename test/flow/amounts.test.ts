import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { builtProgram } from '../support/build-programs.ts'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { RawClient } from '../support/raw-client.ts'
import { runCli } from '../support/run-cli.ts'
import { until } from '../support/until.ts'

const charges = (unit: string) => [
  { id: 'fee', price: { model: 'flat', amount: '49.00' } },
  { id: 'calls', meter: 'calls', price: { model: 'per_unit', included: '20', unit } },
]

test('calls through a gateway are priced to the cent: report, export and simulation say the same', async () => {
  const upstream = await CountingUpstream.start()
  const config = (unit: string) =>
    flowConfig({ upstreamPort: upstream.port, plans: { pro: { charges: charges(unit), keys: { max: 5 } } } })
  // A subscription since the first of the month has the whole fee; what comes after it comes an hour later.
  const project = await Project.with(config('0.011'), { env: { GATEZ_CLOCK: '2026-03-01T01:00:00Z' } })
  await runCli(['tenants', 'create', 'acme', '--plan', 'pro'], {
    cwd: project.folder,
    entry: builtProgram('lib'),
    env: { GATEZ_CLOCK: '2026-03-01T00:00:00Z' },
  })
  const { secret: first } = await project.json('keys', 'create', 'acme')
  const second = await project.json('keys', 'create', 'acme', '--name', 'ci')
  const serve = await project.serve()
  const client = await RawClient.connect(serve.port)
  for (const [key, calls] of [
    [first, 70],
    [second.secret, 50],
  ] as const) {
    for (let call = 0; call < calls; call += 1) {
      expect((await client.call({ path: '/a', headers: { 'x-api-key': key } })).status).toBe(200)
    }
  }
  const report = (...by: readonly string[]) => project.json('usage', 'report', '--month', '2026-03', ...by)
  await until('all calls are in the ledger', async () => {
    return (await report()).total.requests === 120 ? true : undefined
  })

  // 49.00, and 100 of the 120 calls at 0.011.
  expect(await report()).toMatchObject({
    currency: 'USD',
    total: { amount: '50.10' },
    rows: [{ amount: '50.10' }],
  })
  const byKey = await report('--by', 'tenant,key')
  expect(byKey.rows.map(({ key_name, amount }: any) => `${key_name} ${amount}`).sort()).toEqual([
    'ci 0.46',
    'default 0.64',
    'null 49.00',
  ])

  await project.run('usage', 'export', '--month', '2026-03', '--out', project.path('march.csv'))
  const [head, ...lines] = readFileSync(project.path('march.csv'), 'utf8').trimEnd().split('\r\n')
  expect(head).toMatch(/,amount,currency$/)
  const cents = lines.map((line) => Number(line.split(',').at(-2)?.replace('.', '')))
  expect(cents.reduce((sum, each) => sum + each, 0)).toBe(5_010)

  const table = await project.run('usage', 'report', '--month', '2026-03')
  expect(table).toMatch(/ USD\n/)
  expect(table.split('\n').filter((line) => line.length > 80)).toEqual([])

  project.writeConfig(JSON.stringify(config('0.02')))
  const simulation = await project.json('pricing', 'simulate', '--plans', 'gatez.yaml', '--month', '2026-03')
  expect(simulation.total).toEqual({ before: '50.10', after: '51.00', change: '0.90' })
})
