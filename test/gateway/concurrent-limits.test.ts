import type { Socket } from 'node:net'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Limit } from '../../src/model/plan.ts'
import { plan } from '../support/control-store.ts'
import { route, startGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts'
import { exchangeBytes, RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

// A place among calls in flight is taken when a call is let through and free again when it is over,
// however that comes about.

const AT_ONCE: Limit = {
  id: 'at-once',
  counts: 'concurrent',
  amount: 2,
  windowMs: 0,
  per: 'moment',
  scope: 'tenant',
}
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

const get = (gateway: TestGateway, ...fields: readonly string[]) =>
  ['GET /a HTTP/1.1', 'Host: a', `x-api-key: ${gateway.secret}`, ...fields, '', ''].join('\r\n')

/** A gateway with two places, on an upstream that does what `does` says at the time. */
async function scene(options: TestGatewayOptions = {}) {
  const upstream = { does: (() => {}) as (socket: Socket) => void }
  const raw = await RawUpstream.start((socket) => upstream.does(socket))
  const plans = [plan({ limits: [AT_ONCE] }), plan({ id: 'pro', limits: [{ ...AT_ONCE, amount: 9 }] })]
  const gateway = await startGateway({ upstreamPort: raw.port, plans, policy: { retries: 0 }, ...options })
  return { gateway, raw, upstream }
}

/** How many places are free, by the store that refuses. */
function free(gateway: TestGateway): number {
  return gateway.placesLeft('rl:{acme}:*:at-once', 2)
}

const allFree = (gateway: TestGateway) =>
  until('all places are free', () => (free(gateway) === 2 ? true : undefined))

describe('with all places taken', () => {
  test('a call is refused, told when to come back, and reaches no one; one that ends makes room', async () => {
    const { gateway, raw } = await scene()
    const clients = [await RawSocket.connect(gateway.port), await RawSocket.connect(gateway.port)]
    for (const client of clients) client.send(get(gateway))
    await until('both are asked', () => raw.heads[1])
    const refused = await exchangeBytes(gateway.port, get(gateway, 'Connection: close'))
    expect(refused).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n/)
    expect(refused).toMatch(/\r\nRateLimit-Policy: "at-once";q=2;qu="concurrent-requests"\r\n/)
    expect(refused).toMatch(/\r\nRateLimit: "at-once";r=0;t=1\r\n/)
    expect(refused).toMatch(/\r\nRetry-After: 1\r\n/)
    expect(JSON.parse(refused.slice(refused.indexOf('\r\n\r\n') + 4))).toMatchObject({
      code: 'concurrency-limited',
      detail: 'The limit at-once of 2 calls at a time is used up.',
      'violated-policies': ['at-once'],
      upgrade_to: ['pro'],
    })
    expect(raw.heads).toHaveLength(2)
    for (const socket of raw.sockets) socket.write(OK)
    expect(await clients[0]?.sees(/ok$/)).toMatch(/\r\nRateLimit: "at-once";r=[01];t=0\r\n/)
    await allFree(gateway)
    expect(await gateway.events()).toMatchObject([
      { outcome: 'refused', refusal: 'concurrency-limited' },
      { outcome: 'ok' },
      { outcome: 'ok' },
    ])
  })

  test('another limit is told beside it, and is what the older fields tell', async () => {
    const day: Limit = {
      ...AT_ONCE,
      id: 'day',
      counts: 'requests',
      windowMs: 86_400_000,
      per: 'day',
      amount: 9,
    }
    const { gateway, upstream } = await scene({ plans: [plan({ limits: [AT_ONCE, day] })] })
    upstream.does = (socket) => void socket.write(OK)
    const received = await exchangeBytes(gateway.port, get(gateway, 'Connection: close'))
    expect(received).toMatch(/\r\nRateLimit: "at-once";r=1;t=0, "day";r=8;t=86400\r\n/)
    expect(received).toMatch(/\r\nX-RateLimit-Limit: 9\r\nX-RateLimit-Remaining: 8\r\n/)
  })

  test('calls of another route have places of their own, where the plan says so', async () => {
    const limits = [{ ...AT_ONCE, amount: 1, scope: 'route' as const }]
    const routes = [route({ id: 'a', path: '/a' }), route({ id: 'b', path: '/b' })]
    const { gateway, raw } = await scene({ plans: [plan({ limits })], routes })
    const [a, b] = [await RawSocket.connect(gateway.port), await RawSocket.connect(gateway.port)]
    a.send(get(gateway))
    b.send(get(gateway).replace('/a', '/b'))
    await until('both are asked', () => raw.heads[1])
    expect(await exchangeBytes(gateway.port, get(gateway, 'Connection: close'))).toMatch(/^HTTP\/1\.1 429 /)
  })
})

describe('a place is free again', () => {
  const ways: readonly {
    readonly why: string
    readonly does: (socket: Socket) => void
    readonly policy?: TestGatewayOptions['policy']
    readonly timeouts?: TestGatewayOptions['timeouts']
    readonly fields?: readonly string[]
    /** What the client does once it sees this. */
    readonly leaves?: RegExp
  }[] = [
    { why: 'with its answer', does: (socket) => socket.write(OK) },
    { why: 'with an answer in chunks', does: (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nuntil the end') },
    { why: 'when the upstream hangs up', does: (socket) => socket.resetAndDestroy() },
    { why: 'when the upstream sends nonsense', does: (socket) => socket.write('garbage\r\n\r\n') },
    { why: 'when the upstream is late', does: () => {}, timeouts: { headersMs: 50 } },
    {
      why: 'when the answer breaks off',
      does: (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf', () =>
          setTimeout(() => socket.destroy(), 20),
        )
      },
    },
    {
      why: 'when its body grows too large',
      does: () => {},
      policy: { retries: 0, bodyBytesMax: 1 },
      fields: ['Transfer-Encoding: chunked'],
    },
    {
      why: 'when the client leaves in the middle of an answer',
      does: (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
      leaves: /half$/,
    },
    {
      why: 'when a WebSocket is closed by its client',
      does: (socket) => socket.write(SWITCH),
      fields: ['Connection: Upgrade', 'Upgrade: websocket'],
      leaves: /^HTTP\/1\.1 101 /,
    },
    {
      why: 'when a WebSocket is closed by the upstream',
      does: (socket) => socket.write(SWITCH, () => setTimeout(() => socket.end(), 20)),
      fields: ['Connection: Upgrade', 'Upgrade: websocket'],
    },
    {
      why: 'when a WebSocket says nothing any more',
      does: (socket) => socket.write(SWITCH),
      timeouts: { idleMs: 50 },
      fields: ['Connection: Upgrade', 'Upgrade: websocket'],
    },
    {
      why: 'when a WebSocket is not wanted',
      does: (socket) => socket.end('HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n'),
      fields: ['Connection: Upgrade', 'Upgrade: websocket'],
    },
  ]

  test.each(ways)('$why', async ({ does, policy, timeouts, fields = [], leaves }) => {
    const { gateway, upstream } = await scene({
      ...(policy !== undefined && { policy }),
      ...(timeouts !== undefined && { timeouts }),
    })
    upstream.does = does
    for (let count = 0; count < 3; count += 1) {
      const client = await RawSocket.connect(gateway.port)
      client.send(get(gateway, ...fields))
      if (fields[0] === 'Transfer-Encoding: chunked') client.send('8\r\n12345678\r\n')
      await (leaves === undefined ? client.sees(/^HTTP\/1\.1 /) : client.sees(leaves))
      if (leaves !== undefined) client.socket.destroy()
      await allFree(gateway)
    }
    expect(await gateway.events()).toHaveLength(3)
  })

  test('when the client leaves before its answer, or while another of its calls is answered first', async () => {
    const { gateway, raw } = await scene()
    const client = await RawSocket.connect(gateway.port)
    client.send(get(gateway) + get(gateway))
    await until('the upstream is asked', () => raw.heads[0])
    client.socket.destroy()
    await allFree(gateway)
  })

  test('when the circuit is open', async () => {
    const breaker = { failures: 1, openMs: 10_000, statuses: [] }
    const { gateway, upstream } = await scene({ api: { breaker } })
    upstream.does = (socket) => void socket.destroy()
    for (const code of ['upstream-unreachable', 'circuit-open', 'circuit-open', 'circuit-open']) {
      const received = await exchangeBytes(gateway.port, get(gateway, 'Connection: close'))
      expect(received).toContain(`"code":"${code}"`)
      await allFree(gateway)
    }
  })

  test.each(['end', 'resetAndDestroy'] as const)(
    'when the client leaves (%s) while it is asked whether the call was made before',
    async (leave) => {
      const idempotency = { keepMs: 60_000, bodyBytesMax: 100, answerBytesMax: 1_000_000 }
      const { gateway, upstream } = await scene({ policy: { idempotency } })
      upstream.does = (socket) =>
        void socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n')
      for (const key of ['a', 'b', 'c', 'd']) {
        const client = await RawSocket.connect(gateway.port)
        client.socket.on('error', () => {})
        const fields = [`x-api-key: ${gateway.secret}`, `Idempotency-Key: ${key}`, 'Content-Length: 1']
        client.socket.write(['POST /v1/x HTTP/1.1', 'Host: a', ...fields, '', 'a'].join('\r\n'), () =>
          client.socket[leave](),
        )
        await until('it is gone', () => client.socket.destroyed || undefined)
      }
      await allFree(gateway)
      await until('none is left', () => gateway.pending() === 0 || undefined)
    },
  )

  test('when the end of the gateway cuts it off', async () => {
    const { gateway, raw } = await scene()
    const client = await RawSocket.connect(gateway.port)
    client.send(get(gateway))
    await until('the upstream is asked', () => raw.heads[0])
    expect(free(gateway)).toBe(1)
    gateway.pipeline.startDraining(60_000)
    await gateway.server.drain(50)
    await gateway.pipeline.allEnded()
    expect(free(gateway)).toBe(2)
  })

  test('while the disk refuses events: what is refused for that takes none, what was let through gives its own back', async () => {
    const { gateway, upstream } = await scene()
    upstream.does = (socket) => void socket.write(OK)
    const spool = new Database(join(gateway.folder, 'spool.db'))
    onTestFinished(() => void spool.close())
    spool.exec("CREATE TRIGGER no BEFORE INSERT ON batches BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    const held = await RawSocket.connect(gateway.port)
    held.send(get(gateway))
    await until('the meter is down', () => !gateway.meter.available || undefined)
    for (const _ of Array(4)) {
      const refused = await exchangeBytes(gateway.port, get(gateway, 'Connection: close'))
      expect(refused).toContain('"code":"metering-unavailable"')
    }
    expect(free(gateway)).toBe(2)
    spool.exec('DROP TRIGGER no')
    await held.sees(/ok$/)
  })
})

test('a plan that loses its limit, or gets one, while calls are in flight lets all of them end well', async () => {
  const { gateway, raw } = await scene()
  const early = await RawSocket.connect(gateway.port)
  early.send(get(gateway))
  await until('the upstream is asked', () => raw.heads[0])
  gateway.replaceRules({ plans: [plan()] })
  const between = await RawSocket.connect(gateway.port)
  between.send(get(gateway))
  await until('the upstream is asked', () => raw.heads[1])
  gateway.replaceRules({ plans: [plan({ limits: [AT_ONCE] })] })
  expect(free(gateway)).toBe(1)
  for (const socket of raw.sockets) socket.write(OK)
  await between.sees(/ok$/)
  await early.sees(/ok$/)
  await allFree(gateway)
})
