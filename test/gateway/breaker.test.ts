import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { Breaker } from '../../src/model/api.ts'
import type { Quota } from '../../src/model/plan.ts'
import { plan } from '../support/control-store.ts'
import { startGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts'
import { connectAll, RawClient } from '../support/raw-client.ts'
import { exchangeBytes, RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

// An upstream that fails again and again is left alone for a while, then tried with one call.

const BREAKER: Breaker = { failures: 3, openMs: 10_000, statuses: [[502, 504]] }
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const MONTH: Quota = { id: 'calls-month', meter: 'calls', per: 'month', included: '5', onExceed: 'block' }

const reset = (socket: Socket): void => void socket.resetAndDestroy()
const answer = (socket: Socket): void => void socket.write(OK)
const wait = (): void => {}

/** A gateway on one upstream with a breaker; `does` may be changed while it runs. */
async function scene(options: TestGatewayOptions = {}) {
  const upstream = { does: reset as (socket: Socket) => void }
  const raw = await RawUpstream.start((socket) => upstream.does(socket))
  const gateway = await startGateway({
    upstreamPort: raw.port,
    ...options,
    api: { breaker: BREAKER, ...options.api },
    policy: { retries: 0, ...options.policy },
  })
  return { gateway, raw, upstream }
}

async function call(gateway: TestGateway) {
  const client = await RawClient.connect(gateway.port)
  const answered = await client.call({ path: '/a', headers: { 'x-api-key': gateway.secret } })
  client.destroy()
  return { status: answered.status, code: answered.headers.get('gatez-error'), headers: answered.headers }
}

const get = (gateway: TestGateway) => `GET /a HTTP/1.1\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\n\r\n`

async function fail(gateway: TestGateway, times: number): Promise<void> {
  for (let count = 0; count < times; count += 1) expect((await call(gateway)).status).toBe(502)
}

test('after so many failures in a row calls are answered 503 and do not reach it', async () => {
  const { gateway, raw } = await scene({ plans: [plan({ quotas: [MONTH] })] })
  await fail(gateway, 3)
  for (const _ of Array(8)) {
    const refused = await call(gateway)
    expect(refused).toMatchObject({ status: 503, code: 'circuit-open' })
    expect(refused.headers.get('retry-after')).toBe('10')
    // What the call took of the quota is there, and given back with its end: none of the five is used up.
    expect(refused.headers.get('ratelimit')).toMatch(/^"calls-month";r=4;/)
  }
  gateway.clock.advance(9_001)
  expect((await call(gateway)).headers.get('retry-after')).toBe('1')
  expect(raw.heads).toHaveLength(3)
  const events = (await gateway.events()).slice(3)
  expect(events).toHaveLength(9)
  for (const event of events) {
    expect(event).toMatchObject({ outcome: 'upstream_error', refusal: 'circuit-open', statusCode: 503 })
    expect(event.billable).toBe(false)
  }
  expect(gateway.pending()).toBe(0)
})

test('the answer says what is wrong, not where', async () => {
  const { gateway } = await scene()
  await fail(gateway, 3)
  const received = await exchangeBytes(
    gateway.port,
    get(gateway).replace('Host: a', 'Host: a\r\nConnection: close'),
  )
  expect(received).toMatch(/"detail":"The service behind this endpoint failed too often; [^"]+"/)
  expect(received).not.toContain('127.0.0.1')
})

test('an upload that waits to be asked for is not asked for', async () => {
  const { gateway, raw } = await scene()
  await fail(gateway, 3)
  const fields = 'Host: a\r\nContent-Length: 5\r\nExpect: 100-continue'
  const received = await exchangeBytes(
    gateway.port,
    get(gateway).replace('GET', 'POST').replace('Host: a', fields),
  )
  expect(received).toMatch(/^HTTP\/1\.1 503 /)
  expect(raw.heads).toHaveLength(3)
})

describe('when its time is over', () => {
  test('exactly one of many calls tries it; its success lets all others pass', async () => {
    const { gateway, raw, upstream } = await scene()
    await fail(gateway, 3)
    gateway.clock.advance(10_000)
    upstream.does = wait
    const clients = await connectAll(gateway.port, 40)
    const path = '/a'
    const calls = clients.map((client) => client.call({ path, headers: { 'x-api-key': gateway.secret } }))
    const refused: number[] = []
    for (const each of calls) void each.then(({ status }) => refused.push(status))
    await until('all others are answered', () => refused.length === 39 || undefined)
    expect(refused).toEqual(Array(39).fill(503))
    expect(raw.heads).toHaveLength(4)
    upstream.does = answer
    for (const socket of raw.sockets) answer(socket)
    expect((await Promise.all(calls)).filter(({ status }) => status === 200)).toHaveLength(1)
    const after = await Promise.all(
      clients.map((client) => client.call({ path, headers: { 'x-api-key': gateway.secret } })),
    )
    expect(after.map(({ status }) => status)).toEqual(Array(40).fill(200))
  })

  test('a trial that fails keeps it closed for as long again', async () => {
    const { gateway, raw } = await scene()
    await fail(gateway, 3)
    gateway.clock.advance(10_000)
    await fail(gateway, 1)
    expect((await call(gateway)).headers.get('retry-after')).toBe('10')
    gateway.clock.advance(9_999)
    expect((await call(gateway)).status).toBe(503)
    gateway.clock.advance(1)
    await fail(gateway, 1)
    expect(raw.heads).toHaveLength(5)
  })

  test('a client that leaves its trial leaves it to the next', async () => {
    const { gateway, raw, upstream } = await scene()
    await fail(gateway, 3)
    gateway.clock.advance(10_000)
    upstream.does = wait
    const leaving = await RawSocket.connect(gateway.port)
    leaving.send(get(gateway))
    await until('the trial is there', () => raw.heads[3])
    expect((await call(gateway)).status).toBe(503)
    leaving.socket.destroy()
    await until('it is over', () => raw.sockets.size === 0 || undefined)
    upstream.does = answer
    expect((await call(gateway)).status).toBe(200)
  })

  test('a client that is slow to send its trial does not hold it closed for all others', async () => {
    const { gateway, raw, upstream } = await scene()
    await fail(gateway, 3)
    gateway.clock.advance(10_000)
    upstream.does = wait
    const slow = await RawSocket.connect(gateway.port)
    slow.send(`POST /a HTTP/1.1\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\nContent-Length: 20000\r\n\r\nx`)
    await until('the trial is there', () => raw.heads[3])
    gateway.clock.advance(9_999)
    expect((await call(gateway)).status).toBe(503)
    gateway.clock.advance(1)
    upstream.does = answer
    expect((await call(gateway)).status).toBe(200)
    expect((await call(gateway)).status).toBe(200)
  })

  test('a stream that has begun is a success: what follows need not wait for its end', async () => {
    const { gateway, upstream } = await scene()
    await fail(gateway, 3)
    gateway.clock.advance(10_000)
    upstream.does = (socket) =>
      void socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n')
    const stream = await RawSocket.connect(gateway.port)
    stream.send(get(gateway))
    await stream.sees(/\r\nx\r\n$/)
    upstream.does = answer
    expect([await call(gateway), await call(gateway)]).toMatchObject([{ status: 200 }, { status: 200 }])
    expect(stream.ended).toBe(false)
  })

  test('a trial that only gets early hints and then nothing has failed', async () => {
    const { gateway, upstream } = await scene({ timeouts: { headersMs: 100 } })
    await fail(gateway, 3)
    gateway.clock.advance(10_000)
    upstream.does = (socket) => void socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')
    expect((await call(gateway)).status).toBe(504)
    expect((await call(gateway)).status).toBe(503)
  })
})

describe('what counts as a failure', () => {
  const status = (code: number) => (socket: Socket) =>
    void socket.write(`HTTP/1.1 ${code} X\r\nContent-Length: 2\r\n\r\nok`)

  test.each([
    { code: 503, opens: true },
    { code: 500, opens: false },
    { code: 429, opens: false },
    { code: 404, opens: false },
  ])('an answer of $code: $opens', async ({ code, opens }) => {
    const { gateway, upstream } = await scene()
    upstream.does = status(code)
    for (const _ of Array(3)) expect((await call(gateway)).status).toBe(code)
    expect(await call(gateway)).toMatchObject(
      opens ? { status: 503, code: 'circuit-open' } : { status: code },
    )
  })

  test('statuses that the file names, as a trial too', async () => {
    const { gateway, upstream } = await scene({ api: { breaker: { ...BREAKER, statuses: [[500, 500]] } } })
    upstream.does = status(500)
    for (const _ of Array(3)) await call(gateway)
    gateway.clock.advance(10_000)
    expect((await call(gateway)).status).toBe(500)
    expect((await call(gateway)).code).toBe('circuit-open')
  })

  test('a wait that ran out', async () => {
    const { gateway, upstream } = await scene({ timeouts: { headersMs: 100 } })
    upstream.does = wait
    for (const _ of Array(3)) expect((await call(gateway)).status).toBe(504)
    expect((await call(gateway)).code).toBe('circuit-open')
  })

  test('answers that break off', async () => {
    const { gateway, upstream } = await scene()
    upstream.does = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf', () => setTimeout(reset, 20, socket))
    }
    const broken = () =>
      exchangeBytes(gateway.port, get(gateway).replace('Host: a', 'Host: a\r\nConnection: close'))
    for (const _ of Array(3)) expect(await broken()).toMatch(/^HTTP\/1\.1 200 [\s\S]*half$/)
    expect((await call(gateway)).code).toBe('circuit-open')
  })

  test('failures with an answer in between do not', async () => {
    const { gateway, upstream } = await scene()
    for (const _ of Array(4)) {
      upstream.does = reset
      await fail(gateway, 2)
      upstream.does = answer
      expect((await call(gateway)).status).toBe(200)
    }
  })

  test('clients that leave do not', async () => {
    const { gateway, raw, upstream } = await scene()
    upstream.does = wait
    for (const count of [1, 2, 3, 4]) {
      const client = await RawSocket.connect(gateway.port)
      client.send(get(gateway))
      await until('the upstream is asked', () => raw.heads.length === count || undefined)
      client.socket.destroy()
      await until('it is over', () => raw.sockets.size === 0 || undefined)
    }
    upstream.does = answer
    expect((await call(gateway)).status).toBe(200)
  })

  test.each(['before', 'behind'])('uploads that are too large %s the head do not', async (when) => {
    const { gateway, upstream, raw } = await scene({ policy: { bodyBytesMax: 10 } })
    upstream.does =
      when === 'before'
        ? wait
        : (socket) => void socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n')
    const chunk = '8\r\n12345678\r\n'
    const fields = 'Host: a\r\nTransfer-Encoding: chunked'
    for (const count of [1, 2, 3, 4]) {
      const client = await RawSocket.connect(gateway.port)
      client.send(get(gateway).replace('GET', 'POST').replace('Host: a', fields) + chunk)
      await until('the upstream is asked', () => raw.heads.length === count || undefined)
      if (when === 'behind') await client.sees(/\r\nx\r\n$/)
      client.send(chunk)
      const received = await client.sawEnd()
      if (when === 'before') expect(received).toContain('"code":"body-too-large"')
      else expect(received).not.toMatch(/\r\n0\r\n\r\n$/)
    }
    upstream.does = answer
    expect((await call(gateway)).status).toBe(200)
    const refused = { outcome: 'refused', refusal: 'body-too-large', billable: false }
    expect((await gateway.events()).slice(0, 4)).toMatchObject(Array(4).fill(refused))
  })
})
