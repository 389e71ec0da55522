import { expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { meter } from '../support/meters.ts'
import { exchangeBytes, RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

// Corners of HTTP/1 that a gateway meets.

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

async function startWith(upstreamBytes: string) {
  const upstream = await RawUpstream.answering(upstreamBytes)
  const gateway = await startGateway({ upstreamPort: upstream.port })
  return { upstream, gateway }
}

const request = (gateway: TestGateway, line: string, ...fields: readonly string[]) =>
  [line, `x-api-key: ${gateway.secret}`, ...fields, '', ''].join('\r\n')

test('HTTP/1.0 needs no Host and never gets chunks: the end of the connection is the end of the answer', async () => {
  const { gateway } = await startWith(CHUNKED)
  const received = await exchangeBytes(gateway.port, request(gateway, 'GET /a HTTP/1.0'))
  expect(received).toMatch(/^HTTP\/1\.1 200 /)
  expect(received).not.toMatch(/transfer-encoding/i)
  expect(received).toMatch(/\r\n\r\nok$/)
  expect(await gateway.events()).toMatchObject([{ outcome: 'ok', billable: true, bytesSent: 2 }])
})

test('HTTP/1.0 with keep-alive keeps its connection where the length is known', async () => {
  const { gateway } = await startWith(OK)
  const client = await RawSocket.connect(gateway.port)
  client.send(request(gateway, 'GET /a HTTP/1.0', 'Connection: keep-alive'))
  await client.sees(/\r\n\r\nok$/)
  client.send(request(gateway, 'GET /a HTTP/1.0'))
  expect((await client.sawEnd()).match(/HTTP\/1\.1 200/g)).toHaveLength(2)
})

test('an answer that ends with its connection ends whole for the client', async () => {
  const upstream = await RawUpstream.start((socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nall of it'))
  const gateway = await startGateway({ upstreamPort: upstream.port })
  const received = await exchangeBytes(
    gateway.port,
    request(gateway, 'GET /a HTTP/1.1', 'Host: a', 'Connection: close'),
  )
  expect(received).toMatch(/\r\n\r\n9\r\nall of it\r\n0\r\n\r\n$/)
})

test('a wish to switch to anything but WebSocket is not passed on: the answer is an ordinary one', async () => {
  const { gateway, upstream } = await startWith(OK)
  const fields = [
    'Host: a',
    'Connection: Upgrade, HTTP2-Settings, close',
    'Upgrade: h2c',
    'HTTP2-Settings: x',
  ]
  const received = await exchangeBytes(gateway.port, request(gateway, 'GET /a HTTP/1.1', ...fields))
  expect(received).toMatch(/^HTTP\/1\.1 200 [\s\S]*ok$/)
  expect(upstream.heads[0]).not.toMatch(/upgrade/i)
})

test('the preface of HTTP/2 is refused', async () => {
  const gateway = await startGateway()
  expect(await exchangeBytes(gateway.port, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
})

const TRAILED = CHUNKED.replace(
  '0\r\n\r\n',
  '0\r\nx-sum: 1\r\nx-gatez-meter-tokens: 5\r\nx-gatez-tenant: x\r\nCache-Control: no-store\r\nSet-Cookie: a=1\r\n\r\n',
)

test('trailers reach a client that reads them, without what is only for a head or for gatez', async () => {
  const { gateway, upstream } = await startWith(TRAILED)
  const client = await RawSocket.connect(gateway.port)
  for (let call = 1; call <= 2; call += 1) {
    client.received = ''
    client.send(request(gateway, 'GET /a HTTP/1.1', 'Host: a', 'TE: trailers'))
    expect(await client.sees(/0\r\n(?:.*\r\n)*\r\n$/)).toMatch(/\r\n\r\n2\r\nok\r\n0\r\nx-sum: 1\r\n\r\n$/)
  }
  expect(upstream.heads[0]).toMatch(/\r\nte: trailers/i)
})

test('a client that does not ask for trailers gets none', async () => {
  const { gateway, upstream } = await startWith(TRAILED)
  const client = await RawSocket.connect(gateway.port)
  client.send(request(gateway, 'GET /a HTTP/1.1', 'Host: a', 'TE: gzip'))
  expect(await client.sees(/0\r\n(?:.*\r\n)*\r\n$/)).toMatch(/\r\n\r\n2\r\nok\r\n0\r\n\r\n$/)
  expect(upstream.heads[0]).not.toMatch(/\r\nte:/i)
})

test('a meter may come behind the body, where the end of a stream is known', async () => {
  const tokens = meter()
  const upstream = await RawUpstream.answering(TRAILED)
  const gateway = await startGateway({ upstreamPort: upstream.port, meters: [tokens] })
  await exchangeBytes(gateway.port, request(gateway, 'GET /a HTTP/1.1', 'Host: a', 'Connection: close'))
  expect(await gateway.events()).toMatchObject([{ quantities: { tokens: '5' }, billable: true }])
})

test('an upload with chunks and trailers arrives as a plain body', async () => {
  const upstream = await RawUpstream.start((socket, _head, rest) => {
    let bytes = rest.toString()
    const look = () =>
      bytes.endsWith('0\r\n\r\n') && socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`)
    socket.on('data', (piece) => {
      bytes += piece.toString()
      look()
    })
    look()
  })
  const gateway = await startGateway({ upstreamPort: upstream.port })
  const head = request(
    gateway,
    'POST /a HTTP/1.1',
    'Host: a',
    'Connection: close',
    'Transfer-Encoding: chunked',
  )
  const received = await exchangeBytes(
    gateway.port,
    `${head}5;ext=1\r\nhello\r\n0\r\nx-gatez-tenant: x\r\n\r\n`,
  )
  expect(received).toMatch(/^HTTP\/1\.1 200 /)
  expect(upstream.heads[0]).toMatch(/transfer-encoding: chunked/i)
  expect(await gateway.events()).toMatchObject([{ bytesReceived: 5 }])
})

test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'PURGE'])(
  '%s passes as it is',
  async (method) => {
    const { gateway, upstream } = await startWith(method === 'HEAD' ? OK.slice(0, -2) : OK)
    const received = await exchangeBytes(
      gateway.port,
      request(gateway, `${method} /a HTTP/1.1`, 'Host: a', 'Connection: close'),
    )
    expect(received).toMatch(/^HTTP\/1\.1 200 /)
    expect(upstream.heads[0]).toMatch(new RegExp(`^${method} /a HTTP/1\\.1\\r\\n`))
  },
)

test('bytes an upstream sends unasked reach no client', async () => {
  const { gateway, upstream } = await startWith(OK)
  for (let call = 0; call < 5; call += 1) {
    const ask = request(gateway, 'GET /a HTTP/1.1', 'Host: a', 'Connection: close')
    expect(await exchangeBytes(gateway.port, ask)).toMatch(/\r\n\r\nok$/)
    for (const socket of upstream.sockets) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison')
    await until('the connection is given up', () => upstream.sockets.size === 0 || undefined)
  }
  expect((await gateway.events()).every((event) => event.bytesSent !== 6)).toBe(true)
})
