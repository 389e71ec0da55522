import { describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { exchangeBytes, RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

// A client is not trusted: whatever bytes it sends and whenever it leaves, each answer on a connection
// belongs to its request, and what happened is recorded once.

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

const head = (gateway: TestGateway, method: string, path: string, ...fields: readonly string[]) =>
  [`${method} ${path} HTTP/1.1`, 'Host: a', `x-api-key: ${gateway.secret}`, ...fields, '', ''].join('\r\n')

describe('framing', () => {
  test.each([
    { fields: ['Content-Length: 5', 'Transfer-Encoding: chunked'], why: 'a length and chunks' },
    { fields: ['Content-Length: 5', 'Content-Length: 6'], why: 'two lengths' },
    { fields: ['Content-Length: +5'], why: 'a signed length' },
    { fields: ['Content-Length: 5x'], why: 'a length with a letter' },
    { fields: ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], why: 'two codings' },
    { fields: ['Transfer-Encoding: xchunked'], why: 'an unknown coding' },
    { fields: ['a\tb: c'], why: 'a tab in a name' },
    { fields: ['a : b'], why: 'a blank before the colon' },
    { fields: [' folded'], why: 'a folded line' },
    { fields: ['a: b\x00c'], why: 'a NUL' },
    { fields: ['a: b\rc: d'], why: 'a bare CR' },
  ])('$why is refused as malformed and the connection closed', async ({ fields }) => {
    const upstream = await RawUpstream.answering(OK)
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const received = await exchangeBytes(gateway.port, `${head(gateway, 'POST', '/a', ...fields)}hello`)
    expect(received).toMatch(/^HTTP\/1\.1 (?:400|501) /)
    expect(received).toMatch(/"code":"(?:malformed-request|unsupported-transfer-coding|invalid-target)"/)
    expect(received.match(/HTTP\/1\.1 \d/g)).toHaveLength(1)
    expect(upstream.heads).toEqual([])
  })

  test('gzip, chunked: 501 unsupported-transfer-coding', async () => {
    const gateway = await startGateway()
    const received = await exchangeBytes(
      gateway.port,
      `${head(gateway, 'POST', '/a', 'Transfer-Encoding: gzip, chunked')}5\r\nhello\r\n0\r\n\r\n`,
    )
    expect(received).toMatch(/^HTTP\/1\.1 501 /)
    expect(received).toContain('"code":"unsupported-transfer-coding"')
  })

  test.each([
    { lines: ['GET /a HTTP/1.1'], why: 'no Host' },
    { lines: ['GET /a HTTP/1.1', 'Host: a', 'Host: b'], why: 'two Hosts' },
    { lines: ['GET /a HTTP/1.1', 'Host: a b'], why: 'a blank in Host' },
    { lines: ['GET /a HTTP/1.1', 'Host: user@a'], why: 'a user in Host' },
    { lines: ['GET /a HTTP/1.1', 'Host: a/b'], why: 'a path in Host' },
    { lines: ['GET http://a/b HTTP/1.1', 'Host: a'], why: 'a whole URL' },
    { lines: ['GET a HTTP/1.1', 'Host: a'], why: 'a path without slash' },
    { lines: ['GET /a/../b HTTP/1.1', 'Host: a'], why: 'dot segments' },
    { lines: ['OPTIONS * HTTP/1.1', 'Host: a'], why: 'an asterisk' },
  ])('$why: 400 and nothing reaches the upstream', async ({ lines }) => {
    const upstream = await RawUpstream.answering(OK)
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const fields = [...lines, `x-api-key: ${gateway.secret}`, 'Connection: close', '', '']
    const received = await exchangeBytes(gateway.port, fields.join('\r\n'))
    expect(received).toMatch(/^HTTP\/1\.1 400 /)
    expect(received).toMatch(/"code":"(?:invalid-target|malformed-request)"/)
    expect(upstream.heads).toEqual([])
  })

  test.each(['CONNECT', 'TRACE'])('%s is never passed on', async (method) => {
    const upstream = await RawUpstream.answering(OK)
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const target = method === 'CONNECT' ? 'a:80' : '/a'
    const received = await exchangeBytes(gateway.port, head(gateway, method, target, 'Connection: close'))
    expect(received).toMatch(/^HTTP\/1\.1 405 /)
    expect(received).toContain('"code":"method-not-allowed"')
    expect(upstream.heads).toEqual([])
  })

  test('garbage after a good request never comes before, or into, its answer', async () => {
    let answer = () => {}
    const upstream = await RawUpstream.start((socket) => {
      answer = () => socket.write(OK)
    })
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const client = await RawSocket.connect(gateway.port)
    client.send(`${head(gateway, 'GET', '/a')}\x00garbage\r\n\r\n`)
    await until(
      'the upstream is asked or the client cut off',
      () => upstream.heads[0] ?? (client.ended || undefined),
    )
    answer()
    const received = await client.sawEnd()
    expect(received === '' || received.startsWith('HTTP/1.1 200 OK')).toBe(true)
    expect(received.match(/HTTP\/1\.1 \d/g) ?? []).not.toHaveLength(2)
  })

  test('a broken chunk in an upload is answered and ends the upload', async () => {
    const upstream = await RawUpstream.start(() => {})
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const client = await RawSocket.connect(gateway.port)
    client.send(`${head(gateway, 'POST', '/a', 'Transfer-Encoding: chunked')}5\r\nhello\r\n`)
    await until('the upstream is asked', () => upstream.heads[0])
    client.send('ZZ\r\n')
    expect(await client.sawEnd()).toContain('"code":"malformed-request"')
    await until('the upstream connection is over', () => upstream.sockets.size === 0 || undefined)
    expect(await gateway.events()).toMatchObject([{ outcome: 'client_aborted', billable: false }])
  })

  test('a broken chunk while the answer is under way breaks the answer off', async () => {
    const upstream = await RawUpstream.start((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
    })
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const client = await RawSocket.connect(gateway.port)
    client.send(`${head(gateway, 'POST', '/a', 'Transfer-Encoding: chunked')}5\r\nhello\r\n`)
    await client.sees(/half/)
    client.send('ZZ\r\n')
    const received = await client.sawEnd()
    expect(received).toMatch(/half$/)
  })

  test('after refused bytes the gateway closes the connection itself', async () => {
    const gateway = await startGateway()
    const client = await RawSocket.connect(gateway.port)
    client.send('garbage\r\n\r\n')
    await client.sees(/malformed-request/)
    const connections = () =>
      new Promise<number>((resolve) =>
        gateway.server.server.getConnections((_error, count) => resolve(count)),
      )
    await until('no connection is left', async () => ((await connections()) === 0 ? true : undefined))
  })
})

describe('connections that are used again', () => {
  test('pipelined requests are answered in order, each with its own answer', async () => {
    const upstream = await RawUpstream.start((socket, requestHead) => {
      const path = requestHead.split(' ')[1] ?? ''
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`)
    })
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const received = await exchangeBytes(
      gateway.port,
      head(gateway, 'GET', '/one') +
        head(gateway, 'GET', '/two') +
        head(gateway, 'GET', '/three', 'Connection: close'),
    )
    expect(received.match(/\/(?:one|two|three)(?=HTTP|$)/g)).toEqual(['/one', '/two', '/three'])
    expect(await gateway.events()).toHaveLength(3)
  })

  test('a refused request with a small unread body leaves the connection usable, its body unread as a request', async () => {
    const upstream = await RawUpstream.answering(OK)
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const smuggled = `GET /smuggled HTTP/1.1\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\n\r\n`
    const received = await exchangeBytes(
      gateway.port,
      `POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}${head(gateway, 'GET', '/b', 'Connection: close')}`,
    )
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 401', 'HTTP/1.1 200'])
    expect(upstream.heads.map((each) => each.split(' ')[1])).toEqual(['/b'])
  })

  test.each([
    'Content-Length: 100000',
    'Transfer-Encoding: chunked',
    'Expect: 100-continue\r\nContent-Length: 5',
  ])('a refused request with %j unread ends its connection', async (field) => {
    const gateway = await startGateway()
    const received = await exchangeBytes(gateway.port, `POST /a HTTP/1.1\r\nHost: a\r\n${field}\r\n\r\n`)
    expect(received).toMatch(/^HTTP\/1\.1 401 /)
    expect(received).toMatch(/\r\nConnection: close\r\n/)
  })
})
