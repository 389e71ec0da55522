import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { startGateway } from '../../support/gateway.ts'
import { RawSocket } from '../../support/raw-socket.ts'
import { until } from '../../support/until.ts'

/** Three clients of a gateway with the lane open, whose upstream says what it got; a call to `/held` is answered when told to. */
async function scene() {
  const held: (() => void)[] = []
  const server = createServer(async ({ method, url = '', headers }, response) => {
    if (url === '/held') await new Promise<void>((resolve) => held.push(resolve))
    response.end(`[${method} ${url} ${headers['x-mark']} ${await text(response.req)}]`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const upstreamPort = typeof address === 'object' && address !== null ? address.port : 0
  const gateway = await startGateway({ upstreamPort, fastLane: true })
  const clients = await Promise.all([1, 2, 3].map(() => RawSocket.connect(gateway.port)))
  const head = (line: string, mark: string, length?: number) =>
    `${line} HTTP/1.1\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\nx-mark: ${mark}\r\n` +
    `${length === undefined ? '' : `Content-Length: ${length}\r\n`}\r\n`
  return { held, clients, head }
}

// All plain connections of a thread are read into the same memory: what one keeps of it, the next read writes over.

test('what is sent ahead is what is answered, whatever comes on other connections meanwhile', async () => {
  const { held, clients, head } = await scene()
  const [one, other] = clients
  one?.send(head('GET /held', 'first'))
  await until('it waits', () => held[0])
  one?.send(head('GET /ahead', 'second'))
  one?.send(`${head('POST /ahead', 'third', 6)}abc`)
  for (let turn = 0; turn < 5; turn += 1) {
    other?.send(head('POST /other', 'x'.repeat(400), 40_000) + 'x'.repeat(40_000))
    await until(
      'the other is answered',
      () => other?.received.split('[POST /other').length === turn + 2 || undefined,
    )
  }
  one?.send('def')
  held[0]?.()
  const received = await one?.sees(/\[POST \/ahead third abcdef\]/)
  expect(received?.match(/\[[^\]]*\]/g)).toEqual([
    '[GET /held first ]',
    '[GET /ahead second ]',
    '[POST /ahead third abcdef]',
  ])
})

test('bodies that come in pieces, and whole ones, arrive as they were sent, side by side', async () => {
  const { clients, head } = await scene()
  const marks = ['a', 'b', 'c']
  const bodies = marks.map((mark, index) => mark.repeat(index === 2 ? 10 : 300_000))
  for (const [index, client] of clients.entries()) {
    const body = bodies[index] ?? ''
    client.send(head('POST /pieces', marks[index] ?? '', body.length) + body.slice(0, 10_000))
  }
  for (let at = 10_000; at < 300_000; at += 10_000) {
    for (const [index, client] of clients.entries()) client.send(bodies[index]?.slice(at, at + 10_000) ?? '')
  }
  for (const [index, client] of clients.entries()) {
    const got = await client.sees(/\]/)
    expect(
      got.slice(got.indexOf('['), got.indexOf(']') + 1) === `[POST /pieces ${marks[index]} ${bodies[index]}]`,
    ).toBe(true)
  }
})
