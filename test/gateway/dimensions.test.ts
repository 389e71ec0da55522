import { expect, test } from 'vitest'
import type { Dimension } from '../../src/model/dimension.ts'
import { startGateway } from '../support/gateway.ts'
import { exchangeBytes } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'

const DIMENSIONS: readonly Dimension[] = [
  { id: 'region', from: 'request-header', name: 'x-region', maxValues: 10 },
  { id: 'model', from: 'response-header', name: 'x-gatez-model', maxValues: 10 },
  { id: 'team', from: 'event', name: 'team', maxValues: 10 },
]

/** The event of a call with these header fields, and what the client got. */
async function call(fields: string, ofAnswer = '') {
  const upstream = await RawUpstream.answering(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${ofAnswer}\r\nok`)
  const gateway = await startGateway({ upstreamPort: upstream.port, dimensions: DIMENSIONS })
  const head = `GET /a HTTP/1.1\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\n`
  const received = await exchangeBytes(gateway.port, `${head}${fields}Connection: close\r\n\r\n`)
  const [event] = await gateway.events()
  return { event, received, upstream, gateway }
}

test('are read from the request and the answer; a field of ours stays with us, others pass', async () => {
  const { event, received, upstream } = await call('X-Region: eu\r\n', 'x-gatez-model: parrot-1\r\n')
  expect(event?.dimensions).toEqual({ region: 'eu', model: 'parrot-1' })
  expect(received).not.toMatch(/x-gatez-model/i)
  expect(upstream.heads[0]).toMatch(/x-region: eu/i)
})

test('that are not there are not there', async () => {
  expect((await call('')).event?.dimensions).toEqual({})
})

test('hold no key that a client put into the wrong field', async () => {
  const { gateway } = await call('')
  const { event } = await call(`X-Region: ${gateway.secret}\r\n`)
  expect(event?.dimensions).toEqual({ region: '(invalid)' })
})
