import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { connectTo, pass, takingUpstream, untilStill } from '../support/slow-clients.ts'
import { until } from '../support/until.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const BODY_MS = 10_000
/** 240 bytes a second over `timeouts.body`. */
const ENOUGH = 2_400

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

describe('an upload', () => {
  test.each([
    { field: 'Content-Length: 100000', piece: 'x'.repeat(ENOUGH - 1), why: 'with a length' },
    { field: 'Transfer-Encoding: chunked', piece: `3e8\r\n${'x'.repeat(1000)}\r\n`, why: 'in chunks' },
    { field: 'Content-Length: 100000', piece: '', why: 'of which nothing more comes' },
  ])('that is too slow, $why, is answered, its connection closed, and recorded', async ({ field, piece }) => {
    const { upstream, seen } = await takingUpstream(100_000)
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const client = await RawSocket.connect(gateway.port)
    client.send(`${head(gateway, 'POST', field)}${field.includes('chunked') ? '1\r\nx\r\n' : 'x'}`)
    await until('the upstream is asked', () => upstream.heads[0])
    pass(gateway, 1_000)
    client.send(piece)
    await until('the upstream got it', () => seen.bytes > piece.length - 7 || undefined)
    pass(gateway, BODY_MS - 1)
    expect(client.ended).toBe(false)
    pass(gateway, 1)
    const received = await client.sawEnd()
    expect(received).toMatch(/^HTTP\/1\.1 408 /)
    expect(received).toMatch(/\r\nConnection: close\r\n/)
    expect(received).toMatch(/\r\ngatez-error: request-timeout\r\n/)
    expect(received).toContain('"code":"request-timeout"')
    await until('the upstream is let go', () => upstream.sockets.size === 0 || undefined)
    expect(await gateway.events()).toMatchObject([{ outcome: 'client_aborted', billable: false }])
    expect(gateway.alarms).toEqual([])
  })

  test('that is slow but steady goes on for as long as it takes', async () => {
    const rounds = 10
    const { upstream, seen } = await takingUpstream(rounds * ENOUGH + 1)
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const client = await RawSocket.connect(gateway.port)
    client.send(`${head(gateway, 'POST', `Content-Length: ${rounds * ENOUGH + 1}`)}x`)
    await until('the upstream is asked', () => upstream.heads[0])
    pass(gateway, 1_000)
    for (let round = 1; round <= rounds; round += 1) {
      client.send('x'.repeat(ENOUGH))
      await until('the upstream got it', () => seen.bytes === round * ENOUGH + 1 || undefined)
      // Looked at a few times in between, too: what counts is the rate over the whole time.
      for (const part of [3_000, 3_000, BODY_MS - 6_000]) pass(gateway, part)
    }
    expect(await client.sees(/ok$/)).toMatch(/^HTTP\/1\.1 200 /)
    expect(await gateway.events()).toMatchObject([{ outcome: 'ok', bytesReceived: rounds * ENOUGH + 1 }])
  })

  test('is judged by itself, not by those before it on its connection', async () => {
    const upstream = await CountingUpstream.start()
    upstream.answer = (request, response) => {
      response.writeHead(200, { 'content-length': 2 })
      request.resume().on('end', () => response.end('ok'))
    }
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const client = await RawSocket.connect(gateway.port)
    for (let upload = 1; upload <= 4; upload += 1) {
      client.send(`${head(gateway, 'POST', 'Transfer-Encoding: chunked')}1\r\nx\r\n`)
      await until('the upstream is asked', () => upstream.seen === upload || undefined)
      pass(gateway, BODY_MS - 1)
      client.send('0\r\n\r\n')
      await client.sees(new RegExp(`(?:HTTP/1.1 200 OK[^]*){${upload}}ok$`))
    }
  })

  test('that waits because the upstream does not take it is never ended', async () => {
    const size = 20_000_000
    let taken = 0
    const upstream = await RawUpstream.start((socket, _head, rest) => {
      socket.pause()
      taken = rest.length
      socket.on('data', (piece: Buffer) => {
        taken += piece.length
        if (taken >= size) socket.write(OK)
      })
    })
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const { client, accepted } = await connectTo(gateway)
    client.send(head(gateway, 'POST', `Content-Length: ${size}`))
    client.send(Buffer.alloc(size))
    await until('the upstream is asked', () => upstream.heads[0])
    // Once no buffer on the way takes more, the client has to wait.
    await untilStill(() => accepted.bytesRead)
    for (let minute = 0; minute < 10; minute += 1) pass(gateway, 60_000)
    expect(client.ended).toBe(false)
    for (const socket of upstream.sockets) socket.resume()
    expect(await client.sees(/ok$/, 20_000)).toMatch(/^HTTP\/1\.1 200 /)
    expect(taken).toBe(size)
    expect(await gateway.events()).toMatchObject([{ outcome: 'ok', bytesReceived: size }])
  })

  test('that is whole is not hurried, however long the upstream thinks', async () => {
    const { upstream } = await takingUpstream(1_000_000)
    const gateway = await startGateway({ upstreamPort: upstream.port, policy: { headersMs: 600_000 } })
    const client = await RawSocket.connect(gateway.port)
    client.send(`${head(gateway, 'POST', 'Content-Length: 5')}hello`)
    await until('the upstream is asked', () => upstream.heads[0])
    for (let minute = 0; minute < 5; minute += 1) pass(gateway, 60_000)
    for (const socket of upstream.sockets) socket.write(OK)
    expect(await client.sees(/ok$/)).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('that is too slow while its answer is under way breaks the answer off', async () => {
    const upstream = await RawUpstream.start((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
    })
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const client = await RawSocket.connect(gateway.port)
    client.send(`${head(gateway, 'POST', 'Content-Length: 100000')}x`)
    await client.sees(/half$/)
    pass(gateway, 1_000)
    pass(gateway, BODY_MS)
    expect(await client.sawEnd()).toMatch(/half$/)
    expect(await gateway.calls()).toMatchObject([{ outcome: 'client_aborted' }])
  })

  test('of a refused call that dribbles in does not hold its connection for ever', async () => {
    const gateway = await startGateway()
    const client = await RawSocket.connect(gateway.port)
    client.send('POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n')
    await client.sees(/"code":"missing-credential"/)
    pass(gateway, 1_000)
    client.send('x')
    pass(gateway, BODY_MS - 1)
    expect(client.ended).toBe(false)
    pass(gateway, 1)
    await client.sawEnd()
  })

  test('of a refused call that comes at once leaves its connection as it was', async () => {
    const upstream = await RawUpstream.answering(OK)
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const client = await RawSocket.connect(gateway.port)
    client.send('POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n')
    await client.sees(/"code":"missing-credential"/)
    pass(gateway, 1_000)
    client.send('x'.repeat(60_000))
    client.send(head(gateway, 'GET'))
    await client.sees(/ok$/)
    pass(gateway, BODY_MS)
    pass(gateway, BODY_MS)
    client.send(head(gateway, 'GET'))
    await client.sees(/ok[\s\S]*ok$/)
  })
})
