import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../../../src/lib/clock.ts'
import { openControlStore } from '../../../src/storage/open.ts'
import { SMALL_CONFIG } from '../../support/config-text.ts'
import { NOON, plan, putPlans, storesIn, subscription, tenant } from '../../support/control-store.ts'
import { runCli } from '../../support/run-cli.ts'
import { tempDir } from '../../support/temp-dir.ts'

/** As logs of gateways that bill elsewhere have it. */
const ENTRY = {
  timestamp: '2026-03-10T10:30:00Z',
  api_key: 'customer_abc_prod',
  endpoint: '/v1/analyze',
  method: 'POST',
  status_code: 200,
  response_time_ms: 150,
  bytes_sent: 512,
  bytes_received: 1024,
  customer_id: 'cust_12345',
  usage_units: 1,
}

let folder: string

beforeEach(async () => {
  folder = tempDir()
  writeFileSync(join(folder, 'gatez.yaml'), SMALL_CONFIG)
  await using store = await openControlStore(storesIn(folder), new ManualClock(NOON))
  await store.tenants.insert(tenant({ externalId: 'cust_12345' }))
  await putPlans(store, [plan({ id: 'pro' })])
  await store.subscriptions.insert(subscription({ planId: 'pro', startMs: Date.UTC(2026, 0, 1) }))
})

const usage = (...argv: readonly string[]) =>
  runCli(['usage', ...argv], { cwd: folder, env: { GATEZ_CLOCK: '2026-03-15T00:00:00Z' } })

async function imported(...entries: readonly (object | string)[]) {
  const lines = entries.map((entry) => (typeof entry === 'string' ? entry : JSON.stringify(entry)))
  writeFileSync(join(folder, 'calls.jsonl'), lines.join('\n'))
  const { stdout, exitCode } = await usage('import', 'calls.jsonl', '--json')
  return { ...JSON.parse(stdout), exitCode }
}

test('a log with the ten plain fields counts for the customer it names, once however often it is imported', async () => {
  expect(await imported(ENTRY)).toMatchObject({ accepted: 1, duplicates: 0, failed: 0, exitCode: 0 })
  expect(await imported(ENTRY)).toMatchObject({ accepted: 0, duplicates: 1, failed: 0, exitCode: 0 })
  // Two equal lines are two calls: the second is new.
  expect(await imported(ENTRY, ENTRY)).toMatchObject({ accepted: 1, duplicates: 1, exitCode: 0 })
  const { rows } = JSON.parse((await usage('report', '--json')).stdout)
  expect(rows).toMatchObject([
    { tenant_id: 'acme', requests: 2, billable: 2, usage_units: 2, bytes_received: 2048, bytes_sent: 1024 },
  ])
}, 60_000)

test('what cannot be counted is told by its line and field, never passed over, and keeps no other out', async () => {
  const result = await imported(
    ENTRY,
    '{ no json',
    { ...ENTRY, timestamp: 'yesterday' },
    { ...ENTRY, endpoint: undefined },
    { ...ENTRY, customer_id: 'nobody' },
  )
  expect(result).toMatchObject({ read: 5, accepted: 1, failed: 4, exitCode: 1 })
  expect(
    result.problems.map(({ line, detail }: { line: number; detail: string }) => `${line} ${detail}`),
  ).toEqual([
    expect.stringMatching(/^2 .*JSON/),
    expect.stringMatching(/^3 .*timestamp is "yesterday"/),
    expect.stringMatching(/^4 .*endpoint is missing/),
    expect.stringMatching(/^5 .*nobody/),
  ])
  // A customer that nobody knows is on the list of what nobody is billed for.
  expect((await usage('leaks')).stdout).toContain('nobody')
}, 60_000)
