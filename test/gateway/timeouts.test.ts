import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { POLICY, route, startGateway, type TestGateway } from '../support/gateway.ts'
import { exchangeBytes, RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

// How long an upstream is waited for: by the route, and never because of what the client does.

const head = (gateway: TestGateway, method = 'GET', ...fields: readonly string[]) =>
  [`${method} /a HTTP/1.1`, 'Host: a', `x-api-key: ${gateway.secret}`, ...fields, '', ''].join('\r\n')

/** Longer than a time of 200 ms can become by the coarse clock of undici. */
const LONG_MS = 2_500

/** Resolves when that long has passed; `look` is called all the while. */
function passLong(look: () => void): Promise<true> {
  const endMs = systemClock.monotonicMs() + LONG_MS
  return until('a long time passes', () => {
    look()
    return systemClock.monotonicMs() > endMs || undefined
  })
}

describe('a route', () => {
  test('has times of its own, shorter or longer than those of its api', async () => {
    const upstream = await RawUpstream.start((socket) => {
      setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'), LONG_MS)
    })
    const policy = (headersMs: number) => ({ ...POLICY, headersMs })
    const routes = [
      route({ id: 'quick', path: '/quick', policy: policy(50) }),
      route({ id: 'slow', path: '/slow', policy: policy(10_000) }),
    ]
    const gateway = await startGateway({ upstreamPort: upstream.port, routes })
    const ask = (path: string) =>
      exchangeBytes(gateway.port, head(gateway, 'GET', 'Connection: close').replace('/a', path), 10_000)
    const [quick, slow] = await Promise.all([ask('/quick'), ask('/slow')])
    expect(quick).toMatch(/^HTTP\/1\.1 504 [\s\S]*"code":"upstream-timeout"/)
    expect(slow).toMatch(/^HTTP\/1\.1 200 /)
  })
})

describe('the time for the head of an answer', () => {
  test('does not run while the client is still sending, and runs from then on', async () => {
    const upstream = await RawUpstream.start(() => {})
    const gateway = await startGateway({ upstreamPort: upstream.port, timeouts: { headersMs: 200 } })
    const client = await RawSocket.connect(gateway.port)
    client.send(head(gateway, 'POST', 'Transfer-Encoding: chunked'))
    let sent = 0
    await passLong(() => {
      client.send('1\r\nx\r\n')
      sent += 1
      expect(client.received).toBe('')
    })
    client.send('0\r\n\r\n')
    expect(await client.sees(/upstream-timeout/)).toMatch(/^HTTP\/1\.1 504 /)
    expect(await gateway.events()).toMatchObject([{ outcome: 'upstream_error', bytesReceived: sent }])
  })
})

describe('the time between two pieces of an answer', () => {
  test('does not run while the client takes none, and runs from then on', async () => {
    const body = 'x'.repeat(20_000_000)
    const upstream = await RawUpstream.start((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length + 1}\r\n\r\n${body}`)
    })
    const gateway = await startGateway({ upstreamPort: upstream.port, timeouts: { idleMs: 200 } })
    const client = await RawSocket.connect(gateway.port)
    client.socket.pause()
    client.send(head(gateway))
    await until('the upstream is asked', () => upstream.heads[0])
    await passLong(() => expect(upstream.sockets.size).toBe(1))
    client.socket.resume()
    const received = await client.sawEnd(10_000)
    expect(received.length).toBeGreaterThan(body.length)
    expect(await gateway.calls()).toMatchObject([{ outcome: 'upstream_truncated', bytesSent: body.length }])
  })
})

describe('a call that finds all connections to its upstream busy', () => {
  test('waits for one no longer than for a new one, and is sent nowhere after that', async () => {
    const upstream = await RawUpstream.start(() => {})
    const gateway = await startGateway({
      upstreamPort: upstream.port,
      timeouts: { connectMs: 300, headersMs: 60_000 },
      api: { connectionsMax: 256, breaker: { failures: 1, openMs: 60_000, statuses: [] } },
    })
    const busy = await Promise.all(Array.from({ length: 256 }, () => RawSocket.connect(gateway.port)))
    for (const client of busy) client.send(head(gateway))
    await until('all connections are busy', () => upstream.heads.length === 256 || undefined)
    const late = await RawSocket.connect(gateway.port)
    late.send(head(gateway, 'POST', 'Content-Length: 5', 'Expect: 100-continue'))
    const brief = await RawSocket.connect(gateway.port)
    brief.send(head(gateway))
    expect(await late.sees(/"code":"upstream-timeout"/)).toMatch(/^HTTP\/1\.1 504 /)
    await brief.sees(/"code":"upstream-timeout"/)
    expect(gateway.pending()).toBe(256)
    expect(gateway.warnings).toEqual([expect.stringContaining('no connection to it became free in time')])
    // Those that have one are answered all the same, and what waited in vain reaches no one.
    for (const socket of upstream.sockets) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    await Promise.all(busy.map((client) => client.sees(/ok$/)))
    brief.received = ''
    brief.send(head(gateway))
    await until('a later one is sent', () => upstream.heads.length === 257 || undefined)
    for (const socket of upstream.sockets) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    await brief.sees(/ok$/)
    expect(upstream.heads).toHaveLength(257)
    expect(late.received).not.toContain('100 Continue')
    expect(gateway.pending()).toBe(0)
  })

  test('passes when one becomes free in time', async () => {
    const upstream = await RawUpstream.start((socket) => {
      setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'), 100)
    })
    const gateway = await startGateway({ upstreamPort: upstream.port, api: { connectionsMax: 100 } })
    const clients = await Promise.all(Array.from({ length: 400 }, () => RawSocket.connect(gateway.port)))
    for (const client of clients) client.send(head(gateway))
    await Promise.all(clients.map((client) => client.sees(/\r\n\r\nok$/, 20_000)))
    expect(gateway.pending()).toBe(0)
  })
})
