import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { COUNTED_FROM, fillStores } from '../support/counted-stores.ts'
import { Project } from '../support/project.ts'
import { runCli } from '../support/run-cli.ts'
import { startClickHouse } from '../support/services/clickhouse.ts'
import { startPostgres } from '../support/services/postgres.ts'
import { startRedis } from '../support/services/redis.ts'

const [postgres, clickhouse, redis] = await Promise.all([startPostgres(), startClickHouse(), startRedis()])

const DAYS = 24 * 3_600_000
const CLOCK = { GATEZ_CLOCK: new Date(COUNTED_FROM + 4 * DAYS).toISOString() }
const APRIL = { GATEZ_CLOCK: '2026-04-02T12:00:00Z' }
const MAY = { GATEZ_CLOCK: '2026-05-02T12:00:00Z' }

interface OnServers {
  readonly control: string
  readonly counters: string
  readonly usage: string
}

/** The same stores but for where they are; how much is shipped at once differs, too. */
async function filled(stores: OnServers | undefined, group: number): Promise<Project> {
  const project = new Project({ env: CLOCK })
  project.writeConfig(JSON.stringify({ ...CONFIG, ...(stores !== undefined && { stores }) }))
  const before = (...argv: string[]) =>
    runCli(argv, { cwd: project.folder, entry: project.entry, env: { GATEZ_CLOCK: '2026-02-28T12:00:00Z' } })
  expect(await before('apply')).toMatchObject({ exitCode: 0 })
  for (const tenant of ['tenant-0', 'tenant-1', 'tenant-2', 'tenant-3', 'tenant-4', 'Zeta', 'a_b', 'ab']) {
    const name = ['--plan', 'pro', '--name', `É ${tenant} ß`]
    expect(await before('tenants', 'create', tenant.toLowerCase(), ...name)).toMatchObject({ exitCode: 0 })
  }
  await fillStores({
    ...{ folder: project.folder, events: 3_000, reported: 230, spanMs: 3 * DAYS, group },
    ...(stores !== undefined && { servers: stores }),
  })
  return project
}

/** Those of an empty installation on servers. */
async function onServers(): Promise<OnServers> {
  return { control: await postgres.database(), counters: redis.url, usage: await clickhouse.database() }
}

test('the same events give the same reports, exports and invoices, byte for byte, on both stacks', async () => {
  const stacks = [await filled(undefined, 700), await filled(await onServers(), 1_300)] as const
  for (const project of stacks) expect((await run(project, APRIL, ...RUN_INVOICES)).made).toHaveLength(8)
  await expectSame(stacks, APRIL, [...INVOICES, ...PAPERS])

  // What is sent late, twice, and in conflict, after the month was closed.
  for (const project of stacks) {
    writeFileSync(project.path('events.jsonl'), EVENTS)
    const counts = { accepted: 200, duplicates: 10, late: 200, failed: 20 }
    expect(await run(project, APRIL, ...INGEST)).toMatchObject(counts)
    expect(await run(project, APRIL, ...INGEST)).toMatchObject({ accepted: 0, duplicates: 210 })
  }
  await expectSame(stacks, APRIL, REPORTS)
  for (const project of stacks) {
    await project.run('usage', 'export', ...SPAN, '--by', 'tenant,key,route,day,region', '--out', 'usage.csv')
  }
  const [one, other] = stacks.map((project) => readFileSync(project.path('usage.csv')))
  expect(one?.equals(other ?? Buffer.alloc(0))).toBe(true)
  expect(one?.length).toBeGreaterThan(10_000)

  // The next invoices bring what came late.
  for (const project of stacks) {
    expect((await run(project, MAY, 'invoices', 'run', '--month', '2026-04')).made).toHaveLength(8)
  }
  const april = ['invoices', 'export', '--month', '2026-04', '--format', 'csv']
  await expectSame(stacks, MAY, [april])
  const [, production] = stacks
  const { stdout } = await runCli(april, { cwd: production.folder, entry: production.entry, env: MAY })
  expect(stdout).toContain('adjustment')
  expect(await run(production, MAY, 'reconcile', '--month', '2026-03')).toMatchObject({
    equal: true,
    invoices: 8,
  })
  for (const file of ['usage.db', 'gatez.db']) expect(existsSync(production.path('.gatez', file))).toBe(false)
})

/** What a command prints in JSON, whatever its exit code. */
async function run(project: Project, env: Readonly<Record<string, string>>, ...argv: readonly string[]) {
  const { stdout } = await runCli([...argv, '--json'], { cwd: project.folder, entry: project.entry, env })
  return JSON.parse(stdout)
}

/** Every command prints the same on both. */
async function expectSame(
  stacks: readonly Project[],
  env: Readonly<Record<string, string>>,
  commands: readonly (readonly string[])[],
): Promise<void> {
  for (const argv of commands) {
    const outcomes = stacks.map(({ folder, entry }) => runCli(argv, { cwd: folder, entry, env }))
    const [one, other] = await Promise.all(outcomes)
    expect(one?.exitCode, `${argv.join(' ')}: ${one?.stdout}${one?.stderr}`).toBe(0)
    expect(withoutIds(other?.stdout ?? ''), argv.join(' ')).toBe(withoutIds(one?.stdout ?? ''))
    expect(one?.stdout.length, argv.join(' ')).toBeGreaterThan(100)
  }
}

/** Without ids that are drawn, digests of such ids, and the moment of the run: all else must be the same. */
function withoutIds(text: string): string {
  return text
    .replaceAll(/01[0-9A-Z]{24}/g, (id) => (id.includes('C0VNTED') ? id : 'id'))
    .replaceAll(/\b(inv|sub)_[0-9a-z]{20}\b/g, '$1_')
    .replaceAll(/("(?:evidence|seals)": ?")[0-9a-f-]{32,}/g, '$1')
    .replace(/\/ID \[<.*>\]/, '/ID')
    .replaceAll(/2026-0[45]-02T12:\d\d:\d\d\.\d+Z/g, 'then')
}

const SPAN = ['--from', '2026-03-01', '--to', '2026-04-01']

const REPORTS: readonly (readonly string[])[] = [
  ['usage', 'report', ...SPAN, '--json'],
  ...[
    'tenant',
    'tenant,key',
    'route,status',
    'tenant,day',
    'plan,api,week',
    'region,tier',
    'key,route,day',
  ].map((by) => ['usage', 'report', ...SPAN, '--by', by, '--json']),
  ['usage', 'report', ...SPAN, '--by', 'day', '--tz', 'Asia/Kathmandu', '--json'],
  ['usage', 'report', ...SPAN, '--tenant', 'a_b', '--by', 'region', '--json'],
  ['usage', 'report', ...SPAN, '--by', 'tenant'],
  ['usage', 'export', ...SPAN],
  ['usage', 'export', ...SPAN, '--by', 'tenant,key,route,api,plan,status,day', '--format', 'jsonl'],
  ['usage', 'leaks', ...SPAN, '--json'],
]

const RUN_INVOICES = ['invoices', 'run', '--month', '2026-03']
const INGEST = ['usage', 'ingest', 'events.jsonl']

const INVOICES = ['csv', 'jsonl', 'quickbooks', 'xero'].map((format) => [
  ...['invoices', 'export', '--month', '2026-03', '--format', format],
])
const PAPERS = ['json', 'csv', 'html', 'pdf'].map((format) => [
  ...['invoices', 'show', 'INV-2026-0003', '--format', format],
])

const CONFIG = {
  version: 1,
  gateway: { listen: '127.0.0.1:0' },
  apis: [
    { id: 'dataforge', upstream: 'http://127.0.0.1:9', routes: [{ id: 'search', match: 'GET /v1/search' }] },
  ],
  meters: [
    { id: 'tokens', from: 'event', aggregation: 'sum' },
    { id: 'seats', from: 'event', aggregation: 'max' },
    { id: 'storage', from: 'event', aggregation: 'time-weighted' },
    { id: 'level', from: 'event', aggregation: 'latest' },
    { id: 'users', from: 'event', aggregation: 'unique_count', property: 'user' },
  ],
  dimensions: [
    { id: 'region', from: 'event', name: 'region' },
    { id: 'tier', from: 'event', name: 'tier' },
  ],
  billing: { invoices: 'manual', tax: { rates: [{ id: 'vat', name: 'VAT', rate: '19' }] } },
  plans: [
    {
      ...{ id: 'pro', routes: 'all' },
      charges: [
        { id: 'fee', price: { model: 'flat', amount: '49.00' } },
        { id: 'calls', meter: 'calls', price: { model: 'per_unit', included: '20', unit: '0.011' } },
        {
          ...{ id: 'tokens', meter: 'tokens' },
          price: {
            model: 'graduated',
            tiers: [
              { up_to: '100', unit: '0.0003' },
              { up_to: null, unit: '0.123456789012' },
            ],
          },
        },
        { id: 'seats', meter: 'seats', price: { model: 'per_unit', unit: '7' } },
        {
          id: 'storage',
          meter: 'storage',
          price: { model: 'package', size: '10', amount: '0.35', rounding: 'up' },
        },
        { id: 'users', meter: 'users', price: { model: 'volume', tiers: [{ up_to: null, unit: '1.5' }] } },
      ],
    },
  ],
}

/** Late ones, some twice, some in conflict, some of nobody; values with 15 decimals. */
const EVENTS = Array.from({ length: 230 }, (_, number) => {
  const metric = ['tokens', 'seats', 'storage', 'level', 'users'][number % 5] ?? ''
  const of = number < 200 ? number : number - 200
  return JSON.stringify({
    tenant_id: number >= 220 ? 'nobody' : ['a_b', 'ab', 'zeta', 'tenant-1'][of % 4],
    metric: number >= 200 ? (['tokens', 'seats', 'storage', 'level', 'users'][of % 5] ?? '') : metric,
    value:
      number >= 210 && number < 220 ? '7' : `${(of * 37) % 101}.${String(of * 7_919 + 1).padStart(15, '0')}`,
    idempotency_key: `event-${of}`,
    timestamp: new Date(COUNTED_FROM + ((of * 53) % 71) * 3_600_000).toISOString(),
    properties: {
      region: ['eu', 'EU', 'us-east', 'é'][of % 4],
      tier: of % 3 === 0 ? 'A' : 'b',
      user: `u${of % 17}`,
    },
  })
}).join('\n')
