import type { Socket } from 'node:net'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

const GRACE_MS = 3_000

const get = (gateway: TestGateway) => `GET /a HTTP/1.1\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\n\r\n`

/** What a gateway thread does when it is told to drain. */
async function drain(gateway: TestGateway, graceMs: number): Promise<void> {
  gateway.pipeline.startDraining(graceMs)
  await gateway.server.drain(graceMs)
  await gateway.pipeline.allEnded()
  gateway.pipeline.flush()
  await gateway.meter.drained()
  await gateway.keeper.drained()
}

test('a call in flight ends as it would have, and its kept-alive connection with it, long before the grace', async () => {
  let answer = () => {}
  const upstream = await RawUpstream.start((socket) => {
    answer = () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  })
  const gateway = await startGateway({ upstreamPort: upstream.port })
  const client = await RawSocket.connect(gateway.port)
  client.send(get(gateway))
  await until('the upstream is asked', () => upstream.heads[0])
  const drained = drain(gateway, 60_000)
  answer()
  expect(await client.sawEnd()).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*ok$/)
  await drained
  expect(await gateway.events()).toMatchObject([{ outcome: 'ok' }])
})

test('connections that are idle, or never said a word, do not hold the end up', async () => {
  const upstream = await RawUpstream.answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const gateway = await startGateway({ upstreamPort: upstream.port })
  const [idle, mute] = [await RawSocket.connect(gateway.port), await RawSocket.connect(gateway.port)]
  idle.send(get(gateway))
  await idle.sees(/ok$/)
  await drain(gateway, 60_000)
  expect(await mute.sawEnd()).toBe('')
})

test('a reader that is slow gets the rest of an answer whose end was let go before', async () => {
  const size = 8_000_000
  const upstream = await RawUpstream.start((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
    socket.write(Buffer.alloc(size, 'x'))
  })
  const gateway = await startGateway({ upstreamPort: upstream.port })
  const client = await RawSocket.connect(gateway.port)
  client.socket.pause()
  client.send(get(gateway))
  await until('the upstream is asked', () => upstream.heads[0])
  const drained = drain(gateway, 60_000)
  client.socket.resume()
  const received = await client.sawEnd(20_000)
  expect(received.length - received.indexOf('\r\n\r\n') - 4).toBe(size)
  await drained
})

test(
  'what the grace cuts off has its event when the drain is over',
  async () => {
    const upstream = await RawUpstream.start((socket, head) => {
      if (head.includes('/begun')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
    })
    const gateway = await startGateway({ upstreamPort: upstream.port })
    for (let call = 0; call < 20; call += 1) {
      const client = await RawSocket.connect(gateway.port)
      client.send(get(gateway).replace('/a', call % 2 === 0 ? '/begun' : '/waits'))
    }
    await until('all are at the upstream', () => (upstream.heads.length === 20 ? true : undefined))
    await drain(gateway, 200)
    const events = await gateway.events()
    expect(events).toHaveLength(20)
    expect(new Set(events.map((event) => event.outcome))).toEqual(new Set(['client_aborted']))
  },
  GRACE_MS * 3,
)

test('an answer that was let go but is not sent yet is sent before its connection is closed', async () => {
  const upstream = await RawUpstream.answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const gateway = await startGateway({ upstreamPort: upstream.port })
  const corked: Socket[] = []
  gateway.server.server.once('connection', (socket: Socket) => {
    // As if the reader were slow: what is written stays in this process.
    socket.cork()
    socket.uncork = () => {}
    corked.push(socket)
  })
  const slow = await RawSocket.connect(gateway.port)
  slow.send(get(gateway))
  await until('the answer is let go', () => (corked[0]?.writableLength ? true : undefined))
  const mute = await RawSocket.connect(gateway.port)
  const drained = drain(gateway, 60_000)
  // By now the drain has looked for connections it may close.
  await mute.sawEnd()
  Object.getPrototypeOf(corked[0]).uncork.call(corked[0])
  expect(await slow.sawEnd()).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*ok$/)
  await drained
})

describe('a call with an Idempotency-Key whose client left before the drain', () => {
  const idempotency = { keepMs: 60_000, bodyBytesMax: 100, answerBytesMax: 1_000 }

  /** A call that its upstream has, and that no client waits for any more. */
  async function leftCall(begin: string) {
    const sockets: Socket[] = []
    const upstream = await RawUpstream.start((socket) => {
      sockets.push(socket)
      socket.write(begin)
    })
    const policy = { headersMs: 60_000, idleMs: 60_000, idempotency }
    const gateway = await startGateway({ upstreamPort: upstream.port, policy })
    const client = await RawSocket.connect(gateway.port)
    client.send(get(gateway).replace('GET', 'DELETE').replace('Host', 'Idempotency-Key: k1\r\nHost'))
    const socket = await until('the upstream is asked', () => sockets[0])
    if (begin !== '') await client.sees(/half$/)
    client.socket.destroy()
    const { server } = gateway.server
    const countOpen = promisify(server.getConnections.bind(server))
    await until('the gateway knows', async () => ((await countOpen()) === 0 ? true : undefined))
    return { gateway, socket }
  }

  test.each([
    { begin: '', status: 0, billable: false },
    { begin: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', status: 200, billable: true },
  ])('is ended when the grace is over, long before its upstream times out: $status', async (row) => {
    const { gateway } = await leftCall(row.begin)
    await drain(gateway, 200)
    const { status: statusCode, billable } = row
    expect(await gateway.events()).toMatchObject([{ outcome: 'client_aborted', statusCode, billable }])
  })

  test('has all of the grace to come to its end, and its answer is kept', async () => {
    const { gateway, socket } = await leftCall('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf')
    const drained = drain(gateway, 60_000)
    socket.write('ha')
    socket.write('lf')
    await drained
    expect(await gateway.events()).toMatchObject([{ outcome: 'client_aborted', billable: true }])
    expect(await gateway.store.keptAnswers.bytesOf('acme')).toBe(8)
  })
})
