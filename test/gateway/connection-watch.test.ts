import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { ConnectionWatch, tooManyStalled } from '../../src/gateway/slow-clients.ts'
import { certificateTexts } from '../support/certificates.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { untilStill } from '../support/slow-clients.ts'
import { connectTls } from '../support/tls-client.ts'
import { until } from '../support/until.ts'

const pem = certificateTexts()
const PATIENCE = { bodyMs: 10_000, readMs: 25_000 }
const SIZE = 80_000_000
/** More than the system keeps between the two ends. */
const BITE = 12_000_000

/** Both ends of a connection, and what the bytes of the server's end leave by. */
async function connection(speaksTls: boolean) {
  const pair = { cert: pem('server.pem'), key: pem('server.key') }
  const server = speaksTls ? createTlsServer(pair) : createServer()
  server.listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.close()
  })
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const accepting = once(server, 'connection')
  const securing = speaksTls ? once(server, 'secureConnection') : accepting
  const client = speaksTls
    ? RawSocket.over(await connectTls(port, { ca: pem('ca.pem') }))
    : await RawSocket.connect(port)
  const [below]: Socket[] = await accepting
  const [socket]: Socket[] = await securing
  if (below === undefined || socket === undefined) throw new Error('a connection has two ends')
  socket.on('error', () => {})
  return { client, socket, below }
}

test.each([
  { speaksTls: false, on: 'plain HTTP' },
  { speaksTls: true, on: 'TLS' },
])('of one large piece each part that is taken counts, on $on', async ({ speaksTls }) => {
  const { client, socket, below } = await connection(speaksTls)
  expect(socket instanceof TLSSocket).toBe(speaksTls)
  const watch = new ConnectionWatch(socket, below)
  client.socket.pause()
  socket.write(Buffer.alloc(SIZE))
  let nowMs = 0
  for (let turn = 0; turn < 3; turn += 1) {
    const before = client.received.length
    client.socket.resume()
    await until('it takes some', () => client.received.length > before + BITE || undefined)
    client.socket.pause()
    await untilStill(() => client.received.length)
    expect(client.received.length).toBeLessThan(SIZE)
    expect(watch.look(nowMs, PATIENCE)).toBeUndefined()
    expect(watch.look(nowMs + PATIENCE.readMs - 1, PATIENCE)).toBeUndefined()
    nowMs += PATIENCE.readMs
  }
  expect(watch.look(nowMs, PATIENCE)).toBe('reading')
})

test('time without anything to take does not count', async () => {
  const { client, socket } = await connection(false)
  const watch = new ConnectionWatch(socket)
  for (let nowMs = 0; nowMs < 100_000; nowMs += 10_000) expect(watch.look(nowMs, PATIENCE)).toBeUndefined()
  client.socket.pause()
  socket.write(Buffer.alloc(SIZE))
  await untilStill(() => socket.bytesWritten)
  expect(watch.look(100_000, PATIENCE)).toBeUndefined()
  expect(watch.look(124_999, PATIENCE)).toBeUndefined()
  expect(watch.look(125_000, PATIENCE)).toBe('reading')
})

test('of clients that take nothing, those that stand still longest go when what waits for them is too much', async () => {
  const stalled = await Promise.all([connection(false), connection(false)])
  const [first, second] = stalled
  if (first === undefined || second === undefined) throw new Error('there are two')
  const watched = new Map(stalled.map(({ socket }) => [socket, { watch: new ConnectionWatch(socket) }]))
  const look = (socket: Socket, nowMs: number) => watched.get(socket)?.watch.look(nowMs, PATIENCE)
  for (const { client, socket } of stalled) {
    client.socket.pause()
    socket.write(Buffer.alloc(SIZE))
    await untilStill(() => socket.bytesWritten)
  }
  look(first.socket, 0)
  look(second.socket, 400)
  expect(tooManyStalled(watched, 499, SIZE)).toEqual([])
  expect(tooManyStalled(watched, 2_000, SIZE * 2)).toEqual([])
  expect(tooManyStalled(watched, 2_000, SIZE)).toEqual([first.socket])
  expect(tooManyStalled(watched, 2_000, 0)).toEqual([first.socket, second.socket])
})
