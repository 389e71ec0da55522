import { describe, expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import { exchangeBytes, RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

// What an upstream says of how its answer is framed holds for its own connection only.

async function callFor(answer: string, line = 'GET /a HTTP/1.1') {
  const upstream = await RawUpstream.start((socket) => socket.end(answer, 'latin1'))
  const gateway = await startGateway({ upstreamPort: upstream.port, policy: { retries: 0 } })
  const bytes = `${line}\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\nConnection: close\r\n\r\n`
  const received = await exchangeBytes(gateway.port, bytes)
  await until('the upstream is left alone', () => upstream.sockets.size === 0 || undefined)
  const [event] = await gateway.events()
  return { received, event, gateway }
}

const CHUNKS = '2\r\nok\r\n0\r\n\r\n'

describe('an answer in a coding that nobody undoes', () => {
  test.each([
    { coding: 'gzip, chunked', body: CHUNKS, why: 'its chunks alone would be undone' },
    { coding: 'gzip', body: 'ok', why: 'it ends with its connection' },
    { coding: 'identity', body: 'ok', why: 'there is no such coding any more' },
    { coding: 'xchunked', body: CHUNKS, why: 'only a careless reader takes it for chunked' },
    { coding: 'chunked, identity', body: CHUNKS, why: 'chunked is not the last' },
    { coding: 'chunked, chunked', body: CHUNKS, why: 'it is chunked twice' },
    { coding: 'chunked\r\nTransfer-Encoding: chunked', body: CHUNKS, why: 'it says so twice' },
  ])('$coding: 502, and none of it reaches the client, for $why', async ({ coding, body }) => {
    const { received, event, gateway } = await callFor(
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}\r\n\r\n${body}`,
    )
    expect(received).toMatch(/^HTTP\/1\.1 502 [\s\S]*"code":"upstream-invalid-response"/)
    expect(received).not.toContain('ok')
    expect(event).toMatchObject({ outcome: 'upstream_error', statusCode: 502, billable: false })
    expect(gateway.alarms).toEqual([])
  })

  test('Chunked in any case is chunked', async () => {
    const { received } = await callFor(`HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNKED\r\n\r\n${CHUNKS}`)
    expect(received).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\n2\r\nok\r\n0\r\n\r\n$/)
  })
})

describe('a length where no body can be', () => {
  test('goes no further with a 204', async () => {
    const { received, event } = await callFor(
      'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\nx-a: b\r\n\r\n',
    )
    expect(received).toMatch(/^HTTP\/1\.1 204 No Content\r\nx-a: b\r\n[\s\S]*\r\n\r\n$/)
    expect(received).not.toMatch(/content-length/i)
    expect(event).toMatchObject({ outcome: 'ok', statusCode: 204, bytesSent: 0 })
  })

  test('goes no further with early hints', async () => {
    const { received } = await callFor(
      'HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    )
    expect(received).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a>\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
  })

  test('goes no further with the switch to WebSocket', async () => {
    const upstream = await RawUpstream.start((socket) => {
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\nx-a: b\r\n\r\n',
      )
    })
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const client = await RawSocket.connect(gateway.port)
    client.send(
      `GET /a HTTP/1.1\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    )
    expect(await client.sees(/\r\n\r\n$/)).toMatch(/^HTTP\/1\.1 101 [\s\S]*\r\nx-a: b\r\n/)
    expect(client.received).not.toMatch(/content-length/i)
  })

  test('stays with a 304 and with HEAD, where it tells what GET would have had', async () => {
    const unchanged = await callFor('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: "a"\r\n\r\n')
    expect(unchanged.received).toMatch(/\r\ncontent-length: 5\r\netag: "a"\r\n[\s\S]*\r\n\r\n$/)
    const head = await callFor('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 'HEAD /a HTTP/1.1')
    expect(head.received).toMatch(/\r\ncontent-length: 5\r\n[\s\S]*\r\n\r\n$/)
  })
})

test('a body behind the answer to HEAD reaches nobody, and its connection is not used again', async () => {
  let connections = 0
  const upstream = await RawUpstream.start((socket, head) => {
    socket.write(
      `HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n${head.startsWith('HEAD') ? 'poison' : 'second'}`,
    )
  })
  upstream.onConnection = () => {
    connections += 1
  }
  const gateway = await startGateway({ upstreamPort: upstream.port })
  const client = await RawSocket.connect(gateway.port)
  const ask = (method: string) => `${method} /a HTTP/1.1\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\n\r\n`
  client.send(ask('HEAD'))
  await client.sees(/\r\n\r\n$/)
  client.send(ask('GET'))
  expect(await client.sees(/second$/)).not.toContain('poison')
  expect(connections).toBe(2)
})

test('fields named like parts of the language are fields like others', async () => {
  const named = '__proto__: a\r\n__proto__: b\r\nconstructor: c\r\nconstructor: d\r\n'
  const { received } = await callFor(`HTTP/1.1 200 OK\r\n${named}Content-Length: 2\r\n\r\nok`)
  expect(received.startsWith(`HTTP/1.1 200 OK\r\n${named}content-length: 2\r\n`)).toBe(true)
})

test('what asks for parts of an answer, or for one that changed, is the upstream’s to understand', async () => {
  const upstream = await RawUpstream.answering(
    'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/9\r\nAccept-Ranges: bytes\r\nContent-Length: 2\r\n\r\nok',
  )
  const gateway = await startGateway({ upstreamPort: upstream.port })
  const fields = [
    ...[
      'Range: bytes=0-1',
      'If-Range: "a"',
      'If-Match: *',
      'If-None-Match: "a", W/"b"',
      'Accept-Encoding: br',
    ],
    ...['If-Modified-Since: Sat, 29 Oct 1994 19:43:31 GMT', 'If-Unmodified-Since: x', 'Max-Forwards: 3'],
  ]
  const head = ['GET /a HTTP/1.1', 'Host: a', `x-api-key: ${gateway.secret}`, 'Connection: close', ...fields]
  const received = await exchangeBytes(gateway.port, `${head.join('\r\n')}\r\n\r\n`)
  for (const field of fields) expect(upstream.heads[0]?.split('\r\n')).toContain(field)
  expect(received).toMatch(
    /^HTTP\/1\.1 206 Partial Content\r\ncontent-range: bytes 0-1\/9\r\naccept-ranges: bytes\r\n/,
  )
})
