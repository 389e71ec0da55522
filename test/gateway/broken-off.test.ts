import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { exchangeBytes, RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

// Whenever an upload stops and whenever a client leaves: one event, nothing left behind, and an answer
// that was given arrives.

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

const head = (gateway: TestGateway, method: string, path: string, ...fields: readonly string[]) =>
  [`${method} ${path} HTTP/1.1`, 'Host: a', `x-api-key: ${gateway.secret}`, ...fields, '', ''].join('\r\n')

describe('uploads', () => {
  test('Expect: 100-continue is answered with 100 once the call is admitted', async () => {
    const upstream = await RawUpstream.start((socket, _head, rest) => {
      const answer = () => socket.write(OK)
      if (rest.length >= 5) answer()
      else socket.once('data', answer)
    })
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const client = await RawSocket.connect(gateway.port)
    client.send(head(gateway, 'POST', '/a', 'Content-Length: 5', 'Expect: 100-continue', 'Connection: close'))
    await client.sees(/^HTTP\/1\.1 100 Continue\r\n\r\n/)
    client.send('hello')
    expect(await client.sawEnd()).toMatch(/HTTP\/1\.1 200 OK\r\n[\s\S]*ok$/)
    expect(upstream.heads[0]?.toLowerCase()).not.toContain('expect')
    expect(await gateway.events()).toMatchObject([{ outcome: 'ok', bytesReceived: 5 }])
  })

  test.each(['Content-Length: 1000000', 'Transfer-Encoding: chunked'])(
    'an answer that comes before the upload (%s) ended reaches the client whole',
    async (field) => {
      const upstream = await RawUpstream.start((socket) => {
        socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 7\r\nConnection: close\r\n\r\nno more')
      })
      const gateway = await startGateway({ upstreamPort: upstream.port })
      const client = await RawSocket.connect(gateway.port)
      client.send(`${head(gateway, 'POST', '/a', field)}5\r\nhello\r\n`)
      expect(await client.sees(/no more$/)).toMatch(/^HTTP\/1\.1 413 /)
      expect(await client.sawEnd()).toMatch(/no more$/)
      expect(client.received).toMatch(/\r\nConnection: close\r\n/)
      expect(await gateway.events()).toMatchObject([{ outcome: 'ok', statusCode: 413, bytesSent: 7 }])
    },
  )

  test('an upstream that hangs up during an upload is a 502, and no reset', async () => {
    const upstream = await RawUpstream.start((socket) => socket.resetAndDestroy())
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const client = await RawSocket.connect(gateway.port)
    client.send(`${head(gateway, 'POST', '/a', 'Content-Length: 1000000')}hello`)
    expect(await client.sees(/upstream-unreachable/)).toMatch(/^HTTP\/1\.1 502 /)
    expect(await gateway.events()).toMatchObject([{ outcome: 'upstream_error', statusCode: 502 }])
  })

  test('no upstream at all: an upload is answered 502', async () => {
    const gateway = await startGateway()
    const received = await exchangeBytes(
      gateway.port,
      `${head(gateway, 'POST', '/a', 'Content-Length: 5', 'Connection: close')}hello`,
    )
    expect(received).toMatch(/^HTTP\/1\.1 502 /)
    expect(received).toContain('"code":"upstream-unreachable"')
  })

  test('one of at most 16 KiB is here before the upstream is asked, however it comes', async () => {
    const bodies: string[] = []
    const upstream = await RawUpstream.start((socket, _head, rest) => {
      bodies.push(rest.toString())
      socket.write(OK)
    })
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const client = await RawSocket.connect(gateway.port)
    const other = await RawSocket.connect(gateway.port)
    client.send(`${head(gateway, 'POST', '/a', 'Content-Length: 11')}hello worl`)
    // One that came later is answered meanwhile: what is not whole has no connection.
    other.send(`${head(gateway, 'POST', '/a', 'Content-Length: 5')}hello`)
    await other.sees(/\r\n\r\nok$/)
    expect(bodies).toEqual(['hello'])
    client.send('d')
    await client.sees(/\r\n\r\nok$/)
    expect(bodies).toEqual(['hello', 'hello world'])
    const left = await RawSocket.connect(gateway.port)
    left.send(`${head(gateway, 'POST', '/a', 'Content-Length: 100')}half`)
    other.send(`${head(gateway, 'POST', '/a', 'Content-Length: 5')}again`)
    await until('the one behind it is there', () => bodies.length === 3 || undefined)
    left.socket.destroy()
    const events = await until('all are over', async () => {
      const all = await gateway.events()
      return all.length === 4 ? all : undefined
    })
    expect(events.filter(({ outcome }) => outcome !== 'ok')).toMatchObject([
      { outcome: 'client_aborted', billable: false, bytesReceived: 4 },
    ])
    expect(bodies).toEqual(['hello', 'hello world', 'again'])
  })

  test('an upload that breaks off is the client’s doing, and ends the call at the upstream', async () => {
    const upstream = await RawUpstream.start(() => {})
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const client = await RawSocket.connect(gateway.port)
    client.send(`${head(gateway, 'POST', '/a', 'Content-Length: 20000')}half`)
    await until('the upstream is asked', () => upstream.heads[0])
    client.socket.destroy()
    await until('the upstream connection is over', () => upstream.sockets.size === 0 || undefined)
    expect(await gateway.events()).toMatchObject([
      { outcome: 'client_aborted', billable: false, bytesReceived: 4 },
    ])
  })

  test('a GET may have a body', async () => {
    const upstream = await RawUpstream.start((socket, _head, rest) => {
      const answer = () => socket.write(OK)
      if (rest.length >= 5) answer()
      else socket.once('data', answer)
    })
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const received = await exchangeBytes(
      gateway.port,
      `${head(gateway, 'GET', '/a', 'Content-Length: 5', 'Connection: close')}hello`,
    )
    expect(received).toMatch(/^HTTP\/1\.1 200 OK/)
    expect(upstream.heads[0]?.toLowerCase()).toContain('content-length: 5')
  })
})

describe('clients that leave', () => {
  test('before the answer: the upstream call ends, one event, not billed', async () => {
    const upstream = await RawUpstream.start(() => {})
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const client = await RawSocket.connect(gateway.port)
    client.send(head(gateway, 'GET', '/a'))
    await until('the upstream is asked', () => upstream.heads[0])
    client.socket.destroy()
    await until('the upstream connection is over', () => upstream.sockets.size === 0 || undefined)
    expect(await gateway.events()).toMatchObject([
      { outcome: 'client_aborted', statusCode: 0, billable: false },
    ])
  })

  test('in the middle of the answer: one event with what was delivered', async () => {
    const upstream = await RawUpstream.start((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
    })
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const client = await RawSocket.connect(gateway.port)
    client.send(head(gateway, 'GET', '/a'))
    await client.sees(/half/)
    client.socket.resetAndDestroy()
    await until('the upstream connection is over', () => upstream.sockets.size === 0 || undefined)
    expect(await gateway.events()).toMatchObject([
      { outcome: 'client_aborted', statusCode: 200, bytesSent: 4 },
    ])
  })

  test('at every byte of the request: never more than one event a call, and the gateway lives', async () => {
    const upstream = await RawUpstream.answering(OK)
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const request = `${head(gateway, 'POST', '/a', 'Content-Length: 5')}hello`
    for (let length = 0; length < request.length; length += 3) {
      const client = await RawSocket.connect(gateway.port)
      client.send(request.slice(0, length))
      client.socket.destroySoon()
      await once(client.socket, 'close')
    }
    expect(await exchangeBytes(gateway.port, head(gateway, 'GET', '/a', 'Connection: close'))).toContain(
      '200 OK',
    )
    const events = await gateway.events()
    expect(new Set(events.map((event) => event.id)).size).toBe(events.length)
    expect(gateway.alarms).toEqual([])
  })

  test('a client that only shuts its sending side gets no half-truth', async () => {
    const upstream = await RawUpstream.answering(OK)
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const client = await RawSocket.connect(gateway.port)
    client.socket.end(head(gateway, 'GET', '/a'), 'latin1')
    const received = await client.sawEnd()
    expect(received === '' || /^HTTP\/1\.1 200 OK[\s\S]*ok$/.test(received)).toBe(true)
    expect(await gateway.events()).toHaveLength(1)
  })

  test('a slow reader slows the upstream down, not the gateway’s memory', async () => {
    const size = 64 * 1024 * 1024
    let written = 0
    const upstream = await RawUpstream.start((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
      const piece = Buffer.alloc(65_536)
      const push = () => {
        while (written < size && socket.write(piece)) written += piece.length
        if (written < size) {
          written += piece.length
          socket.once('drain', push)
        }
      }
      push()
    })
    const gateway = await startGateway({ upstreamPort: upstream.port, timeouts: { idleMs: 300 } })
    const client = await RawSocket.connect(gateway.port)
    client.socket.pause()
    client.send(head(gateway, 'GET', '/a'))
    let last = -1
    await until('the upstream is stopped', () => {
      const same = written > 0 && written === last
      last = written
      return same || undefined
    })
    expect(written).toBeLessThan(size / 2)
    client.socket.destroy()
    await until('the upstream connection is over', () => upstream.sockets.size === 0 || undefined)
    expect(await gateway.calls()).toMatchObject([{ outcome: 'client_aborted' }])
  })

  test('with calls waiting behind another one: that one ends, at the upstream too, and they never begin', async () => {
    const upstream = await RawUpstream.start(() => {})
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const client = await RawSocket.connect(gateway.port)
    client.send(
      head(gateway, 'GET', '/slow') + head(gateway, 'GET', '/large') + head(gateway, 'GET', '/slow'),
    )
    await until('the upstream is asked', () => (upstream.heads.length === 1 ? true : undefined))
    client.socket.destroy()
    await until('the upstream connections are over', () => upstream.sockets.size === 0 || undefined)
    const events = await gateway.events()
    expect(events.map((event) => event.outcome)).toEqual(['client_aborted'])
    expect(upstream.heads).toHaveLength(1)
  })
})
