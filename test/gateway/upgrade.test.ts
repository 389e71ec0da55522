import { createHash, randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { certificateTexts } from '../support/certificates.ts'
import { plan } from '../support/control-store.ts'
import { startGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts'
import { exchangeBytes, RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { connectTls } from '../support/tls-client.ts'
import { until } from '../support/until.ts'

const SWITCH = [
  ...['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket'],
  ...['Sec-WebSocket-Accept: yes', 'x-gatez-meter-tokens: 5', '', ''],
].join('\r\n')

function wish(gateway: TestGateway, ...fields: readonly string[]): string {
  const usual = ['Host: a', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: k']
  return ['GET /v1/live HTTP/1.1', `x-api-key: ${gateway.secret}`, ...usual, ...fields, '', ''].join('\r\n')
}

/** An upstream that switches, says hello, and does what `then` says with the rest. */
async function startSwitching(then: (socket: Socket) => void, options: TestGatewayOptions = {}) {
  const upstream = await RawUpstream.start((socket) => {
    socket.write(`${SWITCH}hello`)
    then(socket)
  })
  const gateway = await startGateway({ upstreamPort: upstream.port, ...options })
  return { gateway, upstream }
}

const echo = (socket: Socket): void => void socket.pipe(socket)

/** The events, once the tunnels that ended have theirs. */
const eventsOf = (gateway: TestGateway) =>
  until('the event is there', async () => {
    const events = await gateway.events()
    return events.length > 0 ? events : undefined
  })

describe('a WebSocket', () => {
  test('is passed through after the 101: fields, bytes both ways, one event with both sums', async () => {
    const { gateway, upstream } = await startSwitching(echo)
    const client = await RawSocket.connect(gateway.port)
    client.send(wish(gateway, 'Sec-WebSocket-Protocol: chat', 'x-gatez-tenant: other'))
    const head = await client.sees(/\r\n\r\nhello$/)
    expect(head).toMatch(
      /^HTTP\/1\.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n/,
    )
    expect(head).toMatch(/\r\nsec-websocket-accept: yes\r\n/i)
    expect(head).toMatch(/\r\nx-request-id: /)
    expect(head).not.toMatch(/x-gatez-meter/i)
    expect(upstream.heads[0]).toMatch(/connection: upgrade\r\nupgrade: websocket/i)
    expect(upstream.heads[0]).toMatch(/Sec-WebSocket-Protocol: chat/i)
    expect(upstream.heads[0]).toMatch(/x-gatez-tenant: acme/)
    expect(upstream.heads[0]).not.toContain(gateway.secret)

    client.send('one')
    await client.sees(/helloone$/)
    client.socket.end()
    await client.sawEnd()
    expect(await eventsOf(gateway)).toMatchObject([
      { statusCode: 101, outcome: 'ok', billable: true, bytesSent: 8, bytesReceived: 3, quantities: {} },
    ])
  })

  test('carries 10 MB of anything, both ways at once, unchanged', async () => {
    const { gateway } = await startSwitching(echo)
    const bytes = randomBytes(10_000_000)
    const client = await RawSocket.connect(gateway.port)
    const hash = createHash('sha256')
    let left = bytes.length
    client.send(wish(gateway))
    await client.sees(/\r\n\r\nhello$/)
    const whole = new Promise<void>((resolve) => {
      client.socket.on('data', (piece: Buffer) => {
        hash.update(piece)
        left -= piece.length
        if (left === 0) resolve()
      })
    })
    client.send(bytes)
    await whole
    expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'))
  })

  test('sends no byte upstream that came behind the request before the 101', async () => {
    const got: string[] = []
    let agree = (): void => {}
    const upstream = await RawUpstream.start((socket, _head, rest) => {
      got.push(rest.toString('latin1'))
      agree = () => {
        socket.on('data', (bytes: Buffer) => got.push(bytes.toString('latin1')))
        socket.write(SWITCH)
      }
    })
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const client = await RawSocket.connect(gateway.port)
    client.send(`${wish(gateway)}GET /canary HTTP/1.1\r\n`)
    await until('the upstream is asked', () => upstream.heads[0])
    expect(got).toEqual([''])
    agree()
    await until('it arrives', () => (got.join('') === 'GET /canary HTTP/1.1\r\n' ? true : undefined))
    expect(upstream.heads).toHaveLength(1)
  })

  test('that the upstream ends is ended for the client, with its event', async () => {
    const { gateway } = await startSwitching((socket) => socket.end('bye'))
    expect(await exchangeBytes(gateway.port, wish(gateway))).toMatch(/\r\n\r\nhellobye$/)
    expect(await eventsOf(gateway)).toMatchObject([{ outcome: 'ok', bytesSent: 8 }])
  })

  test('that breaks at the upstream breaks for the client: never a clean end', async () => {
    const { gateway } = await startSwitching((socket) => {
      socket.once('data', () => socket.resetAndDestroy())
    })
    const client = await RawSocket.connect(gateway.port)
    client.send(wish(gateway))
    await client.sees(/hello$/)
    client.send('x')
    await client.sawEnd()
    expect(client.brokenBy).toBe('ECONNRESET')
    expect(await eventsOf(gateway)).toMatchObject([{ outcome: 'upstream_truncated', bytesReceived: 1 }])
  })

  test('whose client is gone is ended at the upstream, with what went through', async () => {
    const { gateway, upstream } = await startSwitching(() => {})
    const client = await RawSocket.connect(gateway.port)
    client.send(wish(gateway))
    await client.sees(/hello$/)
    client.socket.resetAndDestroy()
    await until('the upstream connection is over', () => upstream.sockets.size === 0 || undefined)
    expect(await eventsOf(gateway)).toMatchObject([
      { outcome: 'client_aborted', statusCode: 101, bytesSent: 5 },
    ])
  })

  test('on which nothing moves is closed after the idle time', async () => {
    const timeouts = { connectMs: 2_000, headersMs: 2_000, idleMs: 200 }
    const { gateway, upstream } = await startSwitching(() => {}, { timeouts })
    expect(await exchangeBytes(gateway.port, wish(gateway))).toMatch(/hello$/)
    await until('the upstream connection is over', () => upstream.sockets.size === 0 || undefined)
    expect(await eventsOf(gateway)).toMatchObject([{ outcome: 'ok' }])
  })
})

describe('a wish to switch', () => {
  test('without a key, over the limit or without a route is refused in HTTP, and nobody asks the upstream', async () => {
    const { gateway, upstream } = await startSwitching(echo)
    const without = await exchangeBytes(gateway.port, wish(gateway).replace(gateway.secret, 'gz_live_no'))
    expect(without).toMatch(/^HTTP\/1\.1 401 [\s\S]*Connection: close[\s\S]*"code":"invalid-credential"/)
    const badPath = await exchangeBytes(gateway.port, wish(gateway).replace('/v1/live', '/v1/%2e%2e/live'))
    expect(badPath).toMatch(/^HTTP\/1\.1 400 /)
    expect(upstream.heads).toEqual([])
  })

  test('counts as a call: the one after the last is 429', async () => {
    const limits = [
      {
        id: 'day',
        counts: 'requests',
        amount: 1,
        windowMs: 86_400_000,
        per: 'day',
        scope: 'tenant',
      } as const,
    ]
    const { gateway } = await startSwitching((socket) => socket.end(), { plans: [plan({ limits })] })
    expect(await exchangeBytes(gateway.port, wish(gateway))).toMatch(
      /^HTTP\/1\.1 101 [\s\S]*ratelimit: "day";r=0/i,
    )
    expect(await exchangeBytes(gateway.port, wish(gateway))).toMatch(/^HTTP\/1\.1 429 /)
  })

  test('that the upstream does not grant gets its answer, and the connection ends', async () => {
    const upstream = await RawUpstream.answering(
      'HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno',
    )
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const received = await exchangeBytes(
      gateway.port,
      `${wish(gateway)}GET /canary HTTP/1.1\r\nHost: a\r\n\r\n`,
    )
    expect(received).toMatch(/^HTTP\/1\.1 426 [\s\S]*Connection: close[\s\S]*\r\n\r\nno$/)
    expect(upstream.heads).toHaveLength(1)
    expect(await eventsOf(gateway)).toMatchObject([{ outcome: 'ok', statusCode: 426, billable: false }])
  })

  test('to an upstream that is not there is 502', async () => {
    const gateway = await startGateway()
    expect(await exchangeBytes(gateway.port, wish(gateway))).toMatch(
      /^HTTP\/1\.1 502 [\s\S]*upstream-unreachable/,
    )
  })

  test.each(['Content-Length: 5', 'Transfer-Encoding: chunked'])(
    'with a body (%s) is an ordinary request',
    async (field) => {
      const upstream = await RawUpstream.answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      const gateway = await startGateway({ upstreamPort: upstream.port })
      const body = field.startsWith('C') ? 'hello' : '5\r\nhello\r\n0\r\n\r\n'
      const client = await RawSocket.connect(gateway.port)
      client.send(wish(gateway, field) + body)
      expect(await client.sees(/\r\n\r\nok/)).toMatch(/^HTTP\/1\.1 200 /)
      expect(upstream.heads[0]).not.toMatch(/upgrade/i)
    },
  )

  test('behind a request that is still owed its answer ends the connection', async () => {
    const upstream = await RawUpstream.start(() => {})
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const first = `GET /first HTTP/1.1\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\n\r\n`
    const received = await exchangeBytes(gateway.port, first + wish(gateway))
    expect(received).toBe('')
    await until('the first call is over', async () =>
      (await gateway.events()).length === 1 ? true : undefined,
    )
  })
})

test('over TLS, of an answer that has not left yet nothing was delivered, and never less', async () => {
  const upstream = await RawUpstream.start(() => {})
  const pem = certificateTexts()
  const tls = { cert: pem('server.pem'), key: pem('server.key') }
  const gateway = await startGateway({ upstreamPort: upstream.port, tls })
  const client = RawSocket.over(await connectTls(gateway.port, { ca: pem('ca.pem') }))
  // So much right behind the wish makes a part due in the moment in which the 101 is written.
  await new Promise((resolve) => client.socket.write(wish(gateway) + 'x'.repeat(200_000), resolve))
  const [socket] = await until('the upstream is asked', () =>
    upstream.heads[0] ? upstream.sockets : undefined,
  )
  socket?.write(SWITCH)
  await client.sees(/ 101 /)
  client.socket.destroy()
  const events = await until('it is over', async () => {
    const all = await gateway.events()
    return all.some(({ outcome }) => outcome !== 'open') ? all : undefined
  })
  expect(events.length).toBeGreaterThan(1)
  expect(events.map(({ bytesSent }) => bytesSent)).toEqual(events.map(() => 0))
})

test('one that is switched while the gateway drains is told of no other connection than its own', async () => {
  const upstream = await RawUpstream.start(() => {})
  const gateway = await startGateway({ upstreamPort: upstream.port })
  const client = await RawSocket.connect(gateway.port)
  client.send(wish(gateway))
  const [socket] = await until('the upstream is asked', () =>
    upstream.heads[0] ? upstream.sockets : undefined,
  )
  gateway.pipeline.startDraining(60_000)
  socket?.write(SWITCH)
  const head = await client.sees(/\r\n\r\n/)
  expect(head).toMatch(/^HTTP\/1\.1 101 /)
  expect(head.match(/^connection: .*$/gim)).toEqual(['Connection: Upgrade'])
})

test('a drain waits for a WebSocket until its grace is over, and its event is there', async () => {
  const { gateway } = await startSwitching(echo)
  const client = await RawSocket.connect(gateway.port)
  client.send(wish(gateway))
  await client.sees(/hello$/)
  gateway.pipeline.startDraining(60_000)
  const drained = gateway.server.drain(700)
  await until('other connections were looked for', async () => {
    client.send('.')
    return client.received.endsWith('hello.....') ? true : undefined
  })
  await drained
  await gateway.pipeline.allEnded()
  expect(await eventsOf(gateway)).toMatchObject([{ statusCode: 101, billable: true }])
})
