import { describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { takingUpstream } from '../support/slow-clients.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

const head = (gateway: TestGateway, method: string, ...fields: readonly string[]) =>
  [`${method} /a HTTP/1.1`, 'Host: a', `x-api-key: ${gateway.secret}`, ...fields, '', ''].join('\r\n')

describe('what Node waits for', () => {
  test('a head that does not end is answered 408, and so is a connection that says nothing', async () => {
    const gateway = await startGateway({ clients: { headMs: 300 } })
    const [slow, mute] = [await RawSocket.connect(gateway.port), await RawSocket.connect(gateway.port)]
    slow.send('GET /a HTTP/1.1\r\nHost: a\r\nx-slow: ')
    for (const client of [slow, mute]) {
      const received = await client.sawEnd()
      expect(received).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":"request-timeout"/)
      expect(received).toMatch(/\r\nConnection: close\r\n/)
    }
    expect(await gateway.events()).toEqual([])
  })

  test.each([10, 20_000])(
    'an upload of %d bytes is not: its body may take longer than a head',
    async (size) => {
      const { upstream, seen } = await takingUpstream(size)
      const gateway = await startGateway({ upstreamPort: upstream.port, clients: { headMs: 300 } })
      const client = await RawSocket.connect(gateway.port)
      const mute = await RawSocket.connect(gateway.port)
      client.send(`${head(gateway, 'POST', `Content-Length: ${size}`)}hello`)
      // By now heads have been looked at.
      await mute.sees(/ 408 /)
      const again = await RawSocket.connect(gateway.port)
      await again.sees(/ 408 /)
      client.send('x'.repeat(size - 5))
      await client.sees(/ok$/)
      expect(seen.bytes).toBe(size)
    },
  )

  test('a connection that is not used again is closed after the time the file gives, which clients are told', async () => {
    const upstream = await RawUpstream.answering(OK)
    const gateway = await startGateway({ upstreamPort: upstream.port, clients: { keepAliveMs: 1_000 } })
    const client = await RawSocket.connect(gateway.port)
    client.send(head(gateway, 'GET'))
    expect(await client.sees(/ok$/)).toMatch(/\r\nKeep-Alive: timeout=1\r\n/i)
    expect(await client.sawEnd()).toMatch(/ok$/)
    expect(client.brokenBy).toBeUndefined()
  })

  test('other times are in force with other rules', async () => {
    const upstream = await RawUpstream.answering(OK)
    const gateway = await startGateway({ upstreamPort: upstream.port })
    gateway.clients.replaceRules({ ...gateway.clients.rules, keepAliveMs: 1_000, headMs: 300 })
    gateway.server.replaceRules(null)
    const [client, mute] = [await RawSocket.connect(gateway.port), await RawSocket.connect(gateway.port)]
    client.send(head(gateway, 'GET'))
    expect(await client.sees(/ok$/)).toMatch(/\r\nKeep-Alive: timeout=1\r\n/i)
    expect(await mute.sawEnd()).toMatch(/ 408 /)
    await client.sawEnd()
  })
})
