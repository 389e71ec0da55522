import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { COUNTED_FROM, fillStores } from '../support/counted-stores.ts'
import { Project } from '../support/project.ts'
import { startPostgres } from '../support/services/postgres.ts'

const postgres = await startPostgres()

const DAYS = 24 * 3_600_000
const CLOCK = { GATEZ_CLOCK: new Date(COUNTED_FROM + 4 * DAYS).toISOString() }

/** The same stores but for where they are; how much is shipped at once differs, too. */
async function filled(control: string | undefined, group: number): Promise<Project> {
  const project = new Project({ env: CLOCK })
  project.writeConfig(JSON.stringify({ ...CONFIG, ...(control !== undefined && { stores: { control } }) }))
  await project.run('apply')
  for (const tenant of ['tenant-0', 'tenant-1', 'tenant-2', 'tenant-3', 'tenant-4', 'Zeta', 'a_b', 'ab']) {
    await project.run('tenants', 'create', tenant.toLowerCase(), '--plan', 'pro', '--name', `É ${tenant} ß`)
  }
  const { folder } = project
  const url = control === undefined ? {} : { controlUrl: control }
  await fillStores({ folder, events: 3_000, spanMs: 3 * DAYS, group, ...url })
  writeFileSync(project.path('events.jsonl'), EVENTS)
  const ingested = await project.try('usage', 'ingest', 'events.jsonl', '--json')
  expect(JSON.parse(ingested.stdout)).toMatchObject({ accepted: 200, duplicates: 10, late: 200, failed: 20 })
  const again = await project.try('usage', 'ingest', 'events.jsonl', '--json')
  expect(JSON.parse(again.stdout)).toMatchObject({ accepted: 0, duplicates: 210 })
  return project
}

test('the same events give the same reports and exports, byte for byte, on both stacks', async () => {
  const [embedded, production] = [
    await filled(undefined, 700),
    await filled(await postgres.database(), 1_300),
  ]
  for (const argv of COMMANDS) {
    const [one, other] = [await embedded.try(...argv), await production.try(...argv)]
    expect(other.stdout, argv.join(' ')).toBe(one.stdout)
    expect(one.exitCode, `${argv.join(' ')}: ${one.stdout}${one.stderr}`).toBe(0)
    expect(one.stdout.length).toBeGreaterThan(100)
  }
  for (const project of [embedded, production]) {
    await project.run('usage', 'export', ...SPAN, '--by', 'tenant,key,route,day,region', '--out', 'usage.csv')
  }
  const [one, other] = [embedded, production].map((project) => readFileSync(project.path('usage.csv')))
  expect(one?.equals(other ?? Buffer.alloc(0))).toBe(true)
  expect(one?.length).toBeGreaterThan(10_000)
})

const SPAN = ['--from', '2026-03-01', '--to', '2026-04-01']

const COMMANDS: readonly (readonly string[])[] = [
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
  plans: [{ id: 'pro', routes: 'all' }],
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
