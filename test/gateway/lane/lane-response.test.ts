import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { openClientLane } from '../../../src/gateway/lane/client-lane.ts'
import { LaneResponse } from '../../../src/gateway/lane/lane-response.ts'
import { ByteText } from '../../../src/lib/byte-text.ts'
import { certificateTexts } from '../../support/certificates.ts'
import { connectTls } from '../../support/tls-client.ts'
import { until } from '../../support/until.ts'

/** More than the system takes while nobody reads. */
const LARGE = `HTTP/1.1 200 OK\r\nContent-Length: 33554432\r\n\r\n${'x'.repeat(33_554_432)}`
const SMALL = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsmall'
const OTHERS = Buffer.alloc(33_554_432, '!')
const REQUEST = 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n'

function rendered(answer: string): ByteText {
  const bytes = new ByteText(answer.length)
  bytes.latin1(answer)
  return bytes
}

/** A server that answers with what it is given, in turn, and a client that reads when it is told to. */
async function scene(answers: readonly string[]) {
  const log: string[] = []
  const responses: LaneResponse[] = []
  const server = createServer()
  openClientLane(server, (_request, response: ServerResponse) => {
    if (!(response instanceof LaneResponse)) throw new Error('an answer of the lane')
    log.push('asked')
    responses.push(response)
    response.on('finish', () => log.push('finished'))
    const bytes = rendered(answers[responses.length - 1] ?? '')
    expect(response.endWith(bytes)).toBe(true)
    // What is rendered next is nothing of this answer, though it may go to the same memory.
    bytes.clear()
    bytes.bytes(OTHERS)
    log.push('written')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const client = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1')
  client.setEncoding('latin1')
  onTestFinished(() => {
    client.destroy()
    server.close()
  })
  await once(client, 'connect')
  return { log, responses, client }
}

test('a small answer is at its end when it is written: nothing is waited for', async () => {
  const { log, responses, client } = await scene([SMALL, SMALL])
  client.write(REQUEST)
  await until('an answer', () => log.includes('written') || undefined)
  expect(log).toEqual(['asked', 'finished', 'written'])
  expect(responses[0]).toMatchObject({ isSent: true, headersSent: true, writableEnded: true, socket: null })
  client.write(REQUEST)
  await until('the next', () => responses[1])
  let received = ''
  client.on('data', (text) => {
    received += text
  })
  await until('both', () => received === SMALL + SMALL || undefined)
})

test('an answer that the client has not taken is not at its end, and what he sends meanwhile waits for it', async () => {
  const { log, responses, client } = await scene([LARGE, SMALL])
  client.write(REQUEST)
  await until('an answer', () => log.includes('written') || undefined)
  client.write(REQUEST)
  expect(log).toEqual(['asked', 'written'])
  expect(responses[0]).toMatchObject({ isSent: false, headersSent: true, writableEnded: true })
  const received: string[] = []
  client.on('data', (text) => received.push(String(text)))
  await until('the end', () => responses[0]?.isSent || undefined)
  expect(log.slice(0, 3)).toEqual(['asked', 'written', 'finished'])
  await until('all', () => received.reduce((sum, { length }) => sum + length, 0) >= LARGE.length || undefined)
  expect(received.join('').slice(0, LARGE.length) === LARGE).toBe(true)
})

test('nothing is written behind what the client has not taken, and nothing to who is gone', async () => {
  const { log, responses, client } = await scene([LARGE])
  client.write(REQUEST)
  await until('an answer', () => log.includes('written') || undefined)
  expect(responses[0]?.endWith(rendered(SMALL))).toBe(false)
  client.destroy()
  await until('its end', () => responses[0]?.destroyed || undefined)
  expect(responses[0]).toMatchObject({ isSent: false })
  expect(responses[0]?.endWith(rendered(SMALL))).toBe(false)
  expect(log).toEqual(['asked', 'written'])
})

test('with TLS, where nothing is known at once, an answer goes the usual way', async () => {
  const pem = certificateTexts()
  const server = createTlsServer({ key: pem('server.key'), cert: pem('server.pem') })
  const took: boolean[] = []
  openClientLane(server, (_request, response: ServerResponse) => {
    if (!(response instanceof LaneResponse)) throw new Error('an answer of the lane')
    took.push(response.endWith(rendered(SMALL)))
    response.end('usual')
  })
  server.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const client = await connectTls(port, { rejectUnauthorized: false })
  client.write(REQUEST)
  expect(String((await once(client, 'data'))[0])).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*usual$/)
  expect(took).toEqual([false])
})
