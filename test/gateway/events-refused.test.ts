import { describe, expect, test } from 'vitest'
import { EVENTS_MAX } from '../../src/ingest/read-body.ts'
import { eventJson } from '../support/incoming-events.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { bearer, eventGateway, sendEvents } from '../support/send-events.ts'

describe('what is not taken', () => {
  test.each([
    { fields: ['Content-Type: text/plain'], status: 415, code: 'unsupported-media-type' },
    {
      fields: ['Content-Type: application/json; charset=latin1'],
      status: 415,
      code: 'unsupported-media-type',
    },
    { fields: ['Content-Encoding: gzip'], status: 415, code: 'unsupported-media-type' },
    { fields: ['Content-Type: application/cloudevents+json'], status: 422, code: 'invalid-event' },
    { fields: ['Content-Type: application/cloudevents-batch+json'], status: 422, code: 'invalid-event' },
    { body: '{', status: 400, code: 'invalid-json' },
    { body: '', status: 400, code: 'invalid-json' },
    { body: '{"a":"\ud800"}'.replace('\ud800', '\\ud800'), status: 422, code: 'invalid-event' },
    { body: '[]', status: 422, code: 'invalid-event' },
    { body: eventJson({}).replace('{', '{"value":9,'), status: 400, code: 'invalid-json' },
    { body: `${'['.repeat(500_000)}`, status: 400, code: 'invalid-json' },
    {
      body: eventJson({ value: 0 }).replace('0', `1${'0'.repeat(500_000)}1`),
      status: 400,
      code: 'invalid-json',
    },
    {
      body: `[${Array(EVENTS_MAX + 1)
        .fill('{}')
        .join(',')}]`,
      status: 413,
      code: 'body-too-large',
    },
    { body: ' '.repeat(1024 * 1024 + 1), status: 413, code: 'body-too-large' },
  ])('$code: $fields $status', async ({ fields = [], body, status, code }) => {
    const { gateway, token } = await eventGateway()
    const answer = await sendEvents(gateway, {
      fields: [bearer(token), ...fields],
      ...(body !== undefined && { body }),
    })
    expect(answer).toMatchObject({ status, body: { code } })
    expect(gateway.alarms).toEqual([])
  })

  test('a body of unknown length is cut off where it is too large', async () => {
    const { gateway, token } = await eventGateway()
    const client = await RawSocket.connect(gateway.port)
    client.send(
      `POST /v1/events HTTP/1.1\r\nHost: a\r\n${bearer(token)}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    )
    for (let piece = 0; piece < 17; piece += 1) client.send(`10000\r\n${' '.repeat(65_536)}\r\n`)
    expect(await client.sawEnd()).toMatch(/^HTTP\/1\.1 413 [\s\S]*body-too-large/)
  })

  test('bytes that are no UTF-8 are no JSON', async () => {
    const { gateway, token } = await eventGateway()
    const client = await RawSocket.connect(gateway.port)
    client.send(
      `POST /v1/events HTTP/1.1\r\nHost: a\r\n${bearer(token)}\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n`,
    )
    client.send(Buffer.from([0x22, 0xff, 0x22]))
    await client.sees(/invalid-json/)
  })

  test('a client that leaves halfway leaves nothing behind', async () => {
    const { gateway, token } = await eventGateway()
    const client = await RawSocket.connect(gateway.port)
    client.send(
      `POST /v1/events HTTP/1.1\r\nHost: a\r\n${bearer(token)}\r\nContent-Length: 100\r\n\r\n{"tenant`,
    )
    client.socket.destroy()
    expect(await sendEvents(gateway, { fields: [bearer(token)] })).toMatchObject({ status: 202 })
    expect(gateway.alarms).toEqual([])
  })

  test('a client that waits to be told to go on is told', async () => {
    const { gateway, token } = await eventGateway()
    const client = await RawSocket.connect(gateway.port)
    const body = eventJson()
    const fields = [bearer(token), 'Content-Type: application/json', `Content-Length: ${body.length}`]
    client.send(
      ['POST /v1/events HTTP/1.1', 'Host: a', 'Expect: 100-continue', ...fields, '', ''].join('\r\n'),
    )
    await client.sees(/^HTTP\/1\.1 100 /)
    client.send(body)
    await client.sees(/HTTP\/1\.1 202 /)
  })

  test('more than a tenant may report in a minute is 429 for its keys, not for tokens, and counts nothing', async () => {
    const { gateway, token } = await eventGateway({ eventsPerMinute: 3 })
    const own = (...ids: string[]) => {
      const body = `[${ids.map((id) => eventJson({ idempotency_key: id })).join(',')}]`
      return sendEvents(gateway, { fields: [`x-api-key: ${gateway.secret}`], body })
    }
    expect(await own('a', 'b')).toMatchObject({ status: 202 })
    const over = await own('c', 'd')
    expect(over).toMatchObject({ status: 429, body: { code: 'rate-limited' } })
    expect(over.received).toMatch(/\r\nRetry-After: 60\r\n/)
    expect(await own('c')).toMatchObject({ status: 202 })
    expect(await sendEvents(gateway, { fields: [bearer(token)] })).toMatchObject({ status: 202 })
    gateway.clock.advance(60_000)
    expect(await own('d')).toMatchObject({ status: 202, body: { accepted: 1, duplicates: 0 } })
  })

  test('a store that cannot be written to is 503, and the same events count later', async () => {
    const { gateway, token } = await eventGateway()
    const { transaction } = gateway.store
    Object.assign(gateway.store, { transaction: () => Promise.reject(new Error('disk full')) })
    const answer = await sendEvents(gateway, { fields: [bearer(token)] })
    expect(answer).toMatchObject({ status: 503, body: { code: 'store-unavailable' } })
    expect(answer.received).toMatch(/\r\nRetry-After: 1\r\n/)
    expect(gateway.alarms.splice(0)).toHaveLength(1)
    Object.assign(gateway.store, { transaction })
    expect(await sendEvents(gateway, { fields: [bearer(token)] })).toMatchObject({ status: 202 })
  })

  test('a gateway that has more to do than time says so', async () => {
    const { gateway, token } = await eventGateway({ isOverloaded: () => true })
    expect(await sendEvents(gateway, { fields: [bearer(token)] })).toMatchObject({
      status: 503,
      body: { code: 'overloaded' },
    })
  })
})
