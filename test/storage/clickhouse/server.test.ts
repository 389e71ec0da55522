import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { ClickHouseConnection } from '../../../src/storage/clickhouse/connection.ts'
import { examineClickHouse } from '../../../src/storage/clickhouse/examine.ts'
import { ClickHouseUsageLog, type ClickHouseUsagePlace } from '../../../src/storage/clickhouse/usage-log.ts'
import { lineEnd, lineStart, WRITTEN_COLUMNS } from '../../../src/storage/clickhouse/usage-log-rows.ts'
import { startClickHouse } from '../../support/services/clickhouse.ts'
import { usagePlace } from '../../support/services/clickhouse-place.ts'
import { usageEvent } from '../../support/usage-events.ts'

const clickhouse = await startClickHouse()

async function opened(parts: Partial<ClickHouseUsagePlace> = {}) {
  const place = { ...usagePlace(await clickhouse.database()), ...parts }
  const table = async (name: string) => {
    const [row] = await clickhouse.rows<{ sql: string }>(
      `SELECT create_table_query AS sql FROM system.tables WHERE database = '${place.database}' AND name = '${name}'`,
    )
    return row?.sql ?? ''
  }
  return { place, table }
}

/** What a first call to the usage log of a place throws. */
async function problemOf(place: ClickHouseUsagePlace): Promise<unknown> {
  await using log = new ClickHouseUsageLog(place)
  return log.find('x').then(
    () => undefined,
    (error: unknown) => error,
  )
}

test('wrong SQL gets the error of the engine, with its own code', async () => {
  const { place } = await opened()
  await using connection = new ClickHouseConnection(place)
  await expect(connection.rows('SELEC 1')).rejects.toMatchObject({ code: '62', type: 'SYNTAX_ERROR' })
  await expect(connection.rows('SELECT nope FROM system.one')).rejects.toMatchObject({ code: '47' })
})

test('parameters are values whatever they hold, never part of a statement', async () => {
  const { place } = await opened()
  await using connection = new ClickHouseConnection(place)
  const text = `it's "\\ \t\n ☃'); DROP TABLE x; --`
  expect(await connection.row('SELECT {text:String}', { text })).toEqual([text])
  expect(await connection.row('SELECT {list:Array(String)}', { list: [text, ''] })).toEqual([[text, '']])
})

test('what the server cannot do is told with a way out, and without the password', async () => {
  const { place } = await opened()
  const wrong = [
    [{ password: 'wr0ng' }, /does not let the user gatez in/],
    [{ database: 'nowhere' }, /is not there: make it with CREATE DATABASE nowhere/],
    [{ origin: 'http://127.0.0.1:9' }, /cannot be reached: nothing listens there/],
    [{ origin: 'http://gatez.invalid:8123' }, /cannot be reached/],
    [{ origin: place.origin.replace('http:', 'https:') }, /cannot be reached/],
  ] as const
  for (const [parts, message] of wrong) {
    const problem = await problemOf({ ...place, ...parts })
    expect(problem).toMatchObject({ code: 'store-unavailable', message: expect.stringMatching(message) })
    expect(JSON.stringify([problem, String(problem)])).not.toMatch(/wr0ng|p@ss/)
  }
})

test.each([200, 404, 502])('what is no ClickHouse, and answers %d, is named as that', async (status) => {
  const { place } = await opened()
  const other = createServer((_request, response) => response.writeHead(status).end('<html>Hello</html>'))
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  onTestFinished(() => {
    other.close()
  })
  const { port } = other.address() as AddressInfo
  expect(await problemOf({ ...place, origin: `http://127.0.0.1:${port}` })).toMatchObject({
    code: 'store-unavailable',
    message: expect.stringMatching(/answers as no ClickHouse does: look at host and port in stores\.usage/),
  })
})

test('events lie in one partition a month, and tables say how they are kept', async () => {
  const { place, table } = await opened()
  await using log = new ClickHouseUsageLog(place)
  const months = [2, 3, 3].map((month, index) => {
    return usageEvent({ seq: index + 1, timestampMs: Date.UTC(2026, month, 1) })
  })
  await log.append(months)
  const parts = await clickhouse.rows(
    `SELECT partition FROM system.parts WHERE database = '${place.database}' AND table = 'usage_events' AND active ORDER BY 1`,
  )
  expect(parts).toEqual([{ partition: '202603' }, { partition: '202604' }])
  const sql = await table('usage_events')
  expect(sql).toContain('ORDER BY (toStartOfHour(timestamp), tenant_id, timestamp, id)')
  expect(sql).toContain('non_replicated_deduplication_window = 10000')
  expect(sql).toContain('fsync_after_insert = 1')
})

test('rows that are sent again with their token are let go, and with another token are one event to readers', async () => {
  const { place } = await opened()
  await using log = new ClickHouseUsageLog(place)
  await using connection = new ClickHouseConnection(place)
  await log.find('x')
  const line = lineStart(usageEvent()) + lineEnd(1)
  const rows = async () => (await connection.row<[number]>('SELECT count() FROM usage_events'))[0]
  for (const token of ['a', 'a', 'a']) {
    await connection.insert('usage_events', WRITTEN_COLUMNS, [line], token)
    expect(await rows()).toBe(1)
  }
  await connection.insert('usage_events', WRITTEN_COLUMNS, [line], 'b')
  expect(await rows()).toBe(2)
  expect(await Array.fromAsync(log.events({}))).toEqual([usageEvent()])
})

test('the server forgets by the retention, also after it was changed, and never where its times would run over', async () => {
  const { place, table } = await opened({ retentionDays: 400 })
  const open = async (retentionDays: number) => {
    await using log = new ClickHouseUsageLog({ ...place, retentionDays })
    await log.find('x')
  }
  await open(400)
  expect(await table('usage_events')).toContain('toIntervalDay(400)')
  await open(30)
  expect(await table('usage_events')).toContain('toIntervalDay(30)')
  await open(36_500)
  expect(await table('usage_events')).not.toContain(' TTL ')
})

test('says from when on events are kept once the retention has reached the oldest', async () => {
  const { place } = await opened({ retentionDays: 400 })
  await using log = new ClickHouseUsageLog(place)
  const nowMs = systemClock.nowMs()
  await log.append([usageEvent({ seq: 1, timestampMs: nowMs })])
  expect(await log.keptSinceMs()).toBe(0)
  await log.append([usageEvent({ seq: 2, timestampMs: nowMs - 500 * 86_400_000 })])
  const sinceMs = await log.keptSinceMs()
  expect(sinceMs % 900_000).toBe(0)
  expect(Math.abs(sinceMs - (nowMs - 400 * 86_400_000))).toBeLessThanOrEqual(1_000_000)
})

test('tables that a newer gatez made are refused', async () => {
  const { place } = await opened()
  {
    await using log = new ClickHouseUsageLog(place)
    await log.find('x')
  }
  await clickhouse.run(`INSERT INTO ${place.database}.usage_schema (version) VALUES (99)`)
  expect(await problemOf(place)).toMatchObject({
    code: 'store-unavailable',
    message: expect.stringMatching(/schema 99, this gatez knows up to 1/),
  })
})

test('two nodes that make the tables at once do no harm', async () => {
  const { place } = await opened({ retentionDays: 400 })
  await Promise.all(
    [1, 2, 3].map(async (seq) => {
      await using log = new ClickHouseUsageLog(place)
      await log.append([usageEvent({ seq, nodeId: `node-${seq}` })])
    }),
  )
  await using log = new ClickHouseUsageLog(place)
  expect(await Array.fromAsync(log.events({}))).toHaveLength(3)
})

test('with a cluster tables are asked for on all of its servers', async () => {
  const { place } = await opened({ cluster: 'main' })
  // There is no cluster here: the engine says so, which it does once it understood the statement.
  expect(await problemOf(place)).toMatchObject({
    code: 'store-unavailable',
    message: expect.stringContaining('does not know the cluster main'),
    cause: { type: 'CLUSTER_DOESNT_EXIST' },
  })
})

test('a server is told about as it is', async () => {
  const { place } = await opened()
  const facts = await examineClickHouse(place, systemClock)
  expect(facts).toMatchObject({
    ...{ user: 'gatez', missing: [], isEncrypted: false, isLoopback: true, clockSkewMs: 0, schema: 0 },
    schemaKnown: 1,
  })
  expect(facts.release[0]).toBeGreaterThanOrEqual(24)
  expect(facts.latencyMs).toBeGreaterThan(0)
  expect(facts.freeBytes).toBeGreaterThan(0)
})
