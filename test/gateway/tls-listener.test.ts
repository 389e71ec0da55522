import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { certificateTexts } from '../support/certificates.ts'
import { startGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts'
import { exchangeBytes, RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { pass } from '../support/slow-clients.ts'
import { connectTls, oldClient } from '../support/tls-client.ts'
import { until } from '../support/until.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

const pem = certificateTexts()

/** What `server.pem` and its key are to a listener. */
const own = (name = 'server') => ({ cert: pem(`${name}.pem`), key: pem(`${name}.key`) })

async function start(options: TestGatewayOptions = {}) {
  const upstream = await RawUpstream.answering(OK)
  return { upstream, gateway: await startGateway({ upstreamPort: upstream.port, tls: own(), ...options }) }
}

function secure({ port }: TestGateway, options: ConnectionOptions = {}): Promise<TLSSocket> {
  return connectTls(port, { ca: pem('ca.pem'), ...options })
}

async function client(gateway: TestGateway, options?: ConnectionOptions): Promise<RawSocket> {
  return RawSocket.over(await secure(gateway, options))
}

function request(gateway: TestGateway, method = 'GET', ...fields: readonly string[]): string {
  return [`${method} /a HTTP/1.1`, 'Host: api.test', `x-api-key: ${gateway.secret}`, ...fields, '', ''].join(
    '\r\n',
  )
}

function connections({ server }: TestGateway): Promise<number> {
  return new Promise((resolve) => server.server.getConnections((_error, count) => resolve(count)))
}

const nobodyLeft = (gateway: TestGateway) =>
  until('no connection is left', async () => ((await connections(gateway)) === 0 ? true : undefined))

describe('HTTP inside of TLS', () => {
  test('is answered, metered, and the upstream learns that it was https', async () => {
    const { gateway, upstream } = await start()
    const caller = await client(gateway)
    caller.send(request(gateway))
    expect(await caller.sees(/ok$/)).toMatch(/^HTTP\/1\.1 200 /)
    caller.send(
      `${request(gateway, 'POST', 'Transfer-Encoding: chunked', 'X-Forwarded-Proto: http')}2\r\nhi\r\n0\r\n\r\n`,
    )
    await caller.sees(/ok[\s\S]*ok$/)
    for (const head of upstream.heads) {
      expect(head).toMatch(/\r\nx-forwarded-proto: https\r\n/)
      expect(head).toMatch(/\r\nforwarded: for=127\.0\.0\.1;host="api\.test";proto=https(?:\r\n|$)/)
    }
    expect(await gateway.events()).toMatchObject([
      { outcome: 'ok', billable: true },
      { outcome: 'ok', billable: true, bytesReceived: 2 },
    ])
  })

  test('carries large bodies both ways', async () => {
    const size = 10_000_000
    const upstream = await RawUpstream.start((socket, _head, rest) => {
      let taken = rest.length
      socket.on('data', (piece: Buffer) => {
        taken += piece.length
        if (taken < size) return
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
        socket.write(Buffer.alloc(size, 'y'))
      })
    })
    const { gateway } = await start({ upstreamPort: upstream.port })
    const caller = await client(gateway)
    caller.send(request(gateway, 'POST', `Content-Length: ${size}`, 'Connection: close'))
    caller.send(Buffer.alloc(size, 'x'))
    const received = await caller.sawEnd(15_000)
    expect(received.length - received.indexOf('\r\n\r\n') - 4).toBe(size)
    expect(await gateway.calls()).toMatchObject([{ outcome: 'ok', bytesReceived: size, bytesSent: size }])
  })

  test('carries a WebSocket', async () => {
    const upstream = await RawUpstream.start((socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
      socket.on('data', (bytes) => socket.write(bytes))
    })
    const { gateway } = await start({ upstreamPort: upstream.port })
    const caller = await client(gateway)
    caller.send(request(gateway, 'GET', 'Connection: Upgrade', 'Upgrade: websocket'))
    await caller.sees(/ 101 /)
    caller.send('there and back')
    await caller.sees(/there and back$/)
  })

  test('is refused in words when it is malformed', async () => {
    const { gateway } = await start()
    const caller = await client(gateway)
    caller.send('no HTTP\r\n\r\n')
    expect(await caller.sawEnd()).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"malformed-request"/)
  })
})

describe('a handshake', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('in %s is taken', async (version) => {
    const { gateway } = await start()
    const socket = await secure(gateway, { minVersion: version, maxVersion: version })
    expect(socket.getProtocol()).toBe(version)
  })

  test.each(['TLSv1', 'TLSv1.1'] as const)('in %s is refused by the gateway', async (version) => {
    const { gateway } = await start()
    await expect(secure(gateway, oldClient(version))).rejects.toThrow(/alert protocol version/)
    await nobodyLeft(gateway)
  })

  test.each([
    { offered: ['h2', 'http/1.1'], agreed: 'http/1.1', why: 'of two the one that is spoken here' },
    { offered: ['http/1.0'], agreed: 'http/1.0', why: 'an old one, as curl -0 offers it' },
    { offered: [], agreed: false, why: 'none, and HTTP/1.1 all the same' },
  ])('about $offered agrees on $agreed: $why', async ({ offered, agreed }) => {
    const { gateway } = await start()
    const socket = await secure(gateway, { ALPNProtocols: offered })
    expect(socket.alpnProtocol).toBe(agreed)
    const caller = RawSocket.over(socket)
    caller.send(request(gateway))
    await caller.sees(/ok$/)
  })

  test('for HTTP/2 alone fails', async () => {
    const { gateway } = await start()
    await expect(secure(gateway, { ALPNProtocols: ['h2'] })).rejects.toThrow(/alert no application protocol/)
  })

  test('that is none, but HTTP, gets no HTTP back and reaches nobody', async () => {
    const { gateway, upstream } = await start()
    for (const bytes of [
      request(gateway),
      'GET / HTTP/1.0\r\n\r\n',
      '\x16\x03\x01garbage'.repeat(50),
      '\0',
    ]) {
      const caller = await RawSocket.connect(gateway.port)
      caller.send(bytes)
      caller.socket.end()
      expect(await caller.sawEnd()).not.toContain('HTTP')
    }
    await nobodyLeft(gateway)
    expect(upstream.heads).toEqual([])
    expect(gateway.alarms).toEqual([])
  })

  test('that fails, however it does, frees all that was kept for it', async () => {
    const { gateway } = await start({ clients: { connectionsPerIp: 2 } })
    const ways = [
      () => exchangeBytes(gateway.port, 'GET / HTTP/1.0\r\n\r\n'),
      () => secure(gateway, { ca: pem('other-ca.pem') }).catch(() => {}),
      () => secure(gateway, { ALPNProtocols: ['h2'] }).catch(() => {}),
      async () => (await RawSocket.connect(gateway.port)).socket.resetAndDestroy(),
      async () => (await secure(gateway)).destroy(),
    ]
    for (let round = 0; round < 4; round += 1) {
      for (const way of ways) {
        await way()
        await nobodyLeft(gateway)
      }
    }
    const [one, two] = [await client(gateway), await client(gateway)]
    await expect(secure(gateway)).rejects.toThrow()
    for (const caller of [one, two]) {
      caller.send(request(gateway))
      await caller.sees(/ok$/)
    }
    expect(gateway.alarms).toEqual([])
  })

  test('that does not go on is not waited for longer than a head', async () => {
    const { gateway } = await start({ clients: { headMs: 300 } })
    const mute = await RawSocket.connect(gateway.port)
    const begun = await RawSocket.connect(gateway.port)
    begun.send('\x16\x03\x01\x02\x00\x01')
    for (const caller of [mute, begun]) expect(await caller.sawEnd()).not.toContain('HTTP')
    await nobodyLeft(gateway)
  })
})

describe('the end of a listener that speaks TLS', () => {
  test('waits for a call in flight, not for connections that are idle or in the middle of a handshake', async () => {
    let answer = () => {}
    const upstream = await RawUpstream.start((socket) => {
      answer = () => socket.write(OK)
    })
    const { gateway } = await start({ upstreamPort: upstream.port })
    const [busy, idle] = [await client(gateway), await client(gateway)]
    const mute = await RawSocket.connect(gateway.port)
    busy.send(request(gateway))
    await until('the upstream is asked', () => upstream.heads[0])
    const drained = gateway.server.drain(60_000)
    await Promise.all([idle.sawEnd(), mute.sawEnd()])
    answer()
    expect(await busy.sawEnd()).toMatch(/^HTTP\/1\.1 200 [\s\S]*ok$/)
    await drained
  })

  test('cuts off all that is left after its grace', async () => {
    const upstream = await RawUpstream.start(() => {})
    const { gateway } = await start({ upstreamPort: upstream.port })
    const [busy, mute] = [await client(gateway), await RawSocket.connect(gateway.port)]
    busy.send(request(gateway))
    await until('the upstream is asked', () => upstream.heads[0])
    await gateway.server.drain(50)
    await Promise.all([busy.sawEnd(), mute.sawEnd()])
  })

  test('leaves no connection when it comes at once', async () => {
    const { gateway } = await start()
    const [idle, mute] = [await client(gateway), await RawSocket.connect(gateway.port)]
    gateway.server.close()
    await Promise.all([idle.sawEnd(), mute.sawEnd()])
  })
})

describe('another certificate', () => {
  const renewed = certificateTexts()

  const shown = (socket: TLSSocket) => socket.getPeerX509Certificate()?.fingerprint256

  test('is shown to connections to come; those that are open go on', async () => {
    const { gateway } = await start()
    const before = await secure(gateway)
    const caller = RawSocket.over(before)
    caller.send(request(gateway))
    await caller.sees(/ok$/)
    gateway.server.replaceRules({ cert: renewed('server.pem'), key: renewed('server.key') })
    const after = await secure(gateway, { ca: renewed('ca.pem') })
    expect(shown(after)).not.toBe(shown(before))
    caller.send(request(gateway))
    await caller.sees(/ok[\s\S]*ok$/)
    // Neither its versions nor what is spoken inside of it have changed.
    await expect(secure(gateway, oldClient('TLSv1.1'))).rejects.toThrow(/alert protocol version/)
    const newest = await secure(gateway, { ca: renewed('ca.pem'), ALPNProtocols: ['h2', 'http/1.1'] })
    expect(newest.alpnProtocol).toBe('http/1.1')
  })

  test('that cannot be used leaves the old one, and says so', async () => {
    const { gateway } = await start()
    const before = shown(await secure(gateway))
    gateway.server.replaceRules({ cert: renewed('server.pem'), key: renewed('client.key') })
    expect(gateway.alarms).toEqual([
      expect.stringMatching(/^the new certificate cannot be used: the old one stays: /),
    ])
    expect(shown(await secure(gateway))).toBe(before)
  })
})

describe('a slow client that speaks TLS', () => {
  afterAll(() => {
    vi.useRealTimers()
  })

  test('gets 408 for an upload, and is cut off when it takes nothing', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const size = 50_000_000
    const upstream = await RawUpstream.start((socket, head) => {
      if (head.startsWith('POST')) return
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
      socket.write(Buffer.alloc(size))
    })
    const { gateway } = await start({ upstreamPort: upstream.port })
    const [uploads, reads] = [await client(gateway), await client(gateway)]
    uploads.send(`${request(gateway, 'POST', 'Content-Length: 100000')}x`)
    reads.socket.pause()
    reads.send(request(gateway))
    await until('the upstream is asked twice', () => upstream.heads[1])
    for (let look = 0; look < 3; look += 1) pass(gateway, 0)
    await until('both are ended', async () => {
      pass(gateway, 5_000)
      return (await connections(gateway)) === 0 ? true : undefined
    })
    expect(await uploads.sawEnd()).toMatch(/^HTTP\/1\.1 408 /)
    await until('the upstream is let go', () => upstream.sockets.size === 0 || undefined)
    expect(await gateway.calls()).toMatchObject([
      { outcome: 'client_aborted' },
      { outcome: 'client_aborted' },
    ])
  })
})
