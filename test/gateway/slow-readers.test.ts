import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { certificateTexts } from '../support/certificates.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { connectTo, pass, untilStill } from '../support/slow-clients.ts'
import { until } from '../support/until.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const READ_MS = 25_000
const pem = certificateTexts()

// The gateway looks for slow clients when a test says so, and its clock stands still unless a test moves it:
// a minute of patience takes no time here.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const head = (gateway: TestGateway, method: string, ...fields: readonly string[]) =>
  [`${method} /a HTTP/1.1`, 'Host: a', `x-api-key: ${gateway.secret}`, ...fields, '', ''].join('\r\n')

describe('a reader', () => {
  const SIZE = 50_000_000
  const endless = () =>
    RawUpstream.start((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`)
      socket.write(Buffer.alloc(SIZE))
    })

  // TLS has buffers of its own between the two.
  const ways = [
    { way: 'plain HTTP', tls: undefined, ca: undefined },
    { way: 'TLS', tls: { cert: pem('server.pem'), key: pem('server.key') }, ca: pem('ca.pem') },
  ]

  test.each(ways)('that takes nothing of its answer is cut off, and recorded: $way', async ({ tls, ca }) => {
    const upstream = await endless()
    const gateway = await startGateway({ upstreamPort: upstream.port, ...(tls && { tls }) })
    const { client, accepted } = await connectTo(gateway, ca)
    client.socket.pause()
    client.send(head(gateway, 'GET'))
    await untilStill(() => accepted.bytesWritten)
    pass(gateway, 1_000)
    pass(gateway, READ_MS - 1)
    expect(accepted.destroyed).toBe(false)
    pass(gateway, 1)
    expect(accepted.destroyed).toBe(true)
    await until('the upstream is let go', () => upstream.sockets.size === 0 || undefined)
    expect(await gateway.calls()).toMatchObject([{ outcome: 'client_aborted' }])
  })

  test.each(ways)('that takes some of it now and then is waited for: $way', async ({ tls, ca }) => {
    const upstream = await endless()
    const policy = { idleMs: 60_000 }
    const gateway = await startGateway({ upstreamPort: upstream.port, policy, ...(tls && { tls }) })
    const { client, accepted } = await connectTo(gateway, ca)
    client.socket.pause()
    client.send(head(gateway, 'GET'))
    for (let turn = 0; turn < 4; turn += 1) {
      await untilStill(() => accepted.bytesWritten)
      pass(gateway, 1_000)
      pass(gateway, READ_MS - 1)
      const written = accepted.bytesWritten
      client.socket.resume()
      await until('it takes some', () => accepted.bytesWritten > written + 1_000_000 || undefined)
      client.socket.pause()
    }
    client.socket.resume()
    await until('all is there', () => client.received.length > SIZE || undefined, 15_000)
    expect(await gateway.calls()).toMatchObject([{ outcome: 'ok', bytesSent: SIZE }])
  })

  test('that waits for an answer, or for nothing at all, is not a slow one', async () => {
    const upstream = await RawUpstream.start(() => {})
    const gateway = await startGateway({ upstreamPort: upstream.port, policy: { headersMs: 600_000 } })
    const [waits, idle] = [await RawSocket.connect(gateway.port), await RawSocket.connect(gateway.port)]
    waits.send(head(gateway, 'GET'))
    await until('the upstream is asked', () => upstream.heads[0])
    for (let minute = 0; minute < 5; minute += 1) pass(gateway, 60_000)
    for (const socket of upstream.sockets) socket.write(OK)
    await waits.sees(/ok$/)
    idle.send(head(gateway, 'GET'))
    await until('the upstream is asked again', () => upstream.heads[1])
  })

  test('that asked for a WebSocket and got an answer it does not take is cut off like any other', async () => {
    const upstream = await endless()
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const { client, accepted } = await connectTo(gateway)
    client.socket.pause()
    client.send(head(gateway, 'GET', 'Connection: Upgrade', 'Upgrade: websocket'))
    await untilStill(() => accepted.bytesWritten)
    pass(gateway, 1_000)
    pass(gateway, READ_MS)
    expect(accepted.destroyed).toBe(true)
    await until('the upstream is let go', () => upstream.sockets.size === 0 || undefined)
    expect(await gateway.calls()).toMatchObject([{ outcome: 'client_aborted' }])
  })

  test('that asked for a WebSocket and takes another answer gets all of it', async () => {
    const upstream = await endless()
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const client = await RawSocket.connect(gateway.port)
    client.send(head(gateway, 'GET', 'Connection: Upgrade', 'Upgrade: websocket'))
    const received = await client.sawEnd(15_000)
    expect(received.length - received.indexOf('\r\n\r\n') - 4).toBe(SIZE)
    expect(await gateway.calls()).toMatchObject([{ outcome: 'ok', bytesSent: SIZE }])
  })
})

test('a WebSocket is left alone, silent or not taking anything', async () => {
  const size = 20_000_000
  const upstream = await RawUpstream.start((socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    socket.write(Buffer.alloc(size))
  })
  const gateway = await startGateway({ upstreamPort: upstream.port, policy: { idleMs: 600_000 } })
  const { client, accepted } = await connectTo(gateway)
  client.send(head(gateway, 'GET', 'Connection: Upgrade', 'Upgrade: websocket'))
  await client.sees(/ 101 /)
  client.socket.pause()
  await untilStill(() => accepted.bytesWritten)
  for (let minute = 0; minute < 5; minute += 1) pass(gateway, 60_000)
  client.socket.resume()
  await until('all is there', () => client.received.length > size || undefined)
  for (let minute = 0; minute < 5; minute += 1) pass(gateway, 60_000)
  expect(client.ended).toBe(false)
})
