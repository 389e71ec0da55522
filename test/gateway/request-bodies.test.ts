import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { checkedGateway, head, JSON_FIELD, leftBy, OK, post, problemOf } from '../support/checked-gateway.ts'
import { exchangeBytes, RawSocket } from '../support/raw-socket.ts'
import { until } from '../support/until.ts'

// Bodies that do not fit the OpenAPI file of their api: looked into once their call is let through.

describe('a body', () => {
  test.each(['Content-Length', 'chunked', 'Expect'])('that fits goes on byte by byte (%s)', async (how) => {
    const { gateway, bodies, upstream } = await checkedGateway()
    const body = '{ "amount" : 5.0 , "x":"\u00e9" }'
    const bytes = Buffer.byteLength(body)
    const client = await RawSocket.connect(gateway.port)
    const framing = how === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes}`
    const more = how === 'Expect' ? ['Expect: 100-continue'] : []
    client.send(head(gateway, 'POST', '/orders', JSON_FIELD, framing, ...more))
    if (how === 'Expect') await client.sees(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
    client.send(Buffer.from(how === 'chunked' ? `${bytes.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body))
    expect(await client.sees(/ok$/)).toMatch(/HTTP\/1\.1 200 /)
    expect(bodies).toEqual([Buffer.from(body).toString('latin1')])
    expect(upstream.heads[0]).toMatch(new RegExp(`content-length: ${bytes}(?:\r\n|$)`))
    expect(await gateway.events()).toMatchObject([{ outcome: 'ok', bytesReceived: bytes }])
  })

  test.each([
    { body: '{"amount":"x"}', code: 'invalid-request', status: 400, why: 'with a wrong value' },
    { body: '{}', code: 'invalid-request', status: 400, why: 'without a value' },
    { body: '{"amount":1', code: 'invalid-json', status: 400, why: 'that is no JSON' },
    { body: '{"amount":1}x', code: 'invalid-json', status: 400, why: 'with more than JSON' },
    {
      body: Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]),
      code: 'invalid-json',
      status: 400,
      why: 'in no UTF-8',
    },
    { body: gzipSync('{"amount":1}'), code: 'invalid-json', status: 400, why: 'coded without saying so' },
    { body: '['.repeat(200_000), code: 'invalid-json', status: 400, why: 'that is very deep' },
  ])(
    '$why is refused: quota and place given back, one row, nothing upstream',
    async ({ body, code, status }) => {
      const { upstream, gateway } = await checkedGateway()
      const received = await post(gateway, body)
      expect(received).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
      expect(problemOf(received).code).toBe(code)
      expect(received).toMatch(/^RateLimit: "tenant-day";r=9;.*"at-once";r=3;.*"calls-month";r=5;/m)
      expect(upstream.heads).toEqual([])
      expect(await leftBy(gateway)).toBe('8 2 4')
      const events = await gateway.events()
      expect(events).toMatchObject([
        { outcome: 'refused', refusal: code, statusCode: status, billable: false, count: 1 },
        { outcome: 'ok' },
      ])
    },
  )

  test.each(['Content-Length', 'chunked'])('of more than is looked into is refused: %s', async (how) => {
    const { upstream, gateway } = await checkedGateway({ policy: { bodyBytesMax: 100 } })
    const body = `{"amount":1,"x":"${'x'.repeat(100)}"}`
    const client = await RawSocket.connect(gateway.port)
    const framing = how === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`
    client.send(head(gateway, 'POST', '/orders', JSON_FIELD, framing))
    client.send(how === 'chunked' ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body)
    expect(await client.sees(/^HTTP\/1\.1 413 [\s\S]*"code":"body-too-large"/)).toBeDefined()
    expect(upstream.heads).toEqual([])
    expect(await leftBy(gateway)).toBe(how === 'chunked' ? '8 2 4' : '9 2 4')
  })

  test('of more than 4 MiB is not looked into, though the route takes it', async () => {
    const { gateway } = await checkedGateway()
    const body = `{"amount":1,"x":"${'x'.repeat(4 * 1024 * 1024)}"}`
    expect(await post(gateway, body)).toMatch(/^HTTP\/1\.1 413 /)
  })

  test('of another described type goes through unread', async () => {
    const { gateway, bodies } = await checkedGateway()
    const fields = ['Content-Type: text/csv', 'Content-Length: 3', 'Content-Encoding: gzip']
    const received = await exchangeBytes(
      gateway.port,
      `${head(gateway, 'POST', '/orders', ...fields, 'Connection: close')}a;b`,
    )
    expect(received).toMatch(/^HTTP\/1\.1 200 /)
    expect(bodies).toEqual(['a;b'])
  })

  test('that was read once may be sent twice: a PUT is tried again, and counted once', async () => {
    const { gateway, bodies } = await checkedGateway({}, (count) => (count === 1 ? '' : OK))
    const body = '{"amount":1}'
    const start = head(
      gateway,
      'PUT',
      '/orders',
      JSON_FIELD,
      `Content-Length: ${body.length}`,
      'Connection: close',
    )
    expect(await exchangeBytes(gateway.port, start + body)).toMatch(/^HTTP\/1\.1 200 /)
    expect(bodies).toEqual([body, body])
    expect(await gateway.events()).toMatchObject([{ outcome: 'ok', bytesReceived: body.length }])
  })
})

describe('a client that leaves while its body is read', () => {
  test('leaves one event behind, and no place taken', async () => {
    const { upstream, gateway } = await checkedGateway()
    for (const _ of Array(5)) {
      const client = await RawSocket.connect(gateway.port)
      client.send(`${head(gateway, 'POST', '/orders', JSON_FIELD, 'Content-Length: 100')}{"half`)
      client.socket.destroySoon()
    }
    const events = await until('all have their event', async () => {
      const found = await gateway.events()
      return found.length === 5 ? found : undefined
    })
    for (const event of events) {
      expect(event).toMatchObject({ outcome: 'client_aborted', statusCode: 0, billable: false })
      expect(event.bytesReceived).toBe(6)
    }
    expect(upstream.heads).toEqual([])
    expect(await leftBy(gateway)).toBe('4 2 4')
  })

  test('is waited for by the end of the gateway, so that its event is there', async () => {
    const { gateway } = await checkedGateway()
    const client = await RawSocket.connect(gateway.port)
    client.send(`${head(gateway, 'POST', '/orders', JSON_FIELD, 'Content-Length: 100')}{"half`)
    await until('it holds a place', async () =>
      (await leftBy(gateway)).split(' ')[1] === '1' ? true : undefined,
    )
    const before = (await gateway.events()).length
    await gateway.server.drain(50)
    await gateway.pipeline.allEnded()
    expect((await gateway.events()).slice(before)).toMatchObject([{ outcome: 'client_aborted' }])
  })
})
