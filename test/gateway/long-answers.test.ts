import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { UsageEvent } from '../../src/model/event.ts'
import type { Quota } from '../../src/model/plan.ts'
import { plan } from '../support/control-store.ts'
import { startGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'
import { usageEvent } from '../support/usage-events.ts'

const get = (gateway: TestGateway) =>
  `GET /v1/live HTTP/1.1\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\nx-request-id: mine\r\n\r\n`

const STREAM = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
const PLAIN = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
const END = '0\r\n\r\n'
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`

/** A call whose answer has begun; what more comes is up to the test. */
async function startAnswer(head: string, options: TestGatewayOptions = {}) {
  const begun = Promise.withResolvers<Socket>()
  const upstream = await RawUpstream.start((socket) => {
    socket.write(head)
    begun.resolve(socket)
  })
  const gateway = await startGateway({ upstreamPort: upstream.port, ...options })
  const client = await RawSocket.connect(gateway.port)
  client.send(get(gateway))
  const socket = await begun.promise
  return { gateway, client, socket, upstream }
}

/** The events once there are `count`. */
const eventsOf = (gateway: TestGateway, count: number) =>
  until(`${count} events`, async () => {
    const events = await gateway.events()
    return events.length >= count ? events : undefined
  })

const sum = (events: readonly UsageEvent[], field: 'bytesSent' | 'bytesReceived' | 'count' | 'usageUnits') =>
  events.reduce((total, event) => total + event[field], 0)

describe('a stream of events', () => {
  test('is metered each second: parts of its bytes and time, the call with the first', async () => {
    const { gateway, client, socket } = await startAnswer(STREAM)
    for (const [index, word] of ['one', 'two', 'three'].entries()) {
      socket.write(chunk(word))
      await client.sees(new RegExp(word))
      gateway.clock.advance(1_000)
      await eventsOf(gateway, index + 1)
    }
    gateway.clock.advance(250)
    socket.write(chunk('four') + END)
    await client.sees(/0\r\n\r\n$/)
    const events = await gateway.events()
    expect(events).toMatchObject([
      { outcome: 'open', count: 1, usageUnits: 1, bytesSent: 3, responseTimeMs: 1_000, billable: true },
      { outcome: 'open', count: 0, usageUnits: 0, bytesSent: 3, responseTimeMs: 1_000, billable: true },
      { outcome: 'open', count: 0, usageUnits: 0, bytesSent: 5, responseTimeMs: 1_000, billable: true },
      { outcome: 'ok', count: 0, usageUnits: 0, bytesSent: 4, responseTimeMs: 250, billable: true },
    ])
    expect(new Set(events.map(({ id }) => id)).size).toBe(4)
    expect(new Set(events.map(({ requestId }) => requestId))).toEqual(new Set(['mine']))
    const start = events[0]?.timestampMs ?? 0
    expect(events.map(({ timestampMs }) => timestampMs - start)).toEqual([0, 1_000, 2_000, 3_000])
  })

  test('is metered each 64 KiB, whatever the time, and the parts add up to the whole', async () => {
    const { gateway, client, socket } = await startAnswer(STREAM)
    const piece = 'x'.repeat(50_000)
    for (let count = 1; count <= 20; count += 1) {
      socket.write(chunk(piece))
      await until('it arrives', () => (client.received.length > count * 50_000 ? true : undefined))
      await gateway.meter.drained()
    }
    socket.write(END)
    await client.sees(/0\r\n\r\n$/)
    const events = await gateway.events()
    expect(events.length).toBeGreaterThan(5)
    for (const { bytesSent } of events.slice(0, -1)) {
      expect(bytesSent).toBeGreaterThanOrEqual(65_536)
      expect(bytesSent).toBeLessThan(65_536 + 100_000)
    }
    expect([sum(events, 'bytesSent'), sum(events, 'count'), sum(events, 'usageUnits')]).toEqual([
      1_000_000, 1, 1,
    ])
  })

  test('in which nothing moves is not metered each second, only each minute', async () => {
    const { gateway, client, socket } = await startAnswer(STREAM)
    socket.write(chunk('one'))
    await client.sees(/one/)
    gateway.clock.advance(1_000)
    await eventsOf(gateway, 1)
    gateway.clock.advance(59_000)
    socket.write(chunk('two'))
    await client.sees(/two/)
    await eventsOf(gateway, 2)
    gateway.clock.advance(60_000)
    const events = await eventsOf(gateway, 3)
    expect(events.map(({ bytesSent, responseTimeMs }) => [bytesSent, responseTimeMs])).toEqual([
      [3, 1_000],
      [3, 59_000],
      [0, 60_000],
    ])
  })

  test('that the upstream breaks off: what the client has is billed, the rest is not', async () => {
    const quota: Quota = { id: 'q', meter: 'calls', per: 'month', included: '5', onExceed: 'block' }
    const { gateway, client, socket } = await startAnswer(STREAM, { plans: [plan({ quotas: [quota] })] })
    socket.write(chunk('one'))
    await client.sees(/one/)
    gateway.clock.advance(1_000)
    await eventsOf(gateway, 1)
    socket.write(chunk('two'))
    await client.sees(/two/)
    socket.resetAndDestroy()
    await client.sawEnd()
    expect(await eventsOf(gateway, 2)).toMatchObject([
      { outcome: 'open', count: 1, bytesSent: 3, billable: true },
      { outcome: 'upstream_truncated', count: 0, bytesSent: 3, billable: false },
    ])
    // The call is on the bill, so its place in the quota is not given back.
    const again = await RawSocket.connect(gateway.port)
    again.send(get(gateway))
    expect(await again.sees(/RateLimit: .*\r\n/)).toMatch(/"q";r=3/)
  })

  test('that the client leaves is billed to where it left', async () => {
    const { gateway, client, socket } = await startAnswer(STREAM)
    socket.write(chunk('one'))
    await client.sees(/one/)
    gateway.clock.advance(1_000)
    await eventsOf(gateway, 1)
    socket.write(chunk('two'))
    await client.sees(/two/)
    client.socket.resetAndDestroy()
    expect(await eventsOf(gateway, 2)).toMatchObject([
      { outcome: 'open', bytesSent: 3 },
      { outcome: 'client_aborted', count: 0, bytesSent: 3, billable: true },
    ])
  })

  test.each([
    { head: STREAM.replace('200 OK', '500 Oops'), options: {}, why: 'with a status that does not count' },
    { head: STREAM, options: { key: { mode: 'test' } } as const, why: 'of a test key' },
  ])('$why is one event: nothing of it is billed', async ({ head, options }) => {
    const { gateway, client, socket } = await startAnswer(head, options)
    socket.write(chunk('one'))
    await client.sees(/one/)
    gateway.clock.advance(5_000)
    socket.write(chunk('x'.repeat(100_000)) + END)
    await client.sees(/0\r\n\r\n$/)
    expect(await gateway.events()).toMatchObject([{ count: 1, billable: false, bytesSent: 100_003 }])
  })
})

describe('an ordinary answer', () => {
  test('of many pieces within a second is one event', async () => {
    const { gateway, client, socket } = await startAnswer(PLAIN)
    for (let count = 0; count < 10; count += 1) socket.write(chunk('x'.repeat(90_000)))
    socket.write(END)
    await client.sees(/0\r\n\r\n$/)
    expect(await gateway.events()).toMatchObject([{ count: 1, outcome: 'ok', bytesSent: 900_000 }])
  })

  test('of many megabytes is metered in parts', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n'
    const { gateway, client, socket } = await startAnswer(head)
    socket.write('x'.repeat(10_000_000))
    await until('it arrives', () => (client.received.length > 10_000_000 ? true : undefined))
    const events = await gateway.events()
    expect(events.length).toBeGreaterThan(2)
    expect(events[0]?.bytesSent).toBeGreaterThanOrEqual(1_048_576)
    expect([sum(events, 'bytesSent'), sum(events, 'count')]).toEqual([10_000_000, 1])
  })
})

describe('a WebSocket', () => {
  const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

  test('is metered in parts, both ways, and the parts add up to the whole', async () => {
    const upstream = await RawUpstream.start((socket) => {
      socket.write(SWITCH)
      socket.pipe(socket)
    })
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const client = await RawSocket.connect(gateway.port)
    client.send(get(gateway).replace('\r\n\r\n', '\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'))
    await client.sees(/\r\n\r\n$/)
    client.send('hello')
    await client.sees(/hello$/)
    gateway.clock.advance(1_000)
    await eventsOf(gateway, 1)
    client.send('x'.repeat(500_000))
    await until('all of it comes back', () => (client.received.length > 500_005 ? true : undefined))
    client.socket.end()
    await client.sawEnd()
    const events = await until('the last event', async () => {
      const found = await gateway.events()
      return found.at(-1)?.outcome === 'ok' ? found : undefined
    })
    expect(events[0]).toMatchObject({ outcome: 'open', count: 1, bytesSent: 5, bytesReceived: 5 })
    expect(events.length).toBeGreaterThan(2)
    expect([sum(events, 'bytesSent'), sum(events, 'bytesReceived'), sum(events, 'count')]).toEqual([
      500_005, 500_005, 1,
    ])
  })
})

describe('a disk that takes nothing', () => {
  test.each(['stream', 'WebSocket'])('stops a %s before much of it is unmetered', async (kind) => {
    const head =
      kind === 'stream'
        ? 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'
        : 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
    let written = 0
    const upstream = await RawUpstream.start((socket) => {
      socket.write(head)
      const piece = Buffer.alloc(65_536)
      const push = (): void => {
        do written += piece.length
        while (written < 100_000_000 && socket.write(piece))
        socket.once('drain', push)
      }
      push()
    })
    const gateway = await startGateway({ upstreamPort: upstream.port, spoolBytesMax: BOUND })
    await fillSpool(gateway)
    const client = await RawSocket.connect(gateway.port)
    const wish = kind === 'stream' ? '' : '\r\nConnection: Upgrade\r\nUpgrade: websocket'
    client.send(get(gateway).replace('\r\n\r\n', `${wish}\r\n\r\n`))
    let last = -1
    await until('nothing more arrives', () => {
      const same = client.received.length > 200_000 && client.received.length === last
      last = client.received.length
      return same ? true : undefined
    })
    expect(client.received.length).toBeLessThan(2_000_000)
    gateway.makeRoom()
    await until('it goes on', () => (client.received.length > 2_000_000 ? true : undefined))
  })
})

/** So small that its size is looked at with each event. */
const BOUND = 40_000

/** Makes the spool refuse what comes next, until there is room again. */
async function fillSpool({ meter }: TestGateway): Promise<void> {
  for (const endpoint of ['x'.repeat(2 * BOUND), 'x']) {
    const event = { ...usageEvent(), endpoint, caller: 'caller', quantities: '', dimensions: '' }
    meter.record(event, undefined)
    await meter.drained()
  }
}
