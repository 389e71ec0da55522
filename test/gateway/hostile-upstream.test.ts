import { describe, expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import { exchangeBytes, RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'

// An upstream is not trusted for framing: whatever it sends, a client gets a whole answer, a visibly
// broken one, or a problem, and the gateway lives on.

const get = (secret: string, path = '/v1/search') =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nx-api-key: ${secret}\r\nConnection: close\r\n\r\n`

async function ask(upstreamBytes: string, request = get) {
  const upstream = await RawUpstream.answering(upstreamBytes)
  const gateway = await startGateway({ upstreamPort: upstream.port })
  const received = await exchangeBytes(gateway.port, request(gateway.secret))
  const events = await gateway.events()
  expect(events).toHaveLength(1)
  return { received, event: events[0]!, gateway }
}

describe('what an upstream may do wrong', () => {
  test.each([
    { reason: 'O\x01K', why: 'a control character in the reason phrase' },
    { reason: 'Tout va tr\xe8s bien', why: 'latin1 in the reason phrase' },
    { reason: 'ok \xe2\x9c\x93', why: 'UTF-8 in the reason phrase' },
  ])('$why reaches no one and breaks nothing', async ({ reason }) => {
    const { received, event } = await ask(`HTTP/1.1 200 ${reason}\r\nContent-Length: 2\r\n\r\nok`)
    expect(received).toMatch(/^HTTP\/1\.1 200 [ -~]*\r\n/)
    expect(received).toMatch(/\r\n\r\nok$/)
    expect(event).toMatchObject({ outcome: 'ok', billable: true })
  })

  test.each([
    { answer: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok', why: 'two lengths' },
    {
      answer: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok',
      why: 'one length twice',
    },
    {
      answer:
        'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
      why: 'a length and chunks',
    },
    { answer: 'HTTP/1.1 200 OK\r\nx: a\x00b\r\nContent-Length: 2\r\n\r\nok', why: 'a NUL in a field' },
    { answer: 'HTTP/1.1 200 OK\r\nx y: b\r\nContent-Length: 2\r\n\r\nok', why: 'a blank in a name' },
    {
      answer: 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
      why: 'a switch no one asked for',
    },
    {
      answer: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
      why: '100 unasked',
    },
    { answer: 'garbage\r\n\r\n', why: 'no HTTP at all' },
    { answer: 'HTTP/1.1 000 None\r\nContent-Length: 0\r\n\r\n', why: 'a status of zero' },
    { answer: 'HTTP/1.1 042 Few\r\nContent-Length: 2\r\n\r\nok', why: 'a status below all' },
    { answer: 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n', why: 'a negative length' },
    { answer: `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(70_000)}\r\n\r\n`, why: 'a huge head' },
  ])('$why: 502 upstream-invalid-response, not billed', async ({ answer }) => {
    const { received, event } = await ask(answer)
    expect(received).toContain('HTTP/1.1 502 ')
    expect(received).toContain('"code":"upstream-invalid-response"')
    expect(event).toMatchObject({ outcome: 'upstream_error', billable: false, statusCode: 502 })
  })

  test.each([
    'HTTP/1.1 1000 Odd',
    'HTTP/1.1 20 Odd',
    'HTTP/1.1 +20 OK',
    'HTTP/1.1 2e2 OK',
    'HTTP/1.1 200OK',
    'HTTP/1.1  200 OK',
    'HTTP/1.1\t200 OK',
    ' HTTP/1.1 200 OK',
    'http/1.1 200 OK',
    'HTTP/11 200 OK',
    'HTTP/1.2 200 OK',
    'ICY 200 OK',
    'HTTP/1.1 200 O\rK',
    'HTTP/1.1 200 OK\nx: y',
  ])('%j is no status line: 502, and no byte of the answer', async (line) => {
    const { received, event } = await ask(`${line}\r\nContent-Length: 6\r\n\r\nsecret`)
    expect(received).toMatch(/^HTTP\/1\.1 502 /)
    expect(received).toContain('"code":"upstream-invalid-response"')
    expect(received).not.toContain('secret')
    expect(event).toMatchObject({ outcome: 'upstream_error', billable: false, statusCode: 502 })
  })

  test.each([
    { line: 'HTTP/1.1 200', status: 200, billable: true },
    { line: 'HTTP/1.0 200 OK', status: 200, billable: true },
    { line: 'HTTP/1.1 600 Odd', status: 600, billable: false },
    { line: 'HTTP/1.1 999 Odd', status: 999, billable: false },
  ])('$line is one: it reaches the client as $status', async ({ line, status, billable }) => {
    const { received, event } = await ask(`${line}\r\nContent-Length: 2\r\n\r\nok`)
    expect(received.slice(0, 13)).toBe(`HTTP/1.1 ${status} `)
    expect(received).toMatch(/\r\n\r\nok$/)
    expect(event).toMatchObject({ outcome: 'ok', billable, statusCode: status })
  })

  test('a status below 100 is no answer', async () => {
    const { received } = await ask('HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n')
    expect(received).toContain('HTTP/1.1 502 ')
  })

  test('early hints reach the client, without what is for this hop or for gatez, and the answer counts', async () => {
    const { received, event } = await ask(
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nx-gatez-tenant: x\r\nKeep-Alive: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    )
    expect(received).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a>\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
    expect(event).toMatchObject({ outcome: 'ok', statusCode: 200, bytesSent: 2 })
  })

  test('early hints do not reach HTTP/1.0', async () => {
    const { received } = await ask(
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
      (secret) => get(secret).replace('HTTP/1.1', 'HTTP/1.0'),
    )
    expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  })

  test('informational answers without end are given up', async () => {
    const { received, event } = await ask('HTTP/1.1 102 Processing\r\n\r\n'.repeat(1_000))
    expect(received).toMatch(/^(HTTP\/1\.1 102 Processing\r\n\r\n){16}HTTP\/1\.1 502 /)
    expect(event).toMatchObject({ outcome: 'upstream_error', refusal: 'upstream-invalid-response' })
  })
})

describe('answers without a body', () => {
  test('HEAD keeps the length of what GET would have sent', async () => {
    const { received, event } = await ask('HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n', (secret) =>
      get(secret).replace('GET', 'HEAD'),
    )
    expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(received.toLowerCase()).toContain('content-length: 1234')
    expect(received).toMatch(/\r\n\r\n$/)
    expect(event).toMatchObject({ outcome: 'ok', billable: true, bytesSent: 0 })
  })

  test('HEAD of a chunked answer ends with its head', async () => {
    const { received } = await ask('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', (secret) =>
      get(secret).replace('GET', 'HEAD'),
    )
    expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n$/)
    expect(received.split('\r\n\r\n')[1]).toBe('')
  })

  test.each([204, 304])(
    '%i with a body sends none of it on, and the next answer is its own',
    async (status) => {
      let calls = 0
      const upstream = await RawUpstream.start((socket) => {
        calls += 1
        socket.write(
          calls === 1
            ? `HTTP/1.1 ${status} X\r\nContent-Length: 6\r\n\r\nsecret`
            : 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmine',
        )
      })
      const gateway = await startGateway({ upstreamPort: upstream.port })
      const first = await exchangeBytes(gateway.port, get(gateway.secret))
      expect(first).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
      expect(first).not.toContain('secret')
      expect(await exchangeBytes(gateway.port, get(gateway.secret))).toMatch(/\r\n\r\nmine$/)
    },
  )
})

describe('an answer that breaks off', () => {
  test.each([
    { head: 'Content-Length: 10', body: 'half', why: 'before its length' },
    { head: 'Transfer-Encoding: chunked', body: '4\r\nhalf\r\n', why: 'before its last chunk' },
    { head: 'Transfer-Encoding: chunked', body: '4\r\nhalf\r\nZZ\r\n', why: 'in a broken chunk' },
  ])('$why is never delivered as whole, and not billed', async ({ head, body }) => {
    const upstream = await RawUpstream.start((socket) => {
      socket.end(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${body}`)
    })
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const received = await exchangeBytes(gateway.port, get(gateway.secret))
    if (received.startsWith('HTTP/1.1 200')) {
      expect(received.toLowerCase()).not.toContain('content-length: 4\r\n')
      expect(received).not.toContain('\r\n0\r\n\r\n')
    } else expect(received).toMatch(/^HTTP\/1\.1 502 /)
    const [event] = await gateway.events()
    expect(event?.outcome).toMatch(/^upstream_(?:truncated|error)$/)
    expect(event?.billable).toBe(false)
  })

  test('by a reset, where its end is the end of the connection, is never delivered as whole', async () => {
    const upstream = await RawUpstream.start((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\nhalf', () => setTimeout(() => socket.resetAndDestroy(), 30))
    })
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const received = await exchangeBytes(gateway.port, get(gateway.secret))
    expect(received).toMatch(/\r\n\r\n4\r\nhalf\r\n$/)
    expect(await gateway.events()).toMatchObject([{ outcome: 'upstream_truncated', billable: false }])
  })

  test('before its head: 502 upstream-unreachable', async () => {
    const upstream = await RawUpstream.start((socket) => socket.destroy())
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const received = await exchangeBytes(gateway.port, get(gateway.secret))
    expect(received).toContain('"code":"upstream-unreachable"')
    expect(await gateway.events()).toMatchObject([
      { outcome: 'upstream_error', refusal: 'upstream-unreachable', billable: false },
    ])
  })
})

describe('an answer that does not come', () => {
  test('no head in time: 504 upstream-timeout', async () => {
    const upstream = await RawUpstream.start(() => {})
    const gateway = await startGateway({ upstreamPort: upstream.port, timeouts: { headersMs: 150 } })
    const received = await exchangeBytes(gateway.port, get(gateway.secret))
    expect(received).toMatch(/^HTTP\/1\.1 504 /)
    expect(received).toContain('"code":"upstream-timeout"')
    expect(await gateway.events()).toMatchObject([{ outcome: 'upstream_error', statusCode: 504 }])
  })

  test('a head without a body arrives at once, before the first piece of the body', async () => {
    const upstream = await RawUpstream.start((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n')
    })
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const client = await RawSocket.connect(gateway.port)
    client.send(get(gateway.secret))
    expect(await client.sees(/text\/event-stream/)).toMatch(/\r\n\r\n$/)
  })
})
