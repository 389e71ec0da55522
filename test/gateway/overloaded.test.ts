import { expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { exchangeBytes, RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

const get = (gateway: TestGateway, path = '/a') =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\n\r\n`

test('while more arrives than can be done, calls are turned away at once and their connections closed', async () => {
  const upstream = await RawUpstream.answering(OK)
  let overloaded = true
  const gateway = await startGateway({ upstreamPort: upstream.port, isOverloaded: () => overloaded })
  const received = await exchangeBytes(gateway.port, get(gateway))
  expect(received).toMatch(/^HTTP\/1\.1 503 /)
  expect(received).toMatch(/\r\nRetry-After: 1\r\n/)
  expect(received).toMatch(/\r\nConnection: close\r\n/)
  expect(received).toMatch(/\r\ngatez-error: overloaded\r\n/)
  expect(received).toMatch(/\r\nx-request-id: \w+\r\n/)
  expect(JSON.parse(received.slice(received.indexOf('{')))).toMatchObject({
    type: 'https://iana.org/assignments/http-problem-types#temporary-reduced-capacity',
    code: 'overloaded',
    status: 503,
  })
  expect(upstream.heads).toEqual([])
  overloaded = false
  const client = await RawSocket.connect(gateway.port)
  client.send(get(gateway))
  await client.sees(/ok$/)
  // Turned away means nothing happened: no event, no counter.
  expect(await gateway.events()).toMatchObject([{ outcome: 'ok' }])
})

test('meanwhile gatez still says how it is, and that does not cost the connection', async () => {
  const gateway = await startGateway({ isOverloaded: () => true })
  const client = await RawSocket.connect(gateway.port)
  client.send(get(gateway, '/gatez/health'))
  expect(await client.sees(/"status":"ok"/)).toMatch(/^HTTP\/1\.1 200 /)
  client.send(get(gateway, '/gatez/health'))
  await client.sees(/"ok"[\s\S]*"ok"/)
})

test('a call under way goes on, and its connection with it', async () => {
  let answer = () => {}
  const upstream = await RawUpstream.start((socket) => {
    answer = () => socket.write(OK)
  })
  let overloaded = false
  const gateway = await startGateway({ upstreamPort: upstream.port, isOverloaded: () => overloaded })
  const client = await RawSocket.connect(gateway.port)
  client.send(get(gateway))
  await until('the upstream is asked', () => upstream.heads[0])
  overloaded = true
  answer()
  expect(await client.sees(/ok$/)).toMatch(/^HTTP\/1\.1 200 /)
  overloaded = false
  client.send(get(gateway))
  await until('the upstream is asked again', () => upstream.heads[1])
})

test('an upload that is turned away unread ends its connection, and a WebSocket gets no further', async () => {
  const gateway = await startGateway({ isOverloaded: () => true })
  const upload = `POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789${get(gateway)}`
  const received = await exchangeBytes(gateway.port, upload)
  expect(received.match(/HTTP\/1\.1 503/g)).toHaveLength(1)
  const upgrade = get(gateway).replace('\r\n\r\n', '\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  expect(await exchangeBytes(gateway.port, upgrade)).toMatch(/^HTTP\/1\.1 503 /)
  expect(gateway.alarms).toEqual([])
})
