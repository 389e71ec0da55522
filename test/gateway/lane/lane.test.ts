import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startGateway } from '../../support/gateway.ts'
import { RawSocket } from '../../support/raw-socket.ts'
import { RawUpstream } from '../../support/raw-upstream.ts'
import { until } from '../../support/until.ts'

const PLAIN = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain'
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nchunked\r\n0\r\n\r\n'
const BIG = 200_000

/** One client of a gateway with the lane open, and who spoke HTTP for it. */
async function scene() {
  let byUndici = 0
  const held: (() => void)[] = []
  const count = (): void => {
    byUndici += 1
  }
  subscribe('undici:client:sendHeaders', count)
  onTestFinished(() => void unsubscribe('undici:client:sendHeaders', count))
  const upstream = await RawUpstream.start((socket, head) => {
    if (head.includes('/chunked')) socket.write(CHUNKED)
    else if (head.includes('/big'))
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${BIG}\r\n\r\n${'x'.repeat(BIG)}`)
    else if (head.includes('/close')) socket.end(PLAIN.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
    else if (head.includes('/held')) held.push(() => socket.write(PLAIN))
    else socket.write(PLAIN)
  })
  const gateway = await startGateway({ upstreamPort: upstream.port, fastLane: true })
  const sockets: Socket[] = []
  gateway.server.server.on('connection', (socket: Socket) => sockets.push(socket))
  const client = await RawSocket.connect(gateway.port)
  const ask = (line: string, body = '') => {
    const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`
    client.send(`${line} HTTP/1.1\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\n${length}\r\n${body}`)
  }
  const answered = (count: number, end = 'plain') =>
    until(`${count} answers`, () => {
      const begun = client.received.split('HTTP/1.1 200 OK').length - 1
      return (begun === count && client.received.endsWith(end)) || undefined
    })
  const parsers = () => sockets.filter((socket) => 'parser' in socket && socket.parser !== null).length
  return {
    gateway,
    upstream,
    client,
    sockets,
    held,
    ask,
    answered,
    spoken: () => ({ byHttp: parsers(), byUndici }),
  }
}

test('plain calls pass without node:http and undici', async () => {
  const { gateway, upstream, ask, answered, spoken } = await scene()
  for (let nth = 1; nth <= 3; nth += 1) {
    ask('GET /a')
    await answered(nth)
  }
  expect(spoken()).toEqual({ byHttp: 0, byUndici: 0 })
  expect([upstream.sockets.size, upstream.heads.length]).toEqual([1, 3])
  expect(await gateway.events()).toMatchObject(
    Array.from({ length: 3 }, () => ({ outcome: 'ok', bytesSent: 5 })),
  )
})

test('a request that is not plain goes on by node:http, and so do all behind it', async () => {
  const { gateway, ask, answered, spoken } = await scene()
  ask('GET /a')
  await answered(1)
  // By its end the upstream knows what is behind it.
  ask('POST /a', `${'x'.repeat(BIG - 4)}\r\n\r\n`)
  await answered(2)
  ask('GET /a')
  await answered(3)
  expect(spoken()).toMatchObject({ byHttp: 1 })
  expect(await gateway.events()).toMatchObject([
    ...[{ outcome: 'ok' }, { outcome: 'ok', bytesReceived: BIG }, { outcome: 'ok' }],
  ])
})

test.each([
  { path: '/chunked', end: 'chunked\r\n0\r\n\r\n', sockets: 1 },
  { path: '/big', end: 'x'.repeat(BIG), sockets: 1 },
  { path: '/close', end: 'plain', sockets: 2 },
])('an answer that is not plain goes on by undici: $path', async ({ path, end, sockets }) => {
  const { gateway, upstream, ask, answered, spoken } = await scene()
  const made: unknown[] = []
  upstream.onConnection = (socket) => made.push(socket)
  ask(`GET ${path}`)
  await answered(1, end)
  expect(spoken()).toEqual({ byHttp: 0, byUndici: 1 })
  // It was asked for once.
  expect(upstream.heads).toHaveLength(1)
  ask('GET /a')
  await answered(2)
  expect(made).toHaveLength(sockets)
  expect(await gateway.events()).toMatchObject([{ outcome: 'ok' }, { outcome: 'ok', bytesSent: 5 }])
})

describe('a connection to an upstream that was used', () => {
  /** A gateway without retries; `hit` sends a call and, in the same turn, what its upstream says unasked. */
  async function used(unasked: (socket: Socket) => void) {
    const lines: Socket[] = []
    const upstream = await RawUpstream.start((socket, head) => {
      socket.write(PLAIN.replace('plain', /[/](\w{5})/.exec(head)?.[1] ?? 'other'))
    })
    upstream.onConnection = (socket) => void lines.push(socket)
    const gateway = await startGateway({
      upstreamPort: upstream.port,
      fastLane: true,
      policy: { retries: 0 },
    })
    const client = await RawSocket.connect(gateway.port)
    const ask = (line: string, length = '') =>
      client.send(`${line} HTTP/1.1\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\n${length}\r\n`)
    ask('GET /first')
    await client.sees(/first$/)
    const hit = (line: string, length?: string) =>
      setImmediate(() => {
        ask(line, length)
        unasked(lines[0]!)
      })
    return { gateway, client, hit, lines }
  }

  test.each([
    ['POST /again', 'Content-Length: 0\r\n'],
    ['GET /again', ''],
  ])('is left where the upstream ended it meanwhile: %s is sent once, on another', async (line, length) => {
    const { gateway, client, hit, lines } = await used((socket) => socket.end())
    hit(line, length)
    await client.sees(/again$/)
    expect(lines).toHaveLength(2)
    expect(await gateway.events()).toMatchObject([{ outcome: 'ok' }, { outcome: 'ok' }])
    expect(gateway.warnings).toEqual([])
  })

  test.each([
    ['POST /again', 'Content-Length: 0\r\n'],
    ['GET /again', ''],
  ])('never gives what came on it unasked as the answer to %s', async (line, length) => {
    const { client, hit, lines } = await used((socket) => void socket.write(PLAIN.replace('plain', 'stray')))
    hit(line, length)
    await client.sees(/again$/)
    expect(client.received).not.toContain('stray')
    expect(lines).toHaveLength(2)
  })
})

test('what was sent of a body is counted once, whoever goes on with its answer', async () => {
  const { gateway, ask, answered } = await scene()
  ask('POST /a', 'x'.repeat(10))
  await answered(1)
  ask('POST /chunked', 'x'.repeat(10))
  await answered(2, 'chunked\r\n0\r\n\r\n')
  expect(await gateway.events()).toMatchObject([{ bytesReceived: 10 }, { bytesReceived: 10 }])
})

test('an answer that is owed comes, though its client broke off in the next request', async () => {
  const { client, ask, held, sockets } = await scene()
  ask('GET /held')
  await until('it is there', () => held[0])
  client.send('GET /n')
  client.socket.end()
  await until('its end is there', () => sockets[0]?.readableEnded || undefined)
  held[0]?.()
  expect(await client.sawEnd()).toMatch(/\r\nConnection: close\r\n(?:.*\r\n)*\r\nplain$/)
})

test('an upload that is sent ahead is no crowd of requests, whatever is in it', async () => {
  const { ask, answered, held } = await scene()
  ask('GET /held')
  await until('it is there', () => held[0])
  ask('POST /a', '\r\n'.repeat(600))
  held[0]?.()
  await answered(2)
})
