import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { type ExportFormat, writeUsageRows } from '../../../src/billing/export/usage-rows.ts'
import type { UsageReport, UsageRow } from '../../../src/metering/usage-report.ts'
import { streamOf } from '../../../src/metering/usage-stream.ts'

const MARCH = { startMs: Date.UTC(2026, 2, 1), endMs: Date.UTC(2026, 3, 1) }
const SPAN = '2026-03-01T00:00:00.000Z,2026-04-01T00:00:00.000Z'

async function written(report: UsageReport, format: ExportFormat = 'csv', meterIds: readonly string[] = []) {
  const sink = new PassThrough()
  const seen = text(sink)
  await writeUsageRows(sink, streamOf(report), { format, meterIds })
  expect(sink.writableEnded).toBe(false)
  sink.end()
  return seen
}

test('CSV has the period, the breakdown, the sums, then a column for each custom meter', async () => {
  const report = reportOf(
    ['tenant_id', 'tenant_name', 'key_id', 'key_name'],
    [
      row(['acme', 'Acme, "the" Inc.', 'key_1', null], { tokens: '12.5' }),
      row(['globex', 'Glöbex\n☃', 'key_2', 'CI'], {}),
    ],
  )
  expect(await written(report, 'csv', ['images'])).toBe(
    [
      'period_start,period_end,tenant_id,tenant_name,key_id,key_name,' +
        'requests,billable,refused,usage_units,bytes_received,bytes_sent,images,tokens,amount,currency',
      `${SPAN},acme,"Acme, ""the"" Inc.",key_1,,6,2,3,10,7,1024,0,12.5,,`,
      `${SPAN},globex,"Glöbex\n☃",key_2,CI,6,2,3,10,7,1024,0,0,,`,
      '',
    ].join('\r\n'),
  )
})

test('text that would run as a formula does not, in any text column', async () => {
  const report = reportOf(['tenant_id', 'tenant_name'], [row(['-acme', '=HYPERLINK("x","y")'], {})])
  expect(await written(report)).toContain(`,'-acme,"'=HYPERLINK(""x"",""y"")",6,`)
})

test('numbers are never marked as text', async () => {
  expect(await written(reportOf([], [row([], { tokens: '-0.5' })]))).toContain(',1024,-0.5,,\r\n')
})

test('a meter with the name of a column of ours gets a name of its own', async () => {
  const meters = ['requests', 'day', 'amount', 'tokens']
  const [head] = (await written(reportOf(['day'], []), 'csv', meters)).split('\r\n')
  expect(head).toMatch(/,bytes_sent,meter_requests,meter_day,meter_amount,tokens,amount,currency$/)
})

test('nothing used is a head without rows', async () => {
  expect((await written(reportOf(['tenant_id'], []))).split('\r\n')).toHaveLength(2)
  expect(await written(reportOf(['tenant_id'], []), 'jsonl')).toBe('')
})

test('JSON lines hold the rows of the JSON report, with the period, names as they are', async () => {
  const report = reportOf(['tenant_id', 'tenant_name'], [row(['acme', '=1+1'], { tokens: '12.5' })])
  expect(JSON.parse(await written(report, 'jsonl'))).toEqual({
    period_start: '2026-03-01T00:00:00.000Z',
    period_end: '2026-04-01T00:00:00.000Z',
    tenant_id: 'acme',
    tenant_name: '=1+1',
    requests: 6,
    billable: 2,
    refused: 3,
    usage_units: 10,
    bytes_received: 7,
    bytes_sent: 1_024,
    quantities: { tokens: '12.5' },
  })
})

test('amounts stand last, with their currency; what has none is empty', async () => {
  const amounts = { currency: 'USD', total: null, unpriced: [] }
  const rows = [{ ...row(['acme'], {}), amount: '49.00' }, row(['globex'], {})]
  const report = { ...reportOf(['tenant_id'], rows), amounts }
  const [, first, second] = (await written(report)).split('\r\n')
  expect(first).toMatch(/,acme,.*,1024,49.00,USD$/)
  expect(second).toMatch(/,globex,.*,1024,,$/)
  const lines = (await written(report, 'jsonl')).trimEnd().split('\n')
  expect(JSON.parse(lines[0]!)).toMatchObject({ tenant_id: 'acme', amount: '49.00', currency: 'USD' })
  expect(JSON.parse(lines[1]!)).not.toHaveProperty('amount')
})

test('many rows go through a slow reader, one by one', async () => {
  const report = reportOf(
    ['key_id'],
    Array.from({ length: 20_000 }, (_, index) => row([`key_${index}`], {})),
  )
  const lines = (await written(report)).split('\r\n')
  expect(lines).toHaveLength(20_002)
  expect(lines[20_000]).toContain(',key_19999,')
})

function reportOf(columns: readonly string[], rows: readonly UsageRow[]): UsageReport {
  const quantities = Object.assign({}, ...rows.map(({ totals }) => totals.quantities))
  return { span: MARCH, timezone: 'UTC', columns, rows, total: { ...SUMS, quantities }, amounts: null }
}

function row(cells: readonly (string | null)[], quantities: Readonly<Record<string, string>>): UsageRow {
  return { cells, period: MARCH, totals: { ...SUMS, quantities }, amount: null }
}

const SUMS = {
  requests: 6,
  billable: 2,
  refused: 3,
  usageUnits: 10,
  bytesReceived: 7,
  bytesSent: 1_024,
  durationMs: 40,
  leaks: '0',
} as const
