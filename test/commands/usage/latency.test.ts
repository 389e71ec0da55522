import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openUsageLog } from '../../../src/storage/open.ts'
import { SMALL_CONFIG } from '../../support/config-text.ts'
import { NOON, storesIn } from '../../support/control-store.ts'
import { runCli } from '../../support/run-cli.ts'
import { usageEvent } from '../../support/usage-events.ts'

let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatez-test-'))
  writeFileSync(join(folder, 'gatez.yaml'), SMALL_CONFIG)
  await using usageLog = await openUsageLog(storesIn(folder))
  await usageLog.append([
    ...Array.from({ length: 100 }, (_, index) =>
      usageEvent({ seq: index + 1, timestampMs: NOON, responseTimeMs: index + 1 }),
    ),
    usageEvent({ seq: 101, timestampMs: NOON, routeId: 'slow', responseTimeMs: 900, statusCode: 502 }),
    usageEvent({ seq: 102, timestampMs: NOON, routeId: 'shut', outcome: 'refused', count: 4 }),
  ])
})
afterAll(() => rmSync(folder, { recursive: true }))

const latency = (...argv: readonly string[]) =>
  runCli(['usage', 'latency', ...argv], { cwd: folder, env: { GATEZ_CLOCK: '2026-03-15T00:00:00Z' } })

test('shows the slowest routes first, with exact quantiles, within 80 columns', async () => {
  const { stdout, stderr, exitCode } = await latency()
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  expect(stdout.replace(/─+/, '───')).toBe(`Calls from 2026-03-01T00:00:00.000Z up to 2026-04-01T00:00:00.000Z

ROUTE   REQUESTS  REFUSED  5XX     P50     P95     P99     MAX
───
slow           1        0    1  900 ms  900 ms  900 ms  900 ms
search       100        0    0   50 ms   95 ms   99 ms  100 ms
shut           4        4    0       –       –       –       –
`)
})

test('prints JSON with all names, null where a field was not asked for', async () => {
  const { stdout } = await latency('--by', 'tenant', '--json')
  expect(JSON.parse(stdout)).toEqual({
    from: '2026-03-01T00:00:00.000Z',
    to: '2026-04-01T00:00:00.000Z',
    rows: [
      {
        ...{ tenant_id: 'acme', key_id: null, route_id: null, requests: 105, refused: 4, failed: 1 },
        ...{ billable: 105, bytes_received: 0, bytes_sent: 102 * 512 },
        ...{ p50_ms: 51, p95_ms: 96, p99_ms: 100, max_ms: 900 },
      },
    ],
  })
})

test('says so when there is nothing, and what is wrong with --by', async () => {
  expect((await latency('--month', '2025-01')).stdout).toContain('No calls.')
  expect(await latency('--by', 'rout')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('did you mean route?'),
  })
})
