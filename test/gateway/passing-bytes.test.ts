import { request } from 'node:http'
import { PerformanceObserver } from 'node:perf_hooks'
import { Readable } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { PassingBytes } from '../../src/lib/passing-bytes.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

const MIB = 1024 ** 2
/** How a collection is marked that somebody asked for. */
const FORCED = 4

/** How often somebody asked for a collection in this thread. V8 ends one of all of the heap with it if one is under way. */
function collections(): () => number {
  let count = 0
  const observer = new PerformanceObserver((list) => {
    count += list.getEntries().filter((entry) => (Object(entry).detail.flags & FORCED) !== 0).length
  })
  observer.observe({ entryTypes: ['gc'] })
  onTestFinished(() => observer.disconnect())
  return () => count
}

/** So many bytes, in pieces of 64 KiB. */
function* pieces(bytes: number): Generator<Buffer> {
  for (let made = 0; made < bytes; made += 65_536) yield Buffer.alloc(65_536)
}

/** Sends 40 MiB; resolves to how many bytes came back. */
function call(gateway: TestGateway): Promise<number> {
  const headers = { 'x-api-key': gateway.secret, 'content-length': 40 * MIB }
  return new Promise((resolve, reject) => {
    const sent = request({ port: gateway.port, path: '/a', method: 'POST', headers }, (answer) => {
      let bytes = 0
      answer.on('data', (piece: Buffer) => {
        bytes += piece.length
      })
      answer.on('end', () => resolve(bytes))
    })
    sent.on('error', reject)
    Readable.from(pieces(40 * MIB)).pipe(sent)
  })
}

describe('buffers of bytes that passed are given back each 16 MiB', () => {
  test('not a byte earlier', async () => {
    const asked = collections()
    const passing = new PassingBytes()
    passing.passed(16 * MIB - 1)
    passing.passed(1)
    passing.passed(16 * MIB - 1)
    await until('one was', () => asked() > 0 || undefined)
    expect(asked()).toBe(1)
  })

  test('of uploads and of answers', async () => {
    const upstream = await RawUpstream.start((socket, _head, rest) => {
      let bytes = 0
      const look = (piece: Buffer): void => {
        bytes += piece.length
        if (bytes !== 40 * MIB) return
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${40 * MIB}\r\n\r\n`)
        Readable.from(pieces(40 * MIB)).pipe(socket, { end: false })
      }
      socket.on('data', look)
      look(rest)
    })
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const asked = collections()
    expect(await call(gateway)).toBe(40 * MIB)
    // 80 MiB in all.
    await until('they were', () => asked() >= 5 || undefined)
    expect(asked()).toBe(5)
  })

  test('of WebSockets', async () => {
    const upstream = await RawUpstream.start((socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
      socket.pipe(socket)
    })
    const gateway = await startGateway({ upstreamPort: upstream.port })
    const client = await RawSocket.connect(gateway.port)
    client.send(
      `GET /a HTTP/1.1\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n`,
    )
    await client.sees(/ 101 /)
    const asked = collections()
    let echoed = 0
    client.socket.on('data', (piece) => {
      echoed += piece.length
    })
    Readable.from(pieces(20 * MIB)).pipe(client.socket, { end: false })
    await until('all came back', () => echoed >= 20 * MIB || undefined)
    // 40 MiB both ways.
    await until('they were', () => asked() >= 2 || undefined)
    expect(asked()).toBe(2)
  })
})
