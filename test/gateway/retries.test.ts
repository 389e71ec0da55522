import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { startGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts'
import { connectAll, RawClient } from '../support/raw-client.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { refusingPort } from '../support/refusing.ts'
import { until } from '../support/until.ts'

// A call is sent again only while no upstream can have done anything of it, or when its method says that
// doing it twice is doing it once; and then so seldom that retries never add up to a load of their own.

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const BREAKER = { failures: 5, openMs: 10_000, statuses: [] }

const reset = (socket: Socket): void => void socket.resetAndDestroy()

/** An upstream that does the first of these with the first request, the second with the second …, the last with all others. */
function startUpstream(...scripts: readonly ((socket: Socket) => void)[]): Promise<RawUpstream> {
  let calls = 0
  return RawUpstream.start((socket) => {
    const script = scripts[Math.min(calls, scripts.length - 1)]
    calls += 1
    script?.(socket)
  })
}

const answer = (socket: Socket): void => void socket.write(OK)

const gatewayOn = (ports: readonly number[], options: TestGatewayOptions = {}): Promise<TestGateway> => {
  const upstreams = ports.map((port) => `http://127.0.0.1:${port}`)
  return startGateway({ ...options, api: { upstreams, ...options.api } })
}

async function call(gateway: TestGateway, method = 'GET', body?: Buffer): Promise<number> {
  const client = await RawClient.connect(gateway.port)
  const headers = { 'x-api-key': gateway.secret }
  const { status } = await client.call({
    path: '/a',
    method,
    headers,
    ...(body !== undefined && { body }),
  })
  client.destroy()
  return status
}

describe('several upstreams', () => {
  test('share calls evenly, each behind its base path', async () => {
    const [one, two] = [await RawUpstream.answering(OK), await RawUpstream.answering(OK)]
    const upstreams = [`http://127.0.0.1:${one.port}/one`, `http://127.0.0.1:${two.port}/two/2`]
    const gateway = await startGateway({ api: { upstreams } })
    for (let count = 0; count < 10; count += 1) expect(await call(gateway)).toBe(200)
    expect(one.heads.map((head) => head.split(' ')[1])).toEqual(Array(5).fill('/one/a'))
    expect(two.heads.map((head) => head.split(' ')[1])).toEqual(Array(5).fill('/two/2/a'))
  })

  test('the one with the fewest calls pending takes the next', async () => {
    const busy = await startUpstream(() => {}, answer)
    const idle = await RawUpstream.answering(OK)
    const gateway = await gatewayOn([busy.port, idle.port], { api: { balance: 'least-pending' } })
    const waiting = await RawSocket.connect(gateway.port)
    waiting.send(`GET /a HTTP/1.1\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\n\r\n`)
    await until('the first has a call', () => busy.heads[0])
    for (let count = 0; count < 6; count += 1) expect(await call(gateway)).toBe(200)
    expect([busy.heads.length, idle.heads.length]).toEqual([1, 6])
  })

  test.each(['GET', 'POST'])('one that is down costs no %s, not even in a rush', async (method) => {
    const alive = await RawUpstream.start((socket, head, rest) => {
      if (!head.startsWith('POST') || rest.length > 0) answer(socket)
      else socket.once('data', () => answer(socket))
    })
    const gateway = await gatewayOn([await refusingPort(), alive.port], { api: { breaker: BREAKER } })
    const clients = await connectAll(gateway.port, 200)
    const answers = await Promise.all(
      clients.map((client) =>
        client.call({
          path: '/a',
          method,
          headers: { 'x-api-key': gateway.secret },
          ...(method === 'POST' && { body: Buffer.from('hello') }),
        }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(200).fill(200))
    expect(alive.heads).toHaveLength(200)
    const events = await gateway.events()
    expect(events).toHaveLength(200)
    expect(events.every(({ outcome, billable }) => outcome === 'ok' && billable)).toBe(true)
    expect(gateway.pending()).toBe(0)
  })

  test('a retry does not upset the turn: what a dead one cannot take is shared by all others', async () => {
    const [one, two] = [await RawUpstream.answering(OK), await RawUpstream.answering(OK)]
    const gateway = await gatewayOn([await refusingPort(), one.port, two.port])
    for (let count = 0; count < 12; count += 1) expect(await call(gateway)).toBe(200)
    expect([one.heads.length, two.heads.length]).toEqual([6, 6])
  })
})

describe('a call is sent again', () => {
  test.each(['GET', 'HEAD', 'OPTIONS', 'DELETE', 'PUT'])(
    'when it is a %s that got no answer, to the same upstream too: one event',
    async (method) => {
      const upstream = await startUpstream(reset, answer)
      const gateway = await gatewayOn([upstream.port])
      expect(await call(gateway, method)).toBe(200)
      expect(upstream.heads).toHaveLength(2)
      expect(await gateway.events()).toMatchObject([{ outcome: 'ok', statusCode: 200 }])
    },
  )

  test('with the same fields, and once unless the file says more', async () => {
    const upstream = await startUpstream(reset)
    const gateway = await gatewayOn([upstream.port])
    expect(await call(gateway)).toBe(502)
    expect(upstream.heads).toHaveLength(2)
    expect(upstream.heads[0]).toBe(upstream.heads[1])
    const more = await startUpstream(reset)
    expect(await call(await gatewayOn([more.port], { policy: { retries: 4 } }))).toBe(502)
    expect(more.heads).toHaveLength(5)
  })

  test('to each of several upstreams before one is asked twice', async () => {
    const upstreams = await Promise.all([startUpstream(reset), startUpstream(reset), startUpstream(reset)])
    const ports = upstreams.map(({ port }) => port)
    const gateway = await gatewayOn(ports, { policy: { retries: 2 } })
    expect(await call(gateway)).toBe(502)
    expect(upstreams.map(({ heads }) => heads.length)).toEqual([1, 1, 1])
    expect(gateway.pending()).toBe(0)
  })

  test('with its body where that is small enough to be kept', async () => {
    const bodies: string[] = []
    const upstream = await RawUpstream.start((socket, _head, rest) => {
      bodies.push(rest.toString())
      if (bodies.length === 1) reset(socket)
      else answer(socket)
    })
    const gateway = await gatewayOn([upstream.port])
    expect(await call(gateway, 'PUT', Buffer.from('hello'))).toBe(200)
    expect(bodies).toEqual(['hello', 'hello'])
    expect(await gateway.events()).toMatchObject([{ outcome: 'ok', bytesReceived: 5 }])
  })
})

describe('a call is not sent again', () => {
  test.each(['POST', 'PATCH'])('when it is a %s that may have been seen', async (method) => {
    const upstream = await startUpstream(reset, answer)
    const gateway = await gatewayOn([upstream.port])
    expect(await call(gateway, method)).toBe(502)
    expect(upstream.heads).toHaveLength(1)
  })

  test('when it is a POST on a connection that the upstream had kept and just closed', async () => {
    const upstream = await startUpstream(answer, reset, answer)
    const gateway = await gatewayOn([upstream.port])
    expect(await call(gateway)).toBe(200)
    expect(await call(gateway, 'POST')).toBe(502)
    expect(upstream.heads).toHaveLength(2)
    expect(await call(gateway)).toBe(200)
  })

  test('when some of its body was read', async () => {
    const upstream = await startUpstream(reset, answer)
    const gateway = await gatewayOn([upstream.port])
    expect(await call(gateway, 'PUT', Buffer.alloc(200_000, 'x'))).toBe(502)
    expect(upstream.heads).toHaveLength(1)
  })

  test('after it was waited for in vain', async () => {
    const upstream = await startUpstream(() => {}, answer)
    const gateway = await gatewayOn([upstream.port], { timeouts: { headersMs: 100 } })
    expect(await call(gateway)).toBe(504)
    expect(upstream.heads).toHaveLength(1)
  })

  test.each([
    { bytes: 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n', why: 'early hints were passed on' },
    { bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', why: 'its head has come' },
    { bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf', why: 'half of its answer has come' },
  ])('when $why', async ({ bytes }) => {
    const upstream = await startUpstream((socket) => {
      socket.write(bytes, () => setTimeout(reset, 30, socket))
    }, answer)
    const gateway = await gatewayOn([upstream.port])
    const client = await RawSocket.connect(gateway.port)
    client.send(`GET /a HTTP/1.1\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\nConnection: close\r\n\r\n`)
    await client.sawEnd()
    expect(upstream.heads).toHaveLength(1)
    expect(await gateway.events()).toHaveLength(1)
  })

  test('when the file says retries: 0', async () => {
    const upstream = await startUpstream(reset, answer)
    const gateway = await gatewayOn([upstream.port], { policy: { retries: 0 } })
    expect(await call(gateway)).toBe(502)
    expect(upstream.heads).toHaveLength(1)
    const other = await RawUpstream.answering(OK)
    const two = await gatewayOn([await refusingPort(), other.port], { policy: { retries: 0 } })
    expect([await call(two), await call(two)]).toEqual([502, 200])
  })
})

describe('while everything fails', () => {
  test('retries add a fifth to the load, beyond the twenty that were saved up', async () => {
    const upstreams = await Promise.all([startUpstream(reset), startUpstream(reset)])
    const ports = upstreams.map(({ port }) => port)
    const gateway = await gatewayOn(ports, { policy: { retries: 5 } })
    const client = await RawClient.connect(gateway.port)
    const calls = 200
    for (let count = 0; count < calls; count += 1) {
      const { status } = await client.call({ path: '/a', headers: { 'x-api-key': gateway.secret } })
      expect(status).toBe(502)
    }
    const attempts = upstreams.reduce((sum, { heads }) => sum + heads.length, 0)
    expect(attempts).toBeGreaterThan(calls)
    expect(attempts).toBeLessThanOrEqual(calls * 1.2 + 20)
    expect(await gateway.events()).toHaveLength(calls)
    expect(gateway.pending()).toBe(0)
  })

  test('refused connections are no way around that', async () => {
    const gateway = await gatewayOn([await refusingPort(), await refusingPort()], { policy: { retries: 5 } })
    const targets = gateway.upstreams.of(gateway.api).targets
    let attempts = 0
    for (const target of targets) {
      const begin = target.begin.bind(target)
      target.begin = (...given) => {
        attempts += 1
        return begin(...given)
      }
    }
    for (let count = 0; count < 100; count += 1) expect(await call(gateway)).toBe(502)
    expect(attempts).toBeGreaterThan(100)
    expect(attempts).toBeLessThanOrEqual(100 * 1.2 + 21)
  })
})

describe('a client that leaves', () => {
  test('while its call is tried again ends that, too', async () => {
    const upstream = await startUpstream(reset, () => {})
    const gateway = await gatewayOn([upstream.port])
    const client = await RawSocket.connect(gateway.port)
    client.send(`GET /a HTTP/1.1\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\n\r\n`)
    await until('it is tried again', () => upstream.heads[1])
    client.socket.destroy()
    await until('the upstream connection is over', () => upstream.sockets.size === 0 || undefined)
    expect(upstream.heads).toHaveLength(2)
    expect(gateway.pending()).toBe(0)
    expect(await gateway.events()).toMatchObject([{ outcome: 'client_aborted', statusCode: 0 }])
  })
})
