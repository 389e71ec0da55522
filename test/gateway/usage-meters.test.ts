import { describe, expect, test } from 'vitest'
import type { Meter } from '../../src/model/meter.ts'
import { startGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts'
import { meter } from '../support/meters.ts'
import { exchangeBytes, RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

const TOKENS = meter({ from: 'openai-usage', field: 'total_tokens' })

const get = (gateway: TestGateway) =>
  `GET /v1/chat HTTP/1.1\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\nAccept-Encoding: gzip, br\r\nConnection: close\r\n\r\n`

const json = (body: string, fields = '') =>
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`

/** One call whose answer is these bytes. */
async function call(answer: string, meters: readonly Meter[], options: TestGatewayOptions = {}) {
  const upstream = await RawUpstream.answering(answer)
  const gateway = await startGateway({ upstreamPort: upstream.port, meters, ...options })
  const received = await exchangeBytes(gateway.port, get(gateway))
  const [event] = await gateway.events()
  return { gateway, received, event, upstream }
}

describe('tokens of a JSON answer', () => {
  const body = '{"id":"x","usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}'

  test('are read as it passes by: each meter its field, and not a byte is changed', async () => {
    const prompt = meter({ id: 'prompt', from: 'openai-usage', field: 'prompt_tokens' })
    const { received, event, upstream } = await call(json(body), [TOKENS, prompt])
    expect(event).toMatchObject({ billable: true, quantities: { tokens: '12', prompt: '9' } })
    expect(event?.leaks).toBeUndefined()
    expect(received.endsWith(`\r\n\r\n${body}`)).toBe(true)
    // What came compressed could not be read.
    expect(upstream.heads[0]?.toLowerCase()).toContain('accept-encoding: identity')
    expect(upstream.heads[0]).not.toContain('gzip')
  })

  test('are read on the routes that the meter names only, and others keep their codings', async () => {
    const { event, upstream } = await call(json(body), [{ ...TOKENS, routes: ['other'] }])
    expect(event).toMatchObject({ billable: true, quantities: {} })
    expect(event?.leaks).toBeUndefined()
    expect(upstream.heads[0]).toContain('gzip, br')
  })

  test('count where the status counts', async () => {
    const { event } = await call(json(body).replace('200 OK', '500 Oops'), [TOKENS])
    expect(event).toMatchObject({ billable: false, quantities: {} })
  })

  test('of an answer that the upstream broke off are not billed', async () => {
    const upstream = await RawUpstream.start((socket) => {
      socket.end(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n${body}`)
    })
    const gateway = await startGateway({ upstreamPort: upstream.port, meters: [TOKENS] })
    await exchangeBytes(gateway.port, get(gateway))
    expect(await gateway.events()).toMatchObject([{ outcome: 'upstream_truncated', billable: false }])
  })
})

describe('tokens of a stream of events', () => {
  const STREAM = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
  const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
  const say = (usage: string) => chunk(`data: {"choices":[],"usage":${usage}}\n\n`)

  test('are those of the last usage object', async () => {
    const stream = `${STREAM}${say('null')}${say('{"total_tokens":42}')}${chunk('data: [DONE]\n\n')}0\r\n\r\n`
    const { event, received } = await call(stream, [TOKENS])
    expect(event).toMatchObject({ quantities: { tokens: '42' }, billable: true, count: 1 })
    expect(received.endsWith(stream.slice(STREAM.length))).toBe(true)
  })

  test('that repeats the sum so far are metered as it goes: the parts add up to the last', async () => {
    const upstream = await RawUpstream.start((socket) => {
      socket.write(STREAM + say('{"total_tokens":10}'))
      socket.on('data', () => {})
    })
    const gateway = await startGateway({ upstreamPort: upstream.port, meters: [TOKENS] })
    const client = await RawSocket.connect(gateway.port)
    client.send(get(gateway))
    await client.sees(/:10\}/)
    gateway.clock.advance(1_000)
    await until('a part', async () => ((await gateway.events()).length === 1 ? true : undefined))
    const [socket] = upstream.sockets
    socket?.write(`${say('{"total_tokens":35}')}0\r\n\r\n`)
    await client.sees(/0\r\n\r\n$/)
    expect(await gateway.events()).toMatchObject([
      { outcome: 'open', quantities: { tokens: '10' } },
      { outcome: 'ok', quantities: { tokens: '25' } },
    ])
  })

  test('that the client left are those that were said, and what is missing is a leak', async () => {
    const named = { ...TOKENS, routes: ['all'] }
    const upstream = await RawUpstream.start((socket) => void socket.write(STREAM + say('null')))
    const gateway = await startGateway({ upstreamPort: upstream.port, meters: [named] })
    const client = await RawSocket.connect(gateway.port)
    client.send(get(gateway))
    await client.sees(/null/)
    client.socket.resetAndDestroy()
    const events = await until('the event', async () => {
      const found = await gateway.events()
      return found.length > 0 ? found : undefined
    })
    expect(events).toMatchObject([
      { outcome: 'client_aborted', quantities: {}, leaks: { tokens: 'missing' } },
    ])
  })
})

describe('what cannot be metered is on no bill, and on the list of leaks', () => {
  const named = { ...TOKENS, routes: ['all'] }
  const usage = (tokens: string) => json(`{"usage":{"total_tokens":${tokens}}}`)
  const header = meter({ from: 'header' })
  const reported = (value: string) => json('{}', `x-gatez-meter-tokens: ${value}\r\n`)

  test.each([
    { answer: reported('NaN'), meters: [header], reason: 'invalid', says: 'no quantity: "NaN"' },
    { answer: reported('-1'), meters: [header], reason: 'invalid', says: '"-1"' },
    { answer: reported('1e3'), meters: [header], reason: 'invalid', says: '"1e3"' },
    { answer: reported('0.1234567890123456'), meters: [header], reason: 'invalid', says: '"0.1234' },
    { answer: usage('1e3'), meters: [TOKENS], reason: 'invalid', says: '"1e3"' },
    { answer: usage('-7'), meters: [TOKENS], reason: 'invalid', says: '"-7"' },
    { answer: usage('{}'), meters: [named], reason: 'missing', says: 'no usage object' },
    { answer: json('{}'), meters: [named], reason: 'missing', says: 'no usage object' },
    {
      answer: json('zip', 'Content-Encoding: gzip\r\n'),
      meters: [TOKENS],
      reason: 'encoded',
      says: '"gzip"',
    },
    { answer: usage(`"${'9'.repeat(17_000)}"`), meters: [TOKENS], reason: 'too-long', says: '16 KiB' },
  ])('$reason: $says', async ({ answer, meters, reason, says }) => {
    const { gateway, event, received } = await call(answer, meters)
    expect(received).toMatch(/^HTTP\/1\.1 200 OK/)
    expect(event).toMatchObject({ billable: true, quantities: {}, leaks: { tokens: reason } })
    expect(gateway.warnings).toEqual([expect.stringContaining('calls of all are billed without tokens')])
    expect(gateway.warnings[0]).toContain(says)
  })

  test('an answer without usage is no leak where the meter names no routes', async () => {
    const { gateway, event } = await call(json('{"object":"list"}'), [TOKENS])
    expect(event?.leaks).toBeUndefined()
    expect(gateway.warnings).toEqual([])
  })

  test('nor is one that is not billed', async () => {
    const { event } = await call(reported('NaN'), [header], { key: { mode: 'test' } })
    expect(event).toMatchObject({ billable: false })
    expect(event?.leaks).toBeUndefined()
  })
})

test('a meter that counts counts any value once; one of distinct values keeps texts', async () => {
  const meters = [
    meter({ id: 'images', aggregation: 'count' }),
    meter({ id: 'users', aggregation: 'unique_count' }),
    meter({ id: 'peak', aggregation: 'max' }),
  ]
  const fields =
    'x-gatez-meter-images: 7\r\nx-gatez-meter-users: ann@example.com\r\nx-gatez-meter-peak: 3.50\r\n'
  const { event } = await call(json('{}', fields), meters)
  expect(event?.quantities).toEqual({ images: '1', users: 'ann@example.com', peak: '3.50' })
})
