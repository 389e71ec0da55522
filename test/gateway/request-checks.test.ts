import { describe, expect, test } from 'vitest'
import { checkedGateway, head, JSON_FIELD, leftBy, post, problemOf } from '../support/checked-gateway.ts'
import { route } from '../support/gateway.ts'
import { exchangeBytes, RawSocket } from '../support/raw-socket.ts'

// Requests that do not fit the OpenAPI file of their api: what shows in their heads.

describe('what does not fit in a head', () => {
  test('is refused before anything is counted, with each fault and its place, and logged', async () => {
    const { upstream, gateway } = await checkedGateway()
    const received = await exchangeBytes(
      gateway.port,
      head(gateway, 'GET', '/orders?limit=11', 'Connection: close'),
    )
    expect(received).toMatch(/^HTTP\/1\.1 400 /)
    expect(problemOf(received)).toMatchObject({
      code: 'invalid-request',
      detail: 'The request does not fit the description of this API: query limit must be at most 10.',
      errors: [{ in: 'query', pointer: 'limit', detail: 'must be at most 10' }],
    })
    expect(upstream.heads).toEqual([])
    expect(await leftBy(gateway)).toBe('9 2 4')
    expect(await gateway.events()).toMatchObject([
      { outcome: 'refused', refusal: 'invalid-request', tenantId: 'acme', statusCode: 400, billable: false },
      { outcome: 'ok' },
    ])
  })

  test('is not looked for in calls of those who may not call', async () => {
    const { gateway } = await checkedGateway()
    const bytes = head(gateway, 'GET', '/orders?limit=11', 'Connection: close')
    const stranger = await exchangeBytes(gateway.port, bytes.replace(gateway.secret, 'gz_live_wrong'))
    expect(stranger).toMatch(/^HTTP\/1\.1 401 /)
    expect(await gateway.events()).toEqual([])
  })

  test.each([
    { fields: [], why: 'a body that is missing', code: 'invalid-request', status: 400 },
    {
      fields: ['Content-Type: text/html', 'Content-Length: 2'],
      why: 'a type that no one described',
      code: 'unsupported-media-type',
      status: 415,
    },
    {
      fields: [JSON_FIELD, 'Content-Encoding: gzip', 'Content-Length: 2'],
      why: 'a coded body',
      code: 'unsupported-media-type',
      status: 415,
    },
    {
      fields: [JSON_FIELD, 'Content-Encoding: gzip', 'Transfer-Encoding: chunked', 'Expect: 100-continue'],
      why: 'a coded body that waits to be asked for',
      code: 'unsupported-media-type',
      status: 415,
    },
  ])('nor is $why asked for, read or counted', async ({ fields, code, status }) => {
    const { upstream, gateway } = await checkedGateway()
    const client = await RawSocket.connect(gateway.port)
    client.send(head(gateway, 'POST', '/orders', ...fields))
    const received = await client.sees(new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*"code":"${code}"`))
    expect(received).toContain(`gatez-error: ${code}\r\n`)
    expect(upstream.heads).toEqual([])
    expect(await leftBy(gateway)).toBe('9 2 4')
  })

  test('is left alone where the document says nothing, or the route is not to be checked', async () => {
    const { upstream, gateway } = await checkedGateway()
    for (const path of ['/other?limit=11', '/orders?other=1']) {
      const received = await exchangeBytes(gateway.port, head(gateway, 'GET', path, 'Connection: close'))
      expect(received).toMatch(/^HTTP\/1\.1 200 /)
    }
    expect(upstream.heads).toHaveLength(2)
    const unchecked = await checkedGateway({ policy: { validate: false } })
    expect(await post(unchecked.gateway, 'no json')).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('is refused to a WebSocket before the switch; one that fits is switched', async () => {
    const answer = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
    const { upstream, gateway } = await checkedGateway({}, () => answer)
    const wish = (path: string) =>
      head(gateway, 'GET', path, 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: k')
    expect(await exchangeBytes(gateway.port, wish('/orders?limit=x'))).toMatch(
      /^HTTP\/1\.1 400 [\s\S]*"code":"invalid-request"/,
    )
    expect(upstream.heads).toEqual([])
    const client = await RawSocket.connect(gateway.port)
    client.send(wish('/orders?limit=1'))
    expect(await client.sees(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 101 /)
  })
})

test('an open route is checked, too, and its refusals belong to no one', async () => {
  const { gateway } = await checkedGateway({ routes: [route({ auth: 'none' })] })
  expect(await post(gateway, '{}')).toMatch(/^HTTP\/1\.1 400 /)
  expect(await gateway.events()).toMatchObject([{ outcome: 'refused', tenantId: '' }])
})
