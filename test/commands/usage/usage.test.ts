import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ManualClock } from '../../../src/lib/clock.ts'
import { rollUp } from '../../../src/metering/roll-up.ts'
import { openControlStore } from '../../../src/storage/open.ts'
import { SMALL_CONFIG } from '../../support/config-text.ts'
import { NOON, plan, putPlans, storesIn, subscription } from '../../support/control-store.ts'
import { runCli } from '../../support/run-cli.ts'
import { usageEvent } from '../../support/usage-events.ts'

let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatez-test-'))
  writeFileSync(join(folder, 'gatez.yaml'), `${SMALL_CONFIG}meters: [{ id: tokens, aggregation: sum }]\n`)
  await using store = await openControlStore(storesIn(folder), new ManualClock(NOON))
  const tenant = { externalId: null, state: 'active', overrides: null, createdAtMs: NOON } as const
  await store.tenants.insert({ ...tenant, id: 'acme', name: '=1+1' })
  const calls = { id: 'calls', meter: 'calls', price: { model: 'per_unit', unit: '0.251' } }
  await putPlans(store, [plan({ id: 'pro', charges: [calls] })])
  await store.subscriptions.insert(subscription({ planId: 'pro', startMs: Date.UTC(2026, 0, 1) }))
  const day = 24 * 3_600_000
  const events = [
    usageEvent({ seq: 1, timestampMs: NOON, usageUnits: 5 }),
    usageEvent({ seq: 2, timestampMs: NOON + day, quantities: { tokens: '0.1' } }),
    usageEvent({ seq: 3, timestampMs: NOON + day, quantities: { tokens: '0.2' } }),
    usageEvent({
      seq: 4,
      timestampMs: NOON,
      tenantId: 'globex',
      statusCode: 429,
      outcome: 'refused',
      billable: false,
    }),
    usageEvent({ seq: 5, timestampMs: NOON - 10 * day }),
  ]
  const advance = { nodeId: 'node-1', epoch: 1, afterSeq: 0, throughSeq: 5 }
  await store.ledger.apply(rollUp(events), advance)
})
afterAll(() => rmSync(folder, { recursive: true }))

const usage = (...argv: readonly string[]) =>
  runCli(['usage', ...argv], { cwd: folder, env: { GATEZ_CLOCK: '2026-03-15T00:00:00Z' } })

describe('usage report', () => {
  test('shows the current month by tenant, with a total, within 80 columns', async () => {
    const { stdout, stderr, exitCode } = await usage('report')
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
    expect(
      stdout.replace(/─+/, '───'),
    ).toBe(`Usage from 2026-03-01T00:00:00.000Z up to 2026-04-01T00:00:00.000Z, UTC

TENANT  NAME  REQUESTS  BILLABLE  REFUSED  UNITS  IN   OUT  TOKENS   USD
───
acme    =1+1         3         3        0      7   0  1536     0.3  0.75
globex  –            1         0        1      0   0     0       0  0.00
Total                4         3        1      7   0  1536     0.3  0.75
`)
  })

  test('prints JSON with from, to, rows and total', async () => {
    const { stdout } = await usage('report', '--month', '2026-03', '--by', 'day,status', '--json')
    const sums = { usage_units: 5, bytes_received: 0, bytes_sent: 512, quantities: {} }
    expect(JSON.parse(stdout)).toEqual({
      from: '2026-03-01T00:00:00.000Z',
      to: '2026-04-01T00:00:00.000Z',
      currency: 'USD',
      rows: [
        { day: '2026-03-10', status: '2xx', requests: 1, billable: 1, refused: 0, ...sums, amount: '0.25' },
        {
          ...{ day: '2026-03-10', status: '4xx', requests: 1, billable: 0, refused: 1 },
          ...{ ...sums, usage_units: 0, bytes_sent: 0, amount: '0.00' },
        },
        {
          ...{ day: '2026-03-11', status: '2xx', requests: 2, billable: 2, refused: 0 },
          ...{ ...sums, usage_units: 2, bytes_sent: 1_024, quantities: { tokens: '0.3' }, amount: '0.50' },
        },
      ],
      total: {
        ...{ requests: 4, billable: 3, refused: 1, usage_units: 7 },
        ...{ bytes_received: 0, bytes_sent: 1_536, quantities: { tokens: '0.3' }, amount: '0.75' },
      },
    })
  })

  test.each([
    { argv: ['--month', '2026-13'], exitCode: 2, says: '--month is "2026-13"' },
    {
      argv: ['--from', '2026-03-02', '--to', '2026-03-01'],
      exitCode: 2,
      says: '--from 2026-03-02 is not before',
    },
    { argv: ['--tenant', 'amce'], exitCode: 5, says: '--tenant "amce": there is no such tenant' },
  ])('$argv is told in two lines, exit code $exitCode', async ({ argv, exitCode, says }) => {
    const found = await usage('report', ...argv)
    expect(found).toMatchObject({ exitCode, stdout: '', stderr: expect.stringContaining(says) })
    expect(found.stderr.trimEnd().split('\n')).toHaveLength(2)
  })
})

describe('usage export', () => {
  const head =
    'period_start,period_end,tenant_id,tenant_name,key_id,key_name,' +
    'requests,billable,refused,usage_units,bytes_received,bytes_sent,tokens,amount,currency\r\n'
  const span = '2026-03-01T00:00:00.000Z,2026-04-01T00:00:00.000Z'
  const csv = `${head}${span},acme,'=1+1,key_1,,3,3,0,7,0,1536,0.3,0.75,USD\r\n${span},globex,,key_1,,1,0,1,0,0,0,0,0.00,USD\r\n`

  test('writes CSV by tenant and key to standard output, and nothing else', async () => {
    expect(await usage('export', '--month', '2026-03')).toEqual({ stdout: csv, stderr: '', exitCode: 0 })
  })

  test('a month without calls has the same columns', async () => {
    expect((await usage('export', '--month', '2025-01')).stdout).toBe(head)
  })

  test('writes JSON lines', async () => {
    const { stdout } = await usage('export', '--month', '2026-02', '--by', 'route', '--format', 'jsonl')
    expect(JSON.parse(stdout)).toMatchObject({
      route_id: 'search',
      requests: 1,
      period_end: '2026-03-01T00:00:00.000Z',
    })
  })

  test('writes a file that only its owner can read, and leaves nothing beside it', async () => {
    const { stdout } = await usage('export', '--month', '2026-03', '--out', 'march.csv')
    expect(stdout).toBe('Wrote 2 rows to march.csv.\n')
    expect(readFileSync(join(folder, 'march.csv'), 'utf8')).toBe(csv)
    expect(statSync(join(folder, 'march.csv')).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder).sort()).toEqual(['.gatez', 'gatez.yaml', 'march.csv'])
  })

  test('with --json prints the JSON report in place of the rows', async () => {
    const { stdout } = await usage('export', '--month', '2026-03', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ rows: [{ key_id: 'key_1' }, {}], total: { requests: 4 } })
  })

  test.each([
    { argv: ['--out', 'nowhere/march.csv'], exitCode: 7, says: 'its folder does not exist' },
    { argv: ['--month', '2026-13', '--out', 'never.csv'], exitCode: 2, says: '--month is "2026-13"' },
  ])('$argv is refused, and no file is made', async ({ argv, exitCode, says }) => {
    expect(await usage('export', ...argv)).toMatchObject({
      exitCode,
      stdout: '',
      stderr: expect.stringContaining(says),
    })
    expect(readdirSync(folder)).not.toContain('never.csv')
  })
})
