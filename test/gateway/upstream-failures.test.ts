import type { Socket } from 'node:net'
import { createServer } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { makeCertificates } from '../support/certificates.ts'
import {
  at,
  FAILURES,
  type Failing,
  type Failure,
  listen,
  type Problem,
  raw,
  reset,
  TIMEOUT,
  UNREACHABLE,
} from '../support/failing-upstreams.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { exchangeBytes, RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { refusingPort } from '../support/refusing.ts'
import { tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'

// Every state that an upstream can fail in, once with no one else to ask and once with another target.

const SHORT = { connectMs: 200, headersMs: 200, idleMs: 200 }
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother'

describe('an upstream fails a call', () => {
  test.each(FAILURES)('$why', async (failure) => {
    await Promise.all([failAlone(failure), failBesideAnother(failure)])
  })
})

async function failAlone({ start, seen }: Failure): Promise<void> {
  const failing = await start()
  const gateway = await gatewayOn([failing.url])
  const client = await RawSocket.connect(gateway.port)
  client.send(get(gateway))
  await expectSeen(client, seen)
  await expectLeft(gateway, failing)
  expect(await gateway.events()).toMatchObject([eventOf(seen)])
}

async function failBesideAnother({ start, seen, repeats }: Failure): Promise<void> {
  const failing = await start()
  const other = await RawUpstream.answering(OK)
  const gateway = await gatewayOn([failing.url, `http://127.0.0.1:${other.port}`])
  const client = await RawSocket.connect(gateway.port)
  client.send(get(gateway))
  if (repeats) {
    expect(await client.sees(/\r\n\r\nother$/)).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(client.ended).toBe(false)
  } else await expectSeen(client, seen)
  expect(other.heads).toHaveLength(repeats ? 1 : 0)
  await expectLeft(gateway, failing)
  const fine = { outcome: 'ok', statusCode: 200, refusal: '' }
  expect(await gateway.events()).toMatchObject([repeats ? fine : eventOf(seen)])
}

describe('during an upload', () => {
  const body = Buffer.alloc(1_000_000, 'x')
  const upload = (gateway: TestGateway, method: string): string =>
    `${method} /a HTTP/1.1\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\nContent-Length: ${body.length}\r\n\r\n`

  test.each(['POST', 'PUT'])('a reset is told, and %s is not sent again', async (method) => {
    const failing = await raw((socket) => setTimeout(reset, 30, socket))
    const other = await RawUpstream.answering(OK)
    const gateway = await gatewayOn([failing.url, `http://127.0.0.1:${other.port}`])
    const client = await RawSocket.connect(gateway.port)
    client.send(upload(gateway, method))
    client.send(body.subarray(0, 1_000))
    await client.sees(problem(UNREACHABLE, 'close'))
    await expectLeft(gateway, failing)
    expect(other.heads).toEqual([])
    expect(await gateway.events()).toMatchObject([{ ...eventOf(UNREACHABLE), bytesReceived: 1_000 }])
  })

  test('an upstream that takes no more of it is late, and told to be', async () => {
    const sockets: Socket[] = []
    const failing = await raw((socket) => {
      socket.pause()
      sockets.push(socket)
    })
    const gateway = await gatewayOn([failing.url])
    const client = await RawSocket.connect(gateway.port)
    client.send(upload(gateway, 'POST').replace(/Length: \d+/, 'Length: 90000000'))
    for (let piece = 0; piece < 90; piece += 1) client.send(body)
    await client.sees(/^HTTP\/1\.1 504 [\s\S]*"code":"upstream-timeout"/)
    sockets[0]?.resume()
    await expectLeft(gateway, failing)
    expect(await gateway.events()).toMatchObject([eventOf(TIMEOUT)])
  })

  test('one that cannot be reached leaves the upload to another', async () => {
    const failing = at(`http://127.0.0.1:${await refusingPort()}`)
    const other = await RawUpstream.start((socket, _head, rest) => {
      let arrived = rest.length
      const look = (piece = Buffer.alloc(0)): void => {
        arrived += piece.length
        if (arrived === body.length) socket.write(OK)
      }
      socket.on('data', look)
      look()
    })
    const gateway = await gatewayOn([failing.url, `http://127.0.0.1:${other.port}`])
    const client = await RawSocket.connect(gateway.port)
    client.send(upload(gateway, 'POST'))
    client.send(body)
    expect(await client.sees(/other$/)).toMatch(/^HTTP\/1\.1 200 /)
    await expectLeft(gateway, failing)
    expect(await gateway.events()).toMatchObject([{ outcome: 'ok', bytesReceived: body.length }])
  })
})

test('the connection of a client goes on after a failure that it was told of', async () => {
  let calls = 0
  const upstream = await RawUpstream.start((socket) => {
    calls += 1
    if (calls === 1) socket.destroy()
    else socket.write(OK)
  })
  const gateway = await startGateway({ upstreamPort: upstream.port, policy: { retries: 0 } })
  const client = await RawSocket.connect(gateway.port)
  client.send(get(gateway))
  await client.sees(problem(UNREACHABLE))
  client.received = ''
  client.send(get(gateway))
  expect(await client.sees(/other$/)).toMatch(/^HTTP\/1\.1 200 /)
})

test('an upstream that could speak HTTP/2 is spoken to in HTTP/1.1', async () => {
  const pem = makeCertificates(tempDir())
  const protocols: (string | false | null)[] = []
  const server = createServer(
    { key: pem('server.key'), cert: pem('server.pem'), ALPNProtocols: ['h2', 'http/1.1'] },
    (socket) => {
      protocols.push(socket.alpnProtocol)
      socket.on('data', () => socket.write(OK))
      socket.on('error', () => {})
    },
  )
  const url = await listen(server)
  const tls = { ca: pem('ca.pem'), cert: null, key: null, serverName: null }
  const gateway = await startGateway({ api: { upstreams: [url], tls } })
  const received = await exchangeBytes(
    gateway.port,
    get(gateway).replace('Host: a', 'Host: a\r\nConnection: close'),
  )
  expect(received).toMatch(/^HTTP\/1\.1 200 [\s\S]*other$/)
  expect(protocols).not.toContain('h2')
})

function gatewayOn(upstreams: readonly string[]): Promise<TestGateway> {
  return startGateway({ timeouts: SHORT, api: { upstreams, connectMs: SHORT.connectMs } })
}

function get(gateway: TestGateway): string {
  return `GET /a HTTP/1.1\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\n\r\n`
}

/** The whole answer to a call that failed before anything was passed on. */
function problem([status, code]: Problem, connection = 'keep-alive'): RegExp {
  const reason = status === 502 ? 'Bad Gateway' : 'Gateway Timeout'
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    'Content-Type: application/problem\\+json',
    'Content-Length: \\d+',
    `gatez-error: ${code}`,
    'x-request-id: \\w{26}',
    ...(connection === 'close' ? ['Connection: close', 'Date: [^\\r]+'] : ['Date: [^\\r]+']),
    ...(connection === 'close' ? [] : ['Connection: keep-alive', 'Keep-Alive: timeout=65']),
  ]
  const type = `"type":"urn:gatez:errors:${code}"`
  const body = `\\{${type},"title":"[^"]+","status":${status},"detail":"The service behind this endpoint [^"]+","instance":"urn:gatez:request:\\w{26}","code":"${code}","request_id":"\\w{26}"\\}`
  return new RegExp(`^${head.join('\\r\\n')}\\r\\n\\r\\n${body}$`)
}

async function expectSeen(client: RawSocket, seen: Failure['seen']): Promise<void> {
  if (!('head' in seen)) {
    await client.sees(problem(seen))
    expect(client.ended).toBe(false)
    return
  }
  const framing = seen.head === 'chunked' ? 'Transfer-Encoding: chunked' : 'content-length: 10'
  const received = await client.sawEnd()
  const [head = '', ...body] = received.split('\r\n\r\n')
  expect(body.join('\r\n\r\n')).toBe(seen.body)
  expect(head.split('\r\n')[0]).toBe('HTTP/1.1 200 OK')
  expect(head.split('\r\n')).toContain(framing)
}

function eventOf(seen: Failure['seen']): object {
  return 'head' in seen
    ? { outcome: 'upstream_truncated', statusCode: 200, billable: false, refusal: '' }
    : { outcome: 'upstream_error', statusCode: seen[0], billable: false, refusal: seen[1] }
}

/** Nothing is left of it: no call pending, no connection to the one that failed; its operator was told once. */
async function expectLeft(gateway: TestGateway, failing: Failing): Promise<void> {
  await until('no connection is left', () => failing.open() === 0 || undefined)
  expect(gateway.pending()).toBe(0)
  expect(gateway.warnings).toEqual([expect.stringMatching(/^calls to the upstream of shop fail: /)])
  expect(gateway.alarms).toEqual([])
}
