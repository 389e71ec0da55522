import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Spool } from '../../src/metering/spool.ts'
import { SpoolReader } from '../../src/metering/spool-reader.ts'
import { LogShipper } from '../../src/shipping/log-shipper.ts'
import { Shipper } from '../../src/shipping/ship.ts'
import { openUsageLog } from '../../src/storage/open.ts'
import { testStore } from '../support/control-store.ts'
import { HttpFaultProxy } from '../support/http-fault-proxy.ts'
import { startClickHouse } from '../support/services/clickhouse.ts'
import { usagePlace } from '../support/services/clickhouse-place.ts'
import { spoolBatch } from '../support/spool-batches.ts'
import { tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'
import { usageEvent } from '../support/usage-events.ts'

const clickhouse = await startClickHouse()

/** A ledger on a file, a usage log in ClickHouse behind a proxy, and the spool before both. */
async function opened() {
  const folder = tempDir()
  const { store } = await testStore(folder)
  const proxy = await HttpFaultProxy.start(clickhouse.port)
  const address = await clickhouse.database(proxy.port)
  const path = join(folder, 'spool.db')
  const spool = new Spool({ path, durability: 'process', epoch: 1 })
  const reader = new SpoolReader(path)
  const open = () => openUsageLog({ stores: storesAt(address, folder) })
  const usageLog = await open()
  onTestFinished(async () => {
    spool.close()
    reader.close()
    await usageLog[Symbol.asyncDispose]()
  })
  const nodeId = 'node-1'
  const ledger = new Shipper({ spool: reader, store, usageLog: undefined, nodeId, onShipped: () => {} })
  const logShipper = (log = usageLog) =>
    new LogShipper({
      ...{ spool: reader, usageLog: log, nodeId, onShipped: () => {} },
      ledgerThrough: () => ledger.through,
      bounded: (events) => ledger.bounded(events),
    })
  let made = 0
  const make = (count: number) => {
    const events = Array.from({ length: count }, (_, index) => usageEvent({ seq: made + index + 1 }))
    made += count
    spool.append([spoolBatch(events)], 0)
  }
  /** Rows as they lie there, and events as they are read. */
  const counts = async () => {
    const table = `${usagePlace(address).database}.usage_events`
    const [row] = await clickhouse.rows<{ rows: number; ids: number }>(
      `SELECT count() AS rows, uniqExact(id) AS ids FROM ${table}`,
    )
    return { ...row, read: (await Array.fromAsync(usageLog.events({}))).length }
  }
  return { store, proxy, ledger, logShipper, usageLog, open, make, counts, nodeId }
}

function storesAt(address: string, folder: string) {
  return {
    control: { driver: 'sqlite', path: join(folder, 'none.db') },
    counters: { driver: 'memory' },
    usage: { driver: 'clickhouse', ...usagePlace(address), retentionDays: 18_250 },
    dataDir: folder,
  } as const
}

const requests = async ({ store }: Pick<Awaited<ReturnType<typeof opened>>, 'store'>) => {
  let sum = 0
  for await (const { requests } of store.ledger.rollups({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER })) {
    sum += requests
  }
  return sum
}

describe('a usage log in ClickHouse', () => {
  test('gets what the ledger has, and nothing beyond', async () => {
    const scene = await opened()
    const shipper = scene.logShipper()
    scene.make(3)
    expect(await shipper.ship()).toBe(0)
    await scene.ledger.ship()
    scene.make(2)
    expect(await shipper.ship()).toBe(3)
    await scene.ledger.ship()
    expect(await shipper.ship()).toBe(2)
    expect(await scene.counts()).toEqual({ rows: 5, ids: 5, read: 5 })
    expect(await scene.usageLog.shipmentOf({ nodeId: 'node-1', epoch: 1, seq: 4 })).toMatchObject({
      spooledFromMs: expect.any(Number),
    })
  })

  test('holds the ledger up by nothing while it is away, and has each event once when it is back', async () => {
    const scene = await opened()
    const shipper = scene.logShipper()
    scene.make(10)
    await scene.ledger.ship()
    await shipper.ship()
    scene.proxy.mode = 'refuse'
    scene.proxy.breakOff()
    for (let time = 0; time < 5; time += 1) {
      scene.make(1_000)
      await scene.ledger.ship()
      await expect(shipper.ship()).rejects.toMatchObject({ code: 'store-unavailable' })
    }
    expect(await requests(scene)).toBe(5_010)
    scene.proxy.mode = 'pass'
    expect(await shipper.ship()).toBe(5_000)
    expect(await scene.counts()).toEqual({ rows: 5_010, ids: 5_010, read: 5_010 })
  })

  test.each([
    ['events', /INTO usage_events/, 'nothing'],
    ['way of the events', /INTO usage_shipments/, 'nothing'],
    ['watermark', /INTO usage_watermarks/, 'nothing'],
    ['events', /INTO usage_events/, 'error'],
    ['watermark', /INTO usage_watermarks/, 'error'],
  ] as const)(
    'has each event once though writing the %s (%s) is answered with %s',
    async (_, statement, instead) => {
      const scene = await opened()
      const shipper = scene.logShipper()
      scene.make(100)
      await scene.ledger.ship()
      scene.proxy.instead = instead
      scene.proxy.losesAnswer = (sent) => statement.test(sent) && scene.proxy.lost < 3
      for (let time = 0; time < 3; time += 1) {
        await expect(shipper.ship()).rejects.toMatchObject({ code: 'store-unavailable' })
        scene.make(10)
        await scene.ledger.ship()
      }
      await shipper.ship()
      expect(scene.proxy.lost).toBe(3)
      expect(await scene.counts()).toEqual({ rows: 130, ids: 130, read: 130 })
      expect(await scene.usageLog.watermark({ nodeId: 'node-1', epoch: 1 })).toBe(130)
    },
  )

  test('has each event once though the process ended before it learnt that the events were written', async () => {
    const scene = await opened()
    scene.make(50)
    await scene.ledger.ship()
    scene.proxy.losesAnswer = (sent) => /INTO usage_events/.test(sent) && scene.proxy.lost === 0
    await expect(scene.logShipper().ship()).rejects.toMatchObject({ code: 'store-unavailable' })
    // A new process cuts the spool into other groups.
    scene.make(25)
    await scene.ledger.ship()
    await using again = await scene.open()
    await scene.logShipper(again).ship()
    expect(await scene.counts()).toEqual({ rows: 75, ids: 75, read: 75 })
  })

  test('has each event once for its readers though it was written twice', async () => {
    const scene = await opened()
    const events = [1, 2, 3].map((seq) =>
      usageEvent({ seq, timestampMs: Date.UTC(2026, 9, 31, 23, 59, 59, 997) + seq }),
    )
    await using other = await scene.open()
    const shipment = { spooledFromMs: 1, spooledToMs: 2, shippedMs: 3 }
    await scene.usageLog.append([usageEvent({ seq: 9 })], shipment)
    await other.append([usageEvent({ seq: 10 })], shipment)
    // Both take the run for theirs, and look no more: only the order of rows can tell. Two months, two parts.
    await scene.usageLog.append(events, shipment)
    await other.append(events.slice(1), shipment)
    expect(await scene.counts()).toEqual({ rows: 7, ids: 5, read: 5 })
    expect(await Array.fromAsync(scene.usageLog.events({ tenantId: 'acme' }))).toHaveLength(5)
    expect(await scene.usageLog.appendedAfter(0, 100)).toHaveLength(5)
    expect(await scene.usageLog.appendedBefore(await scene.usageLog.newestPosition(), 100)).toHaveLength(5)
    const [admission] = await Array.fromAsync(scene.usageLog.admissions(0, 10 * 365 * 86_400_000))
    expect(admission?.requests).toBe(5)
    expect(await scene.usageLog.findByRequestId('req-2', 10)).toHaveLength(1)
  })

  test('ends a call that the server never answers', async () => {
    const scene = await opened()
    scene.make(1)
    await scene.ledger.ship()
    const shipper = scene.logShipper()
    scene.proxy.mode = 'hang'
    const hung = shipper.ship().catch((error: unknown) => error)
    await until('the call is under way', () => (scene.proxy.received > 0 ? true : undefined))
    scene.proxy.breakOff()
    expect(await hung).toMatchObject({ code: 'store-unavailable' })
    scene.proxy.mode = 'pass'
    expect(await shipper.ship()).toBe(1)
  })
})
