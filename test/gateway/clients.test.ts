import { createServer, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Clients } from '../../src/gateway/clients.ts'
import { plainAddress } from '../../src/gateway/origin.ts'
import { ManualClock } from '../../src/lib/clock.ts'
import { makeSecret } from '../../src/model/key.ts'
import { makeCounterMemory, openLocalCounters } from '../../src/storage/open.ts'
import { NOON, plan } from '../support/control-store.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { CLIENT_RULES } from '../support/gateway-defaults.ts'
import { exchangeBytes, RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const OTHER = '127.0.0.2'

async function start(options: Parameters<typeof startGateway>[0]) {
  const upstream = await RawUpstream.answering(OK)
  return startGateway({ upstreamPort: upstream.port, ...options })
}

function request(gateway: TestGateway, key = gateway.secret, ...fields: readonly string[]): string {
  return ['GET /a HTTP/1.1', 'Host: a', `x-api-key: ${key}`, ...fields, '', ''].join('\r\n')
}

/** Whether a connection from an address is one that calls can be made on. */
async function answers(gateway: TestGateway, from?: string): Promise<boolean> {
  const client = await RawSocket.connect(gateway.port, from)
  client.send(request(gateway))
  await until('an answer or the end', () => client.received.endsWith('ok') || client.ended || undefined)
  return client.received.endsWith('ok')
}

describe('connections of one address', () => {
  test('stay up to the number allowed; one more is closed, one of another address is not', async () => {
    const gateway = await start({ clients: { connectionsPerIp: 3 } })
    for (let held = 0; held < 3; held += 1) expect(await answers(gateway)).toBe(true)
    expect(await answers(gateway)).toBe(false)
    expect(await answers(gateway, OTHER)).toBe(true)
  })

  test('free their place when they close, however they do', async () => {
    const gateway = await start({ clients: { connectionsPerIp: 2 } })
    for (let round = 0; round < 20; round += 1) {
      const ends = [await RawSocket.connect(gateway.port), await RawSocket.connect(gateway.port)] as const
      for (const client of ends) client.send(request(gateway))
      await Promise.all(ends.map((client) => client.sees(/ok$/)))
      expect(await answers(gateway)).toBe(false)
      ends[0].socket.end()
      ends[1].socket.resetAndDestroy()
      await until('both are gone', async () => ((await connections(gateway)) === 0 ? true : undefined))
    }
  })

  test('have the same places on all threads', async () => {
    const memory = makeCounterMemory(1)
    const warnings: string[] = []
    const threads = [clientsOn(memory, warnings), clientsOn(memory, warnings)]
    const sockets = await acceptedSockets(6)
    const stays = sockets.map((socket, index) => threads[index % 2]?.connect(socket))
    expect(stays).toEqual([true, true, true, true, false, false])
    sockets[0]?.destroy()
    await until('its place is free', () => threads[1]?.connect(sockets[4] as Socket) || undefined)
  })

  test('of a trusted proxy may be any number, and no places are kept for them', async () => {
    const clients = { connectionsPerIp: 1, trustedProxies: ['127.0.0.0/31'] }
    const gateway = await start({ clients })
    for (let held = 0; held < 5; held += 1) expect(await answers(gateway)).toBe(true)
    expect(await answers(gateway, OTHER)).toBe(true)
    expect(await answers(gateway, OTHER)).toBe(false)
  })

  test('that are closed are told of, once in ten seconds', async () => {
    const gateway = await start({ clients: { connectionsPerIp: 1 } })
    expect(await answers(gateway)).toBe(true)
    for (let more = 0; more < 3; more += 1) expect(await answers(gateway)).toBe(false)
    gateway.clock.advance(9_999)
    expect(await answers(gateway)).toBe(false)
    expect(gateway.warnings).toEqual([
      'connections of one address are closed (gateway.connections_per_ip): more than 1 from 127.0.0.1; ' +
        'a proxy belongs into gateway.trusted_proxies',
    ])
    gateway.clock.advance(1)
    expect(await answers(gateway)).toBe(false)
    expect(gateway.warnings).toHaveLength(2)
  })

  test('get another number with other rules, those that are open stay', async () => {
    const gateway = await start({ clients: { connectionsPerIp: 1 } })
    const first = await RawSocket.connect(gateway.port)
    first.send(request(gateway))
    await first.sees(/ok$/)
    gateway.clients.replaceRules({ ...gateway.clients.rules, connectionsPerIp: 2 })
    expect(await answers(gateway)).toBe(true)
    expect(await answers(gateway)).toBe(false)
    gateway.clients.replaceRules({ ...gateway.clients.rules, connectionsPerIp: null })
    expect(await answers(gateway)).toBe(true)
    first.send(request(gateway))
    await first.sees(/ok[\s\S]*ok$/)
  })
})

describe('calls whose key is not accepted', () => {
  const MINUTE_MS = 60_000

  test('of one address are refused as such up to the number allowed, then as too many, until the minute is over', async () => {
    const gateway = await start({ clients: { failedKeysPerMinute: 3 } })
    const guess = () => exchangeBytes(gateway.port, request(gateway, makeSecret('live'), 'Connection: close'))
    for (let call = 0; call < 3; call += 1) {
      expect(await guess()).toMatch(/^HTTP\/1\.1 401 [\s\S]*"code":"invalid-credential"/)
      gateway.clock.advance(10_000)
    }
    const refused = await guess()
    expect(refused).toMatch(/^HTTP\/1\.1 429 /)
    expect(refused).toMatch(/\r\nRetry-After: 30\r\n/)
    expect(refused).toMatch(/\r\ngatez-error: too-many-failed-keys\r\n/)
    expect(JSON.parse(refused.slice(refused.indexOf('{')))).toMatchObject({
      type: 'https://iana.org/assignments/http-problem-types#abnormal-usage-detected',
      code: 'too-many-failed-keys',
      status: 429,
    })
    // A refused one is not counted: who keeps guessing is let guess again as soon as who waits.
    gateway.clock.advance(MINUTE_MS / 2 - 1)
    expect(await guess()).toMatch(/^HTTP\/1\.1 429 [\s\S]*\r\nRetry-After: 1\r\n/)
    gateway.clock.advance(1)
    expect(await guess()).toMatch(/^HTTP\/1\.1 401 /)
    expect(await guess()).toMatch(/^HTTP\/1\.1 429 /)
  })

  test('keep nobody with a good key out, nor other addresses', async () => {
    const gateway = await start({ clients: { failedKeysPerMinute: 1, trustedProxies: ['127.0.0.1'] } })
    const guess = async (from: string) => {
      const fields = ['Connection: close', `X-Forwarded-For: ${from}`]
      const answer = await exchangeBytes(gateway.port, request(gateway, 'gz_live_guessed', ...fields))
      return Number(answer.slice(9, 12))
    }
    expect([await guess('203.0.113.7'), await guess('203.0.113.7')]).toEqual([401, 429])
    expect([await guess('203.0.113.8'), await guess('203.0.113.8')]).toEqual([401, 429])
    const good = request(gateway, gateway.secret, 'Connection: close', 'X-Forwarded-For: 203.0.113.7')
    expect(await exchangeBytes(gateway.port, good)).toMatch(/^HTTP\/1\.1 200 /)
    // All of an IPv6 block belongs to one who guesses.
    expect([await guess('2001:db8::1'), await guess('2001:db8::2:3:4:5')]).toEqual([401, 429])
    expect(await guess('2001:db8:0:1::1')).toBe(401)
  })

  test('are counted together on all endpoints, and none that carries no key at all', async () => {
    const gateway = await start({ clients: { failedKeysPerMinute: 2 } })
    const status = async (lines: readonly string[]) => {
      const answer = await exchangeBytes(gateway.port, [...lines, 'Connection: close', '', ''].join('\r\n'))
      return Number(answer.slice(9, 12))
    }
    const without = ['GET /a HTTP/1.1', 'Host: a']
    for (let call = 0; call < 5; call += 1) expect(await status(without)).toBe(401)
    expect(await status([...without, 'x-api-key: guessed'])).toBe(401)
    expect(await status([...without, 'Authorization: Bearer gz_live_guessed'])).toBe(401)
    expect(await status(['GET /gatez/usage HTTP/1.1', 'Host: a', 'x-api-key: guessed'])).toBe(429)
    expect(await status([...without, 'x-api-key: guessed'])).toBe(429)
    expect(await gateway.events()).toEqual([])
  })

  test('may be any number when the file says so, and more than are counted one by one', async () => {
    const gateway = await start({ clients: { failedKeysPerMinute: null } })
    const guess = async () => {
      const answer = await exchangeBytes(gateway.port, request(gateway, 'guessed', 'Connection: close'))
      return Number(answer.slice(9, 12))
    }
    for (let call = 0; call < 20; call += 1) expect(await guess()).toBe(401)
    gateway.clients.replaceRules({ ...gateway.clients.rules, failedKeysPerMinute: 1_001 })
    const { clients } = gateway
    const outcomes = Array.from({ length: 1_003 }, () => clients.failedKey('203.0.113.9', NOON)?.code)
    expect(outcomes.filter((code) => code === undefined)).toHaveLength(1_001)
    expect(outcomes.at(-1)).toBe('too-many-failed-keys')
  })

  test('from more addresses than there is memory for take nothing from tenants', async () => {
    const day = { counts: 'requests', amount: 5, windowMs: 86_400_000, per: 'day', scope: 'tenant' } as const
    const plans = [plan({ limits: [{ id: 'tenant-day', ...day }] })]
    const gateway = await start({ clients: { failedKeysPerMinute: 1 }, countersMib: 1, plans })
    // A mebibyte has room for some 3,000.
    for (let address = 0; address < 10_000; address += 1) {
      gateway.clients.failedKey(`10.${address >> 16}.${(address >> 8) & 255}.${address & 255}`, NOON)
    }
    const guess = () => gateway.clients.failedKey('203.0.113.7', gateway.clock.nowMs())?.code
    expect([guess(), guess()]).toEqual([undefined, undefined])
    expect(gateway.warnings).toEqual(['addresses are not limited: more of them call than can be counted'])
    expect(await answers(gateway)).toBe(true)
    // What was counted then is over a minute later.
    gateway.clock.advance(2 * MINUTE_MS)
    expect([guess(), guess()]).toEqual([undefined, 'too-many-failed-keys'])
  })
})

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::1', '::1'],
  ['2001:db8::1', '2001:db8::1'],
  [undefined, ''],
])('the address of a peer, %j as the socket gives it, is %j', (address, plain) => {
  expect(plainAddress(address)).toBe(plain)
})

function connections({ server }: TestGateway): Promise<number> {
  return new Promise((resolve) => server.server.getConnections((_error, count) => resolve(count)))
}

function clientsOn(memory: SharedArrayBuffer, warnings: string[]): Clients {
  return new Clients({
    rules: { ...CLIENT_RULES, connectionsPerIp: 4 },
    record: 'off',
    salt: 'salt',
    counters: openLocalCounters(memory),
    clock: new ManualClock(NOON),
    warn: (what) => warnings.push(what),
  })
}

/** The server's ends of new connections from this machine. */
async function acceptedSockets(count: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = []
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  await until('it listens', () => server.listening || undefined)
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  for (let made = 0; made < count; made += 1) await RawSocket.connect(port)
  return until('all are accepted', () => (sockets.length === count ? sockets : undefined))
}
