import { describe, expect, test } from 'vitest'
import type { Limit } from '../../src/model/plan.ts'
import type { Cors } from '../../src/model/route-policy.ts'
import { plan } from '../support/control-store.ts'
import { route, startGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts'
import { exchangeBytes } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'

// Which pages of other origins may call, and read what comes of it.

const PAGE = 'https://app.example.com'
const CORS: Cors = {
  origins: [PAGE],
  methods: [],
  headers: [],
  expose: ['x-total'],
  credentials: false,
  maxAgeS: 600,
}
const DAY: Limit = {
  id: 'tenant-day',
  counts: 'requests',
  amount: 2,
  windowMs: 86_400_000,
  per: 'day',
  scope: 'tenant',
}
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n'

async function scene(cors: Partial<Cors> | null = {}, options: TestGatewayOptions = {}, fields = '') {
  const upstream = await RawUpstream.answering(`${OK}${fields}\r\nok`)
  const policy = { cors: cors === null ? null : { ...CORS, ...cors } }
  const gateway = await startGateway({ upstreamPort: upstream.port, policy, ...options })
  return { upstream, gateway }
}

async function send(
  gateway: TestGateway,
  method: string,
  fields: Readonly<Record<string, string>>,
  path = '/a',
) {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  const received = await exchangeBytes(
    gateway.port,
    `${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines.join('')}\r\n`,
  )
  const [head = '', body = ''] = received.split('\r\n\r\n')
  const answer = new Map<string, string[]>()
  for (const line of head.split('\r\n').slice(1)) {
    const [name = '', ...value] = line.split(': ')
    answer.set(name.toLowerCase(), [...(answer.get(name.toLowerCase()) ?? []), value.join(': ')])
  }
  const allowed = [...answer.keys()].filter((name) => name.startsWith('access-control-'))
  return { status: Number(head.split(' ')[1]), field: (name: string) => answer.get(name), allowed, body }
}

const ask = (gateway: TestGateway, fields: Readonly<Record<string, string>> = {}, path = '/a') =>
  send(gateway, 'OPTIONS', { Origin: PAGE, 'Access-Control-Request-Method': 'POST', ...fields }, path)

describe('the question before a call', () => {
  test('is answered by gatez, without a key, and is no call', async () => {
    const { upstream, gateway } = await scene({}, { plans: [plan({ limits: [DAY] })] })
    for (const _ of Array(4)) {
      const answer = await ask(gateway, { 'Access-Control-Request-Headers': 'x-api-key,content-type' })
      expect(answer.status).toBe(204)
      expect(answer.field('access-control-allow-origin')).toEqual([PAGE])
      expect(answer.field('access-control-allow-methods')).toEqual(['POST'])
      expect(answer.field('access-control-allow-headers')).toEqual(['x-api-key,content-type'])
      expect(answer.field('access-control-max-age')).toEqual(['600'])
      expect(answer.field('vary')).toEqual([
        'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
      ])
      expect(answer.field('access-control-allow-credentials')).toBeUndefined()
      expect(answer.body).toBe('')
    }
    const call = await send(gateway, 'GET', { Origin: PAGE, 'x-api-key': gateway.secret })
    expect(call.field('ratelimit')?.[0]).toMatch(/^"tenant-day";r=1;/)
    expect(upstream.heads).toHaveLength(1)
    expect(await gateway.events()).toHaveLength(1)
  })

  test('names what the route or the file offers, not what was asked for', async () => {
    const routes = [route({ methods: ['GET', 'POST'] })]
    const { gateway } = await scene({}, { routes })
    expect((await ask(gateway)).field('access-control-allow-methods')).toEqual(['GET, POST'])
    const strict = await scene({ methods: ['GET'], headers: ['x-api-key'], credentials: true })
    const answer = await ask(strict.gateway, { 'Access-Control-Request-Headers': 'x-other' })
    expect(answer.field('access-control-allow-methods')).toEqual(['GET'])
    expect(answer.field('access-control-allow-headers')).toEqual(['x-api-key'])
    expect(answer.field('access-control-allow-credentials')).toEqual(['true'])
  })

  test.each([
    { fields: { Origin: 'https://evil.example.com' }, why: 'another host' },
    { fields: { Origin: `${PAGE}.evil.com` }, why: 'a host that begins alike' },
    { fields: { Origin: 'http://app.example.com' }, why: 'another scheme' },
    { fields: { Origin: `${PAGE}:8443` }, why: 'another port' },
    { fields: { Origin: 'null' }, why: 'no origin to speak of' },
  ])('of $why is not granted', async ({ fields }) => {
    const { gateway } = await scene()
    const answer = await ask(gateway, fields)
    expect(answer.status).toBe(204)
    expect(answer.allowed).toEqual([])
    expect(answer.field('vary')).toHaveLength(1)
  })

  test('from anywhere is granted to anyone where the file says so', async () => {
    const { gateway } = await scene({ origins: 'any' })
    const answer = await ask(gateway, { Origin: 'https://anyone.example' })
    expect(answer.field('access-control-allow-origin')).toEqual(['*'])
  })

  test.each(['x y', 'x\u00e9', 'a, <b>', '"x"', 'x;y'])(
    'with fields that are no names (%s) gets none back',
    async (headers) => {
      const { gateway } = await scene()
      const answer = await ask(gateway, {
        'Access-Control-Request-Headers': headers,
        'Access-Control-Request-Method': 'POST',
      })
      expect(answer.status).toBe(204)
      expect(answer.field('access-control-allow-headers')).toBeUndefined()
    },
  )

  test('about a path or method that is not there is answered as a call to it would be', async () => {
    const { upstream, gateway } = await scene({}, { routes: [route({ path: '/a', methods: ['GET'] })] })
    expect((await ask(gateway)).status).toBe(405)
    expect((await ask(gateway, {}, '/b')).status).toBe(404)
    expect(upstream.heads).toEqual([])
  })

  test('is the upstream’s to answer where the file says nothing', async () => {
    const routes = [route({ auth: 'none' })]
    const { upstream, gateway } = await scene(null, { routes }, 'Access-Control-Allow-Origin: x\r\n')
    const answer = await ask(gateway)
    expect(answer.field('access-control-allow-origin')).toEqual(['x'])
    expect(upstream.heads[0]).toMatch(/^OPTIONS \/a [\s\S]*access-control-request-method: POST/i)
  })

  test('and an ordinary OPTIONS are two things', async () => {
    const { upstream, gateway } = await scene()
    expect((await send(gateway, 'OPTIONS', { Origin: PAGE, 'x-api-key': gateway.secret })).status).toBe(200)
    const noPage = { 'Access-Control-Request-Method': 'POST', 'x-api-key': gateway.secret }
    expect((await send(gateway, 'OPTIONS', noPage)).status).toBe(200)
    expect(upstream.heads).toHaveLength(2)
  })

  test('is answered during maintenance, so that pages can read what they are told', async () => {
    const maintenance = { detail: 'Later.', retryAfterS: 60 }
    const { gateway } = await scene({}, { policy: { cors: CORS, maintenance } })
    expect((await ask(gateway)).field('access-control-allow-origin')).toEqual([PAGE])
    const call = await send(gateway, 'GET', { Origin: PAGE })
    expect(call.status).toBe(503)
    expect(call.field('access-control-allow-origin')).toEqual([PAGE])
  })
})

describe('an answer', () => {
  test('may be read by the page, with what gatez says of limits', async () => {
    const { gateway } = await scene({}, {}, 'Vary: Accept-Encoding\r\nX-Total: 9\r\n')
    const answer = await send(gateway, 'GET', { Origin: PAGE, 'x-api-key': gateway.secret })
    expect(answer.status).toBe(200)
    expect(answer.field('access-control-allow-origin')).toEqual([PAGE])
    const exposed = answer.field('access-control-expose-headers')?.[0]?.toLowerCase().split(', ')
    const wanted = ['ratelimit', 'ratelimit-policy', 'x-ratelimit-remaining', 'retry-after', 'x-request-id']
    expect(exposed).toEqual(expect.arrayContaining([...wanted, 'gatez-error', 'x-total']))
    expect(answer.field('vary')).toEqual(['Accept-Encoding', 'Origin'])
  })

  test('says nothing that the upstream says of origins', async () => {
    const fields =
      'Access-Control-Allow-Origin: *\r\nACCESS-CONTROL-ALLOW-CREDENTIALS: true\r\nAccess-Control-Expose-Headers: x\r\n'
    const { gateway } = await scene({}, {}, fields)
    const answer = await send(gateway, 'GET', { Origin: PAGE, 'x-api-key': gateway.secret })
    expect(answer.field('access-control-allow-origin')).toEqual([PAGE])
    expect(answer.field('access-control-allow-credentials')).toBeUndefined()
    expect(answer.field('access-control-expose-headers')).toHaveLength(1)
    for (const other of [{ Origin: 'https://evil.example.com' }, {}] as Record<string, string>[]) {
      const closed = await send(gateway, 'GET', { ...other, 'x-api-key': gateway.secret })
      expect(closed.allowed).toEqual([])
    }
  })

  test('depends on who asked, and says so even where no page did', async () => {
    const { gateway } = await scene()
    expect((await send(gateway, 'GET', { 'x-api-key': gateway.secret })).field('vary')).toEqual(['Origin'])
    const any = await scene({ origins: 'any' })
    const answer = await send(any.gateway, 'GET', { Origin: PAGE, 'x-api-key': any.gateway.secret })
    expect(answer.field('vary')).toBeUndefined()
    expect(answer.field('access-control-allow-origin')).toEqual(['*'])
  })

  test.each([
    { status: 401, key: '' },
    { status: 429, key: 'right' },
    { status: 502, key: 'right' },
  ])('that is a refusal ($status) may be read by the page, too', async ({ status, key }) => {
    const { upstream, gateway } = await scene({}, { plans: [plan({ limits: [DAY] })] })
    const fields = { Origin: PAGE, 'x-api-key': key === '' ? 'gz_live_wrong' : gateway.secret }
    if (status === 429) for (const _ of Array(2)) await send(gateway, 'GET', fields)
    if (status === 502) upstream.stop()
    const answer = await send(gateway, 'GET', fields)
    expect(answer.status).toBe(status)
    expect(answer.field('access-control-allow-origin')).toEqual([PAGE])
    expect(answer.field('access-control-expose-headers')?.[0]).toContain('gatez-error')
  })

  test('that gatez and the file both speak in: the last word on origins is CORS’s', async () => {
    const responseFields = {
      remove: ['access-control-allow-origin'],
      set: ['Access-Control-Allow-Origin', '*'],
    }
    const { gateway } = await scene({}, { policy: { cors: CORS, responseFields } })
    const answer = await send(gateway, 'GET', { Origin: PAGE, 'x-api-key': gateway.secret })
    expect(answer.field('access-control-allow-origin')).toEqual([PAGE])
  })
})
