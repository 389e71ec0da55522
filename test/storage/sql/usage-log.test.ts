import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSqliteUsageLog } from '../../../src/storage/sql/usage-log.ts'
import { type UsageLogDriver, usageLogContract } from '../../contract/usage-log.ts'
import { usageLogForgettingContract } from '../../contract/usage-log-forgetting.ts'
import { usageEvent } from '../../support/usage-events.ts'

const driver: UsageLogDriver = { name: 'sqlite', open: async () => openSqliteUsageLog(':memory:') }

usageLogContract(driver)
usageLogForgettingContract(driver)

describe('the file of the usage log', () => {
  let folder: string
  let path: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatez-usage-log-'))
    path = join(folder, 'usage.db')
  })
  afterEach(() => {
    chmodSync(folder, 0o700)
    rmSync(folder, { recursive: true })
  })

  test('has a table `events` with the public names of an event as its columns', async () => {
    await using log = openSqliteUsageLog(path)
    await log.append([usageEvent()])
    const columns = query('SELECT name FROM pragma_table_info(?)', 'events')
    expect(columns.map(({ name }) => name).join(' ')).toBe(
      'id timestamp tenant_id key_id api_id route_id plan_id plan_version subscription_id method endpoint ' +
        'status_code outcome refusal billable response_time_ms bytes_sent bytes_received usage_units ' +
        'quantities dimensions leaks client_ip request_id node_id epoch seq source count',
    )
  })

  test('can be read by its owner only, and so can the files beside it', async () => {
    await using log = openSqliteUsageLog(path)
    await log.append([usageEvent()])
    const files = readdirSync(folder)
    expect(files).toContain('usage.db-wal')
    for (const file of files) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600)
  })

  test('keeps events over a restart', async () => {
    {
      await using log = openSqliteUsageLog(path)
      await log.append([usageEvent()])
    }
    await using again = openSqliteUsageLog(path)
    expect(await again.find(usageEvent().id)).toEqual(usageEvent())
    expect(await again.watermark({ nodeId: 'node-1', epoch: 1 })).toBe(1)
  })

  test('can be open twice: each sees what the other appended', async () => {
    await using one = openSqliteUsageLog(path)
    await using two = openSqliteUsageLog(path)
    await one.append([usageEvent({ seq: 1 })])
    await two.append([usageEvent({ seq: 2 }), usageEvent({ seq: 1 })])
    expect(await Array.fromAsync(one.events({ tenantId: 'acme' }))).toHaveLength(2)
    expect(await Array.fromAsync(two.events({ tenantId: 'acme' }))).toHaveLength(2)
  })

  test('finds a tenant by an index, however many events there are', async () => {
    await using log = openSqliteUsageLog(path)
    for (let batch = 0; batch < 40; batch += 1) {
      await log.append(
        Array.from({ length: 1_000 }, (_, index) => {
          const seq = batch * 1_000 + index
          return usageEvent({ seq, tenantId: `tenant-${seq % 50}` })
        }),
      )
    }
    expect(query('SELECT count(*) AS events FROM events_of_tenant')).toEqual([{ events: 33_000 }])
    const found = await Array.fromAsync(log.events({ tenantId: 'tenant-7' }))
    expect(found.map(({ seq }) => seq)).toEqual(Array.from({ length: 800 }, (_, index) => index * 50 + 7))
    expect(query('SELECT count(*) AS events FROM events_of_tenant')).toEqual([{ events: 40_000 }])
  })

  test('finds a request by the id its client gave, however many events there are', async () => {
    await using log = openSqliteUsageLog(path)
    for (let batch = 0; batch < 10; batch += 1) {
      await log.append(
        Array.from({ length: 7_000 }, (_, index) => {
          const seq = batch * 7_000 + index
          return usageEvent({ seq, requestId: `order-${seq % 20_000}` })
        }),
      )
    }
    expect(query('SELECT count(*) AS steps FROM request_steps')).toEqual([{ steps: 3 }])
    const found = await log.findByRequestId('order-123', 10)
    expect(found.map(({ seq }) => seq)).toEqual([123, 20_123, 40_123, 60_123])
    expect(query('SELECT count(*) AS ids FROM events_of_request')).toEqual([{ ids: 70_000 }])
  })

  test('is refused when a newer gatez wrote it, and left as it is', () => {
    const database = new Database(path)
    database.pragma('user_version = 99')
    database.close()
    expect(() => openSqliteUsageLog(path)).toThrow(
      expect.objectContaining({ code: 'store-unavailable', message: expect.stringContaining('schema 99') }),
    )
  })

  test('is refused when it is something else, with the path and without the words of the driver', () => {
    writeFileSync(
      path,
      'this is no database, but it is long enough to look like one to the driver'.repeat(20),
    )
    expect(() => openSqliteUsageLog(path)).toThrow(
      expect.objectContaining({ code: 'store-unavailable', message: expect.stringContaining(path) }),
    )
  })

  function query(sql: string, ...parameters: readonly string[]) {
    const database = new Database(path, { readonly: true })
    try {
      return database.prepare<unknown[], Record<string, unknown>>(sql).all(...parameters)
    } finally {
      database.close()
    }
  }
})
