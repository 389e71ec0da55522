import { basename, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { MeterClient } from '../../src/gateway/meter.ts'
import { type EventFields, encodeCaller } from '../../src/metering/event.ts'
import { Meter } from '../../src/metering/meter.ts'
import type { MeterThreadData } from '../../src/metering/meter-messages.ts'
import { SPOOL_START } from '../../src/metering/spool-files.ts'
import { SpoolReader } from '../../src/metering/spool-reader.ts'
import { tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'

const ORIGIN = encodeCaller({
  source: 'gateway',
  tenantId: 'acme',
  keyId: 'key_1',
  planId: 'free',
  planVersion: 1,
  subscriptionId: 'sub_1',
})

/** One event; `endpoint` gives it a size. */
function event(id: string, endpoint = '/v1/search'): EventFields {
  return {
    id,
    timestampMs: 1,
    caller: ORIGIN,
    apiId: 'shop',
    routeId: 'search',
    method: 'GET',
    endpoint,
    statusCode: 200,
    outcome: 'ok',
    refusal: '',
    billable: true,
    responseTimeMs: 1,
    bytesSent: 2,
    bytesReceived: 0,
    usageUnits: 1,
    quantities: '',
    dimensions: '',
    clientIp: '',
    requestId: id,
    count: 1,
  }
}

async function startMeter(overrides: Partial<MeterThreadData> = {}) {
  const spoolPath = join(tempDir(), 'spool.db')
  const reports: string[] = []
  const meter = await Meter.start(
    { spoolPath, durability: 'process', epoch: 1, spoolBytesMax: 1e9, ...overrides },
    {
      onCommitted: () => reports.push('committed'),
      onDown: (reason) => reports.push(`down: ${reason}`),
      onUp: () => reports.push('up'),
      onNewFile: (path, reason) => reports.push(`new file: ${basename(path)}: ${reason}`),
      onFilling: (bytes) => reports.push(`filling: ${bytes}`),
      onDeath: (error) => reports.push(`death: ${String(error)}`),
    },
  )
  onTestFinished(() => meter.stop())
  const client = () => {
    const port = meter.connect()
    onTestFinished(() => port.close())
    return new MeterClient(port, true)
  }
  const spooled = () => {
    const reader = new SpoolReader(spoolPath)
    const rows = reader.after(SPOOL_START, 100_000)
    reader.close()
    return rows
  }
  return { meter, client, reports, spooled, spoolPath }
}

/** Counts what is let go. */
class Held {
  released = 0
  release(): void {
    this.released += 1
  }
}

describe('handing events over', () => {
  test('an end is let go once, and only when its event is in the spool', async () => {
    const { client, spooled } = await startMeter()
    const seen: number[] = []
    const meter = client()
    const release = () => seen.push(spooled().reduce((sum, row) => sum + row.count, 0))
    meter.record(event('a'), { release })
    meter.record(event('b'), { release })
    expect(seen).toEqual([])
    await meter.drained()
    expect(seen).toEqual([2, 2])
  })

  test('many events of two threads at once: all are there, in one gapless sequence', async () => {
    const { client, spooled } = await startMeter()
    const [one, other] = [client(), client()]
    const held = new Held()
    for (let round = 0; round < 50; round += 1) {
      for (let place = 0; place < 20; place += 1) {
        one.record(event(`one-${round}-${place}`), held)
        other.record(event(`other-${round}-${place}`), held)
      }
      await Promise.all([one.drained(), other.drained()])
    }
    expect(held.released).toBe(2_000)
    let next = 1
    const ids = new Set<string>()
    for (const row of spooled()) {
      expect(row.firstSeq).toBe(next)
      next += row.count
      for (const each of row.lines.trimEnd().split('\n')) ids.add(each.split('\t')[0]!)
    }
    expect(next).toBe(2_001)
    expect(ids.size).toBe(2_000)
  })

  test('what is handed over after an answer came is on its way without waiting for more', async () => {
    const { client, spooled } = await startMeter()
    const meter = client()
    meter.record(event('a'), { release: () => meter.record(event('b'), undefined) })
    await until('both are there', () =>
      spooled().flatMap((row) => row.lines.split('\n')).length >= 3 ? true : undefined,
    )
    await meter.drained()
  })

  test('a client with nothing to wait for is drained', async () => {
    const { client } = await startMeter()
    await client().drained()
  })

  test('a spool that cannot be opened says why, and nothing keeps running', async () => {
    await expect(startMeter({ spoolPath: join(tempDir(), 'missing', 'spool.db') })).rejects.toThrow(
      /cannot be opened/,
    )
  })
})

describe('a spool at its bound', () => {
  test('refuses further calls, keeps what it was given, and goes on as soon as something was shipped', async () => {
    const { meter, client, reports, spooled } = await startMeter({ spoolBytesMax: 3_000_000 })
    const gateway = client()
    const held = new Held()
    let recorded = 0
    while (gateway.available && recorded < 200_000) {
      for (let place = 0; place < 500; place += 1)
        gateway.record(event(`id-${recorded + place}`, `/${'x'.repeat(100)}`), held)
      recorded += 500
      await Promise.race([
        gateway.drained(),
        until('the meter is down', () => (gateway.available ? undefined : true)),
      ])
    }
    expect(gateway.available).toBe(false)
    expect(reports.filter((report) => report.startsWith('down'))).toHaveLength(1)
    expect(held.released).toBeLessThan(recorded)
    const shippedThrough = spooled().at(-1)!.batchId
    meter.shipped({ file: 1, batchId: shippedThrough })
    await gateway.drained()
    expect(held.released).toBe(recorded)
    await until('calls are taken again', () => gateway.available || undefined)
    // The newest of what was shipped stays until there is a newer one.
    expect(spooled().every((row) => row.batchId >= shippedThrough)).toBe(true)
    await until('the main thread knows', () => reports.includes('up') || undefined)
  })
})
