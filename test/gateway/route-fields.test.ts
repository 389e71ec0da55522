import { once } from 'node:events'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RoutePolicy } from '../../src/model/route-policy.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { exchangeBytes, RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'

// Header fields that the file takes out or puts in, on the way there and back.

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n'

async function scene(policy: Partial<RoutePolicy>, answer = `${OK}\r\nok`) {
  const upstream = await RawUpstream.answering(answer)
  const gateway = await startGateway({ upstreamPort: upstream.port, policy })
  return { upstream, gateway }
}

const request = (gateway: TestGateway, ...fields: readonly string[]) =>
  ['GET /a HTTP/1.1', 'Host: a', 'Connection: close', `x-api-key: ${gateway.secret}`, ...fields, '', ''].join(
    '\r\n',
  )

/** The lines of a head behind the first that are about `name`, whatever its spelling. */
function linesOf(head: string | undefined, name: string): string[] {
  const lines = (head ?? '').split('\r\n\r\n')[0]?.split('\r\n').slice(1) ?? []
  const alike = (line: string) => line.split(':')[0]?.toLowerCase().replaceAll('_', '-')
  return lines.filter((line) => alike(line) === name)
}

describe('fields of a request', () => {
  test('that are taken out reach no upstream, in any case and spelling, however often they are sent', async () => {
    const { upstream, gateway } = await scene({ requestFields: { remove: ['x-debug', 'cookie'], set: [] } })
    const sent = ['X-Debug: 1', 'x_debug: 2', 'x-DEBUG: 3', 'Cookie: a=b', 'Cookie: c=d', 'x-debugger: kept']
    await exchangeBytes(gateway.port, request(gateway, ...sent))
    expect(linesOf(upstream.heads[0], 'x-debug')).toEqual([])
    expect(linesOf(upstream.heads[0], 'cookie')).toEqual([])
    expect(linesOf(upstream.heads[0], 'x-debugger')).toEqual(['x-debugger: kept'])
  })

  test('that are put in take the place of all that the client sent', async () => {
    const requestFields = { remove: ['x-env', 'x-a-b'], set: ['X-Env', 'live', 'x-a-b', ''] }
    const { upstream, gateway } = await scene({ requestFields })
    const sent = ['x-env: test', 'X_ENV: forged', 'x_a_b: 1', 'x-a_b: 2', 'x_a-b: 3']
    await exchangeBytes(gateway.port, request(gateway, ...sent))
    expect(linesOf(upstream.heads[0], 'x-env')).toEqual(['X-Env: live'])
    expect(linesOf(upstream.heads[0], 'x-a-b')).toEqual(['x-a-b: '])
  })

  test('that tell who calls stand as gatez says, whatever is put in beside them', async () => {
    const { upstream, gateway } = await scene({
      requestFields: { remove: ['x-other'], set: ['x-other', '1'] },
    })
    await exchangeBytes(gateway.port, request(gateway, 'x-gatez-tenant: other', 'X_Gatez_Key: forged'))
    expect(linesOf(upstream.heads[0], 'x-gatez-tenant')).toEqual(['x-gatez-tenant: acme'])
    expect(linesOf(upstream.heads[0], 'x-gatez-key')).toEqual(['x-gatez-key: key_1'])
  })

  test('that hold the secret of an upstream are written by gatez alone, in any mix of - and _', async () => {
    const upstream = await RawUpstream.answering(`${OK}\r\nok`)
    const secret = { header: 'x-gateway-secret', value: 'a-secret-of-24-characters' }
    const gateway = await startGateway({
      api: { upstreams: [`http://127.0.0.1:${upstream.port}`], secret },
      policy: { requestFields: { remove: [], set: [] } },
    })
    const forged = ['x_gateway_secret: 1', 'x-gateway_secret: 2', 'X_Gateway-Secret: 3']
    await exchangeBytes(gateway.port, request(gateway, ...forged))
    expect(linesOf(upstream.heads[0], 'x-gateway-secret')).toEqual([`${secret.header}: ${secret.value}`])
  })

  test('any that a client may send: none of a name taken out, all others once and as they were', async () => {
    const requestFields = { remove: ['x-one', 'x-two-three'], set: ['x-one', 'ours'] }
    const { upstream, gateway } = await scene({ requestFields })
    const names = fc.constantFrom(
      'x-one',
      'X_One',
      'x-two-three',
      'x_TWO_three',
      'x-two',
      'x-three',
      'accept',
    )
    const values = fc.stringMatching(/^[!-~]{1,20}$/)
    const field = fc.tuple(names, values)
    await fc.assert(
      fc.asyncProperty(fc.array(field, { maxLength: 10 }), async (fields) => {
        const lines = fields.map(([name, value]) => `${name}: ${value}`)
        await exchangeBytes(gateway.port, request(gateway, ...lines))
        const head = upstream.heads.at(-1)
        expect(linesOf(head, 'x-one')).toEqual(['x-one: ours'])
        expect(linesOf(head, 'x-two-three')).toEqual([])
        for (const name of ['x-two', 'x-three', 'accept']) {
          expect(linesOf(head, name)).toEqual(lines.filter((line) => line.startsWith(`${name}:`)))
        }
      }),
      { numRuns: 40 },
    )
  })
})

describe('fields of an answer', () => {
  test('are taken out and put in, several of a name at once', async () => {
    const responseFields = {
      remove: ['server', 'set-cookie', 'x-powered-by', 'cache-control'],
      set: ['Cache-Control', 'no-store'],
    }
    const fields =
      'Server: a\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Powered-By: b\r\nCache-Control: public\r\n'
    const { gateway } = await scene({ responseFields }, `${OK}${fields}x-kept: 1\r\n\r\nok`)
    const received = await exchangeBytes(gateway.port, request(gateway))
    expect(linesOf(received, 'cache-control')).toEqual(['Cache-Control: no-store'])
    for (const name of ['server', 'set-cookie', 'x-powered-by']) expect(linesOf(received, name)).toEqual([])
    expect(linesOf(received, 'x-kept')).toEqual(['x-kept: 1'])
    expect(received).toMatch(/\r\n\r\nok$/)
  })

  test('hold for an answer without a date, in chunks, without a body, and to HEAD', async () => {
    const responseFields = { remove: ['x-inner', 'x-set'], set: ['x-set', 'yes'] }
    const answers = [
      `${OK}x-inner: 1\r\n\r\nok`,
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Inner: 1\r\n\r\n2\r\nok\r\n0\r\n\r\n',
      'HTTP/1.1 204 No Content\r\nX-Inner: 1\r\n\r\n',
    ]
    for (const answer of answers) {
      const { gateway } = await scene({ responseFields }, answer)
      for (const method of ['GET', 'HEAD']) {
        const received = await exchangeBytes(gateway.port, request(gateway).replace('GET', method))
        expect(linesOf(received, 'x-inner'), `${method} ${answer}`).toEqual([])
        expect(linesOf(received, 'x-set'), `${method} ${answer}`).toEqual(['x-set: yes'])
      }
    }
  })

  test('that are taken out are not said before or behind it either', async () => {
    const answer =
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nX-Inner: 1\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Inner\r\n\r\n2\r\nok\r\n0\r\nX-Inner: 1\r\nX-Sum: 2\r\n\r\n'
    const { gateway } = await scene({ responseFields: { remove: ['x-inner'], set: [] } }, answer)
    const received = await exchangeBytes(gateway.port, request(gateway, 'TE: trailers'))
    expect(received).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a>\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
    expect(received).toMatch(/\r\n0\r\nx-sum: 2\r\n\r\n$/)
    expect(received.toLowerCase()).not.toContain('x-inner')
  })

  test('hold for the switch to WebSocket, too', async () => {
    const answer =
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Inner: 1\r\n\r\n'
    const responseFields = { remove: ['x-inner', 'x-set'], set: ['x-set', 'yes'] }
    const { gateway } = await scene({ responseFields }, answer)
    const client = await RawSocket.connect(gateway.port)
    client.send(request(gateway, 'Upgrade: websocket').replace('Connection: close', 'Connection: Upgrade'))
    const received = await client.sees(/\r\n\r\n$/)
    expect(received).toMatch(/^HTTP\/1\.1 101 /)
    expect(linesOf(received, 'x-inner')).toEqual([])
    expect(linesOf(received, 'x-set')).toEqual(['x-set: yes'])
    client.socket.destroy()
    await once(client.socket, 'close')
  })

  test('leave alone what gatez says itself: limits and problems', async () => {
    const responseFields = { remove: ['x-request-id', 'gatez-error', 'content-type'], set: ['x-set', 'yes'] }
    const gateway = await startGateway({ policy: { responseFields } })
    const received = await exchangeBytes(gateway.port, request(gateway))
    expect(received).toMatch(/^HTTP\/1\.1 502 /)
    expect(linesOf(received, 'gatez-error')).toEqual(['gatez-error: upstream-unreachable'])
    expect(linesOf(received, 'content-type')).toEqual(['Content-Type: application/problem+json'])
  })
})

describe('maintenance', () => {
  const maintenance = { detail: 'We move house until noon.', retryAfterS: 90 }

  test('lets no call through, with a key or without, and counts none', async () => {
    const { upstream, gateway } = await scene({ maintenance })
    for (const bytes of [request(gateway), request(gateway).replace(/x-api-key: \S+\r\n/, '')]) {
      const received = await exchangeBytes(gateway.port, bytes)
      expect(received).toMatch(/^HTTP\/1\.1 503 /)
      expect(linesOf(received, 'retry-after')).toEqual(['Retry-After: 90'])
      expect(received).toContain('"code":"maintenance"')
      expect(received).toContain('"detail":"We move house until noon."')
    }
    expect(upstream.heads).toEqual([])
    expect(await gateway.events()).toEqual([])
  })

  test('asks for no upload', async () => {
    const { gateway } = await scene({ maintenance })
    const upload = request(gateway, 'Content-Length: 5', 'Expect: 100-continue').replace('GET', 'POST')
    expect(await exchangeBytes(gateway.port, upload)).toMatch(/^HTTP\/1\.1 503 /)
  })
})
