import { describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { exchangeBytes, RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

// Several requests on one connection, and what may follow what.

const answer = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`

function ask({ secret }: TestGateway, line: string, ...fields: string[]): string {
  return `${[line, 'Host: a', `x-api-key: ${secret}`, ...fields].join('\r\n')}\r\n\r\n`
}

/** An upstream that answers with the path; those of `/slow` when it is told to. */
async function start() {
  const slow: (() => void)[] = []
  const upstream = await RawUpstream.start((socket, head) => {
    const path = head.split(' ')[1] ?? ''
    const give = () => socket.write(answer(path))
    if (path.startsWith('/slow')) slow.push(give)
    else give()
  })
  const gateway = await startGateway({ upstreamPort: upstream.port })
  return { upstream, gateway, slow }
}

test('a request sent ahead is not passed on before the one ahead of it is answered', async () => {
  const { upstream, gateway, slow } = await start()
  const client = await RawSocket.connect(gateway.port)
  client.send(ask(gateway, 'POST /slow HTTP/1.1', 'Content-Length: 0') + ask(gateway, 'GET /next HTTP/1.1'))
  // One that came later on another connection is done, and this one still waits.
  await exchangeBytes(gateway.port, ask(gateway, 'GET /other HTTP/1.1', 'Connection: close'))
  expect(upstream.heads.map((head) => head.split(' ')[1])).toEqual(['/slow', '/other'])
  slow[0]!()
  expect(await client.sees(/\/next$/)).toMatch(/\r\n\r\n\/slowHTTP\/1\.1 200[\s\S]*\r\n\r\n\/next$/)
})

test('a hundred requests in one piece are answered one by one, each with its own answer', async () => {
  const { gateway } = await start()
  const client = await RawSocket.connect(gateway.port)
  const paths = Array.from({ length: 100 }, (_, index) => `/n${index}.`)
  client.send(paths.map((path) => ask(gateway, `GET ${path} HTTP/1.1`)).join(''))
  await client.sees(/\/n99\.$/)
  expect([...client.received.matchAll(/\r\n\r\n(\/n\d+\.)/g)].map(([, path]) => path)).toEqual(paths)
})

test('who sends hundreds ahead of an answer that does not come is cut off, with the call under way', async () => {
  const { gateway, upstream } = await start()
  const client = await RawSocket.connect(gateway.port)
  client.send(ask(gateway, 'GET /slow HTTP/1.1'))
  await until('the first is there', () => upstream.heads[0])
  const least = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
  client.send(least.repeat(256))
  client.send(least)
  expect(await client.sawEnd()).toBe('')
  await until('it is over at the upstream, too', () => upstream.sockets.size === 0 || undefined)
  expect(upstream.heads).toHaveLength(1)
  expect(await gateway.events()).toMatchObject([{ endpoint: '/slow', outcome: 'client_aborted' }])
  expect(gateway.alarms).toEqual([])
})

test('256 may wait, and are answered', async () => {
  const { gateway, upstream, slow } = await start()
  const client = await RawSocket.connect(gateway.port)
  client.send(ask(gateway, 'GET /slow HTTP/1.1'))
  await until('the first is there', () => upstream.heads[0])
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(256))
  slow[0]?.()
  await until('all are answered', () => client.received.split('HTTP/1.1 ').length === 258 || undefined)
  expect(client.received.match(/HTTP\/1\.1 401 /g)).toHaveLength(256)
})

describe('behind the end of a connection nothing is passed on', () => {
  test('after Connection: close, and the answer still comes', async () => {
    const { upstream, gateway } = await start()
    const bytes = ask(gateway, 'GET /one HTTP/1.1', 'Connection: close') + ask(gateway, 'GET /two HTTP/1.1')
    expect(await exchangeBytes(gateway.port, bytes)).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\n\/one$/)
    expect(upstream.heads).toHaveLength(1)
  })

  test('after a refusal that ends it, whose body was all there', async () => {
    const { upstream, gateway } = await start()
    const refused = 'POST /one HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
    const received = await exchangeBytes(gateway.port, refused + ask(gateway, 'GET /two HTTP/1.1'))
    expect(received).toMatch(/^HTTP\/1\.1 401 (?:(?!HTTP\/1\.1)[\s\S])*$/)
    expect(upstream.heads).toHaveLength(0)
    expect(await gateway.events()).toEqual([])
  })

  test.each([
    { line: 'GET /one HTTP/1.1', upgrade: 'h2c' },
    { line: 'POST /one HTTP/1.1', upgrade: 'websocket' },
  ])('after a wish for $upgrade with $line that is not granted', async ({ line, upgrade }) => {
    const { upstream, gateway } = await start()
    const wish = ask(gateway, line, 'Connection: upgrade', `Upgrade: ${upgrade}`)
    const received = await exchangeBytes(gateway.port, wish + ask(gateway, 'GET /two HTTP/1.1'))
    expect(received).toMatch(/^HTTP\/1\.1 200 [\s\S]*connection: close[\s\S]*\r\n\r\n\/one$/i)
    expect(upstream.heads).toHaveLength(1)
  })

  test('after HTTP/1.0 with chunks, which it does not know', async () => {
    const { upstream, gateway } = await start()
    const chunked = `${ask(gateway, 'POST /one HTTP/1.0', 'Connection: keep-alive', 'Transfer-Encoding: chunked')}0\r\n\r\n`
    const received = await exchangeBytes(gateway.port, chunked + ask(gateway, 'GET /two HTTP/1.1'))
    expect(received).toMatch(/^HTTP\/1\.1 400 (?:(?!HTTP\/1\.1)[\s\S])*malformed-request/)
    expect(upstream.heads).toHaveLength(0)
  })
})

test('garbage behind two whole requests lets both be answered, then ends the connection', async () => {
  const { gateway, slow } = await start()
  const client = await RawSocket.connect(gateway.port)
  client.send(`${ask(gateway, 'GET /slow HTTP/1.1') + ask(gateway, 'GET /two HTTP/1.1')}\x00garbage\r\n\r\n`)
  await exchangeBytes(gateway.port, ask(gateway, 'GET /other HTTP/1.1', 'Connection: close'))
  slow[0]!()
  expect(await client.sawEnd()).toMatch(/\r\n\r\n\/slowHTTP\/1\.1 200 [\s\S]*\r\n\r\n\/two$/)
})

test.each(['HTTP/2.0', 'HTTP/0.9'])('%s is not spoken', async (version) => {
  const { upstream, gateway } = await start()
  const received = await exchangeBytes(gateway.port, ask(gateway, `GET /one ${version}`))
  expect(received).toMatch(/^HTTP\/1\.1 400 [\s\S]*malformed-request/)
  expect(upstream.heads).toHaveLength(0)
})

test.each(['9007199254740993', '9223372036854775815'])(
  'a length of %s is refused, not rounded',
  async (length) => {
    const { upstream, gateway } = await start()
    const received = await exchangeBytes(
      gateway.port,
      ask(gateway, 'POST /a HTTP/1.1', `Content-Length: ${length}`),
    )
    expect(received).toMatch(/^HTTP\/1\.1 413 [\s\S]*body-too-large/)
    expect(upstream.heads).toHaveLength(0)
  },
)

test('twins of special fields, which some servers read alike, go no further', async () => {
  const { upstream, gateway } = await start()
  const twins = [
    'Content_Length: 5',
    'Transfer_Encoding: chunked',
    'X_Forwarded_For: 9.9.9.9',
    'X_Api_Key: k',
  ]
  await exchangeBytes(
    gateway.port,
    ask(gateway, 'GET /a HTTP/1.1', 'Connection: close', 'my_field: 1', ...twins),
  )
  expect(upstream.heads[0]).toContain('my_field: 1')
  for (const twin of twins) expect(upstream.heads[0]).not.toContain(twin)
})
