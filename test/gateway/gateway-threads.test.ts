import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseConfig } from '../../src/config/load-config.ts'
import { GatewayThreads, probePort } from '../../src/gateway/gateway-threads.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { decodeEvents } from '../../src/metering/event-decoder.ts'
import { Meter } from '../../src/metering/meter.ts'
import { SPOOL_START } from '../../src/metering/spool-files.ts'
import { SpoolReader } from '../../src/metering/spool-reader.ts'
import { hashSecret, makeSecret } from '../../src/model/key.ts'
import type { Plan } from '../../src/model/plan.ts'
import { makeCounterMemory } from '../../src/storage/open.ts'
import { makeTrafficMemory, readTraffic } from '../../src/telemetry/traffic.ts'
import { key, NOON, openFor, plan, putPlans, subscription, tenant } from '../support/control-store.ts'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { deafMeterParts } from '../support/meter-parts.ts'
import { RawClient } from '../support/raw-client.ts'
import { tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'

const PLANS = [
  plan({
    limits: [
      { id: 'tenant-day', counts: 'requests', amount: 50, windowMs: 86_400_000, per: 'day', scope: 'tenant' },
    ],
  }),
]

/** Gateway threads on the stores of a folder of their own, and what they report. */
async function startThreads(count: number, upstreamPort: number, options: { withoutStore?: number } = {}) {
  const folder = tempDir()
  const config = parseConfig(configText(upstreamPort), { file: join(folder, 'gatez.yaml'), env: {} })
  const secret = makeSecret('live')
  await fillStore(folder, secret)
  const { stores } = config
  const nowhere = {
    ...config,
    stores: { ...stores, control: { ...stores.control, path: join(folder, 'none.db') } },
  }
  const spoolPath = join(folder, 'spool.db')
  const meter = await Meter.start(
    { spoolPath, durability: 'process', epoch: 1, spoolBytesMax: 1e9 },
    deafMeterParts(),
  )
  onTestFinished(() => meter.stop())
  const [counterMemory, clientMemory] = [makeCounterMemory(4), makeCounterMemory(1)]
  const trafficMemory = makeTrafficMemory(count)
  const deaths: unknown[] = []
  const alarms: string[] = []
  const threads = new GatewayThreads({
    threads: Array.from({ length: count }, (_, thread) => ({
      config: thread === options.withoutStore ? nowhere : config,
      plans: PLANS,
      thread,
      epoch: 1,
      clockOffsetMs: 0,
      counterMemory,
      clientMemory,
      trafficMemory,
      meterPort: meter.connect(),
      // Nobody sends events or sends calls again here.
      ingestPort: new MessageChannel().port1,
      keeperPort: new MessageChannel().port1,
      ipSalt: 'salt',
      sharePort: count > 1,
    })),
    figuresOf: () => Promise.reject(new Error('no ledger here')),
    onWarning: () => {},
    onAlone: () => {},
    onIngestWanted: () => {},
    onAlarm: (what) => alarms.push(what),
    onDeath: (error) => deaths.push(error),
  })
  onTestFinished(() => threads.stop())
  const events = () => {
    const spool = new SpoolReader(spoolPath)
    const rows = spool.after(SPOOL_START, 10_000)
    spool.close()
    return rows.flatMap(({ lines, epoch, firstSeq }) => decodeEvents(lines, { nodeId: 'n', epoch, firstSeq }))
  }
  return { threads, secret, deaths, alarms, events, traffic: () => readTraffic(trafficMemory) }
}

function configText(upstreamPort: number): string {
  return JSON.stringify({
    version: 1,
    gateway: { listen: '127.0.0.1:0' },
    apis: [
      {
        id: 'shop',
        upstream: `http://127.0.0.1:${upstreamPort}`,
        routes: [{ id: 'all', match: 'ANY /{rest*}' }],
      },
    ],
    plans: [{ id: 'free', routes: 'all' }],
  })
}

async function fillStore(folder: string, secret: string): Promise<void> {
  const store = await openFor(folder, systemClock)
  await putPlans(store, PLANS)
  await store.transaction(async (tables) => {
    await tables.tenants.insert(tenant())
    await tables.subscriptions.insert(subscription({ startMs: NOON - 86_400_000 * 30 }))
    await tables.keys.insert(key({ hash: hashSecret(secret) }))
  })
}

test('four threads on one port admit exactly the limit between them, and each call has its event', async () => {
  const upstream = await CountingUpstream.start()
  const { threads, secret, deaths, alarms, events, traffic } = await startThreads(4, upstream.port)
  const port = await threads.listen({ host: '127.0.0.1', port: 0 })
  const clients = await Promise.all(Array.from({ length: 16 }, () => RawClient.connect(port)))
  const statuses: number[] = []
  await Promise.all(
    clients.map(async (client) => {
      for (let call = 0; call < 10; call += 1) {
        const answer = await client.call({ path: '/v1/search', headers: { 'x-api-key': secret } })
        statuses.push(answer.status)
      }
    }),
  )
  expect(statuses.filter((status) => status === 200)).toHaveLength(50)
  expect(statuses.filter((status) => status === 429)).toHaveLength(110)
  expect(upstream.seen).toBe(50)
  await threads.drain(5_000)
  const all = events()
  expect(all.filter((event) => event.billable)).toHaveLength(50)
  expect(all.reduce((sum, event) => sum + event.count, 0)).toBe(160)
  expect(traffic()).toMatchObject({ calls: 50, callsDurable: 50, eventsDurable: all.length, openNow: 0 })
  expect(traffic().refusedByCode.get('rate-limited')).toBe(110)
  expect(new Set(all.map((event) => event.id)).size).toBe(all.length)
  expect([deaths, alarms]).toEqual([[], []])
})

test('new plans hold for the next call on every thread, also on connections that are open', async () => {
  const upstream = await CountingUpstream.start()
  const { threads, secret } = await startThreads(2, upstream.port)
  const port = await threads.listen({ host: '127.0.0.1', port: 0 })
  const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.connect(port)))
  const policies = () =>
    Promise.all(
      clients.map(async (client) => {
        const answer = await client.call({ path: '/v1/search', headers: { 'x-api-key': secret } })
        return answer.headers.get('ratelimit-policy')
      }),
    )
  expect(new Set(await policies())).toEqual(new Set(['"tenant-day";q=50;w=86400']))
  const larger: Plan = plan({ limits: [{ ...PLANS[0]!.limits[0]!, amount: 60 }] })
  threads.replacePlans([larger])
  await until('all threads go by the new plan', async () => {
    const seen = new Set(await policies())
    return seen.size === 1 && seen.has('"tenant-day";q=60;w=86400') ? true : undefined
  })
})

test('the first thread that cannot start says so at once', async () => {
  await expect(startThreads(1, 1, { withoutStore: 0 })).rejects.toThrow(/does not exist/)
})

test('another thread that cannot start says so instead of keeping everyone waiting', async () => {
  const { threads, deaths } = await startThreads(2, 1, { withoutStore: 1 })
  await expect(threads.listen({ host: '127.0.0.1', port: 0 })).rejects.toThrow(/does not exist/)
  expect(deaths).not.toEqual([])
  await expect(threads.drain(100)).rejects.toThrow(/does not exist/)
})

test('a port that someone listens on is refused: port-taken', async () => {
  const other = createServer()
  other.listen({ port: 0, host: '127.0.0.1', reusePort: true })
  await once(other, 'listening')
  onTestFinished(() => void other.close())
  const address = other.address()
  const port = typeof address === 'object' ? address!.port : 0
  await expect(probePort({ host: '127.0.0.1', port })).rejects.toMatchObject({
    code: 'port-taken',
    message: expect.stringContaining('something already listens there'),
  })
  await probePort({ host: '127.0.0.1', port: 0 })
  const { threads } = await startThreads(1, 1)
  await expect(threads.listen({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'port-taken' })
})

test('a connection made while threads drain is refused or ended, never left waiting', async () => {
  const upstream = await CountingUpstream.start()
  const { threads } = await startThreads(2, upstream.port)
  const port = await threads.listen({ host: '127.0.0.1', port: 0 })
  const early = connect(port, '127.0.0.1')
  await once(early, 'connect')
  early.resume()
  // One that no thread took yet is reset with the listener: that is an end, too.
  early.on('error', () => {})
  const ended = new Promise((resolve) => early.once('close', resolve))
  await threads.drain(10_000)
  await ended
})
