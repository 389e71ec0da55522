import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { startGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'

// The test's own connections are the proxies: 127.0.0.1 is trusted, 127.0.0.2 is not.
const PROXY = '127.0.0.1'
const STRANGER = '127.0.0.2'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

async function start(options: TestGatewayOptions = {}) {
  const upstream = await RawUpstream.answering(OK)
  const clients = { trustedProxies: [PROXY, '10.0.0.0/8'], ...options.clients }
  const gateway = await startGateway({ upstreamPort: upstream.port, ...options, clients })
  return { upstream, gateway }
}

/** Sends one call with these fields from an address of this machine, and resolves to the answer. */
async function call({ port, secret }: TestGateway, fields: readonly string[], from = PROXY): Promise<string> {
  const client = await RawSocket.connect(port, from)
  const lines = ['GET /a HTTP/1.1', 'Host: api.test', `x-api-key: ${secret}`, 'Connection: close', ...fields]
  client.send([...lines, '', ''].join('\r\n'))
  const answer = await client.sawEnd()
  client.socket.destroy()
  return answer
}

/** What the upstream was told of where a call comes from. */
function told(head: string | undefined): Readonly<Record<string, string>> {
  const fields = (head ?? '').split('\r\n').slice(1)
  const pairs = fields.map((line) => [
    line.slice(0, line.indexOf(':')).toLowerCase(),
    line.slice(line.indexOf(':') + 2),
  ])
  return Object.fromEntries(pairs.filter(([name]) => /forwarded|real|client-ip/.test(name ?? '')))
}

const FORGED = [
  ...['X-Forwarded-For: 6.6.6.6', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: evil.test'],
  ...['Forwarded: for=6.6.6.6;host=evil.test;proto=https', 'X-Real-IP: 6.6.6.6', 'X_Forwarded_For: 6.6.6.6'],
  ...['X-Forwarded-Prefix: /evil', 'X-FORWARDED-User: root', 'X-Forwarded-Port: 1', 'x-forwarded_ssl: on'],
]

describe('what the upstream is told', () => {
  test('of a stranger is where it connected from, whatever it says', async () => {
    const { gateway, upstream } = await start()
    await call(gateway, FORGED, STRANGER)
    expect(told(upstream.heads[0])).toEqual({
      'x-forwarded-for': STRANGER,
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'api.test',
      forwarded: `for=${STRANGER};host="api.test";proto=http`,
    })
  })

  test('through proxies is the client, and them, and both spellings agree', async () => {
    const { gateway, upstream } = await start()
    const proto = ['X-Forwarded-Proto: https', 'X-Forwarded-Host: www.test']
    await call(gateway, ['X-Forwarded-For: 6.6.6.6, 2001:db8::7, 10.0.0.9', ...proto])
    expect(told(upstream.heads[0])).toEqual({
      'x-forwarded-for': `2001:db8::7, 10.0.0.9, ${PROXY}`,
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'www.test',
      forwarded: `for="[2001:db8::7]";host="www.test";proto=https, for=10.0.0.9, for=${PROXY}`,
    })
  })

  test('of the other X-Forwarded-* is what a proxy says, as it came, but for what is for one hop', async () => {
    const { gateway, upstream } = await start()
    const others = ['X-Forwarded-Prefix: /shop', 'x-forwarded-user: ann', 'X-Forwarded-User: bob']
    await call(gateway, [
      ...others,
      'Connection: x-forwarded-hop',
      'X-Forwarded-Hop: 1',
      'X_Forwarded-Ssl: on',
    ])
    const lines = upstream.heads[0]?.split('\r\n') ?? []
    expect(lines.filter((line) => /prefix|user|hop|ssl/i.test(line))).toEqual(others)
  })

  test('is the same when the proxies write Forwarded', async () => {
    const { gateway, upstream } = await start({ clients: { forwardedBy: 'forwarded' } })
    const forwarded = 'Forwarded: for=6.6.6.6;x=", for="[2001:db8::7]:80";proto=https;host="www.test"'
    await call(gateway, ['X-Forwarded-For: 6.6.6.6', forwarded, 'Forwarded: for=10.0.0.9'])
    expect(told(upstream.heads[0])).toEqual({
      'x-forwarded-for': `2001:db8::7, 10.0.0.9, ${PROXY}`,
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'www.test',
      forwarded: `for="[2001:db8::7]";host="www.test";proto=https, for=10.0.0.9, for=${PROXY}`,
    })
  })

  test('changes with the rules in force', async () => {
    const { gateway, upstream } = await start()
    gateway.clients.replaceRules({ ...gateway.clients.rules, trustedProxies: [STRANGER] })
    await call(gateway, FORGED)
    expect(told(upstream.heads[0])['x-forwarded-for']).toBe(PROXY)
    await call(gateway, FORGED, STRANGER)
    expect(told(upstream.heads[1])['x-forwarded-for']).toBe(`6.6.6.6, ${STRANGER}`)
  })
})

describe('the address that counts is the client’s', () => {
  const key = { ips: ['203.0.113.0/24'] }

  test('for the addresses a key may be used from', async () => {
    const { gateway } = await start({ key })
    expect(await call(gateway, ['X-Forwarded-For: 203.0.113.7'])).toMatch(/^HTTP\/1\.1 200 /)
    expect(await call(gateway, ['X-Forwarded-For: 203.0.113.7, 198.51.100.1'])).toMatch(/^HTTP\/1\.1 403 /)
    const forged = await call(gateway, ['X-Forwarded-For: 203.0.113.7'], STRANGER)
    expect(forged).toMatch(/^HTTP\/1\.1 403 [\s\S]*"code":"key-not-allowed"/)
  })

  test('for a customer that asks for its own figures, too', async () => {
    const { gateway } = await start({ key })
    const ask = async (address: string) => {
      const client = await RawSocket.connect(gateway.port)
      const fields = [`x-api-key: ${gateway.secret}`, `X-Forwarded-For: ${address}`, 'Connection: close']
      client.send(['GET /gatez/usage HTTP/1.1', 'Host: a', ...fields, '', ''].join('\r\n'))
      return client.sawEnd()
    }
    expect(await ask('198.51.100.1')).toMatch(/^HTTP\/1\.1 403 [\s\S]*"code":"key-not-allowed"/)
    // Past the gate it fails only because there is no ledger here.
    expect(await ask('203.0.113.7')).toMatch(/^HTTP\/1\.1 503 /)
  })

  test('in events: whole, or as a hash that is the same for the same address, or not at all', async () => {
    const recorded = async (clientIp: 'full' | 'hash' | 'off') => {
      const { gateway } = await start({ clientIp, key })
      for (const address of ['203.0.113.7', '203.0.113.8', '203.0.113.7', '198.51.100.1']) {
        await call(gateway, [`X-Forwarded-For: 6.6.6.6, ${address}`])
      }
      return (await gateway.events()).map((event) => event.clientIp)
    }
    // The last one was refused.
    expect(await recorded('full')).toEqual(['203.0.113.7', '203.0.113.8', '203.0.113.7', '198.51.100.1'])
    expect(await recorded('off')).toEqual(['', '', '', ''])
    const hashes = await recorded('hash')
    expect(new Set(hashes).size).toBe(3)
    expect(hashes[2]).toBe(hashes[0])
    for (const hash of hashes) expect(hash).toMatch(/^[\w-]{22}$/)
  })
})

describe('whatever bytes stand in these fields', () => {
  const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code))
  const piece = fc.oneof(
    byte,
    fc.constantFrom(
      'for=',
      '"',
      '\\',
      ',',
      ';',
      '6.6.6.6',
      '10.0.0.9',
      '[2001:db8::6]',
      'proto=https',
      'host=',
    ),
  )
  const value = fc.array(piece, { maxLength: 16 }).map((pieces) => pieces.join(''))
  const name = fc.constantFrom(
    'X-Forwarded-For',
    'X-Forwarded-Proto',
    'X-Forwarded-Host',
    'Forwarded',
    'X-Real-IP',
  )
  const fields = fc.array(
    fc.tuple(name, value).map(([field, text]) => `${field}: ${text}`),
    { maxLength: 5 },
  )

  test.each(['x-forwarded-for', 'forwarded'] as const)(
    'the upstream gets well-formed fields, and no address that none of our proxies named: %s',
    async (forwardedBy) => {
      const { gateway, upstream } = await start({ clients: { forwardedBy } })
      const written = {
        'x-forwarded-for': 'X-Forwarded-For: 203.0.113.7',
        forwarded: 'Forwarded: for="203.0.113.7"',
      }
      await fc.assert(
        fc.asyncProperty(fields, fc.boolean(), async (sent, trusted) => {
          const seen = upstream.heads.length
          const from = trusted ? PROXY : STRANGER
          await call(gateway, [...sent, written[forwardedBy]], from)
          // A CR, LF or NUL is no part of a field: such a call goes nowhere, or its fields end there.
          for (const head of upstream.heads.slice(seen)) {
            expect(head).toMatch(/^(?:[\x20-\x7e]|\r\n)+$/)
            const client = trusted ? '203.0.113.7' : STRANGER
            const chain = trusted ? `203.0.113.7, ${PROXY}` : STRANGER
            const fieldsTold = told(head)
            expect(Object.keys(fieldsTold).sort()).toEqual([
              'forwarded',
              'x-forwarded-for',
              'x-forwarded-host',
              'x-forwarded-proto',
            ])
            expect(fieldsTold['x-forwarded-for']).toBe(chain)
            expect(fieldsTold.forwarded?.startsWith(`for=${client};host="`)).toBe(true)
            for (const address of chain.split(', ')) expect(isIP(address)).toBe(4)
          }
        }),
        { numRuns: 150 },
      )
      expect(upstream.heads.length).toBeGreaterThan(30)
      expect(gateway.alarms).toEqual([])
    },
  )
})
