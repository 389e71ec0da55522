import { describe, expect, test } from 'vitest'
import { plan } from '../support/control-store.ts'
import { route, startGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts'
import { exchangeBytes } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'

const ROUTES = [
  route({ id: 'read', methods: ['GET'], path: '/read' }),
  route({ id: 'ask', methods: ['GET'], path: '/ask', requires: ['ai'] }),
]
const DAY = {
  id: 'tenant-day',
  counts: 'requests',
  windowMs: 86_400_000,
  per: 'day',
  scope: 'tenant',
} as const

describe('a key that is narrowed', () => {
  test.each([
    { scope: { routes: ['read'] }, status: 200, why: 'the route is one of its own' },
    { scope: { routes: ['ask'] }, status: 403, why: 'the route is not one of its own' },
    { scope: { ips: ['127.0.0.0/8'] }, status: 200, why: 'the address is in its block' },
    {
      scope: { ips: ['10.0.0.0/8', '2001:db8::/32'] },
      status: 403,
      why: 'the address is in none of its blocks',
    },
  ])('$status: $why', async ({ scope, status }) => {
    const gateway = await start({ key: scope })
    const answer = await get(gateway, '/read')
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer.includes('"code":"key-not-allowed"')).toBe(status === 403)
    expect(await gateway.events()).toMatchObject([
      { statusCode: status, billable: status === 200, refusal: status === 403 ? 'key-not-allowed' : '' },
    ])
  })
})

describe('a tenant with overrides', () => {
  test('has the amount it was given in place of the plan’s', async () => {
    const overrides = { limits: { 'tenant-day': 2 }, quotas: {}, features: [] }
    const gateway = await start({ tenant: { overrides }, plans: [plan({ limits: [{ ...DAY, amount: 1 }] })] })
    expect(await get(gateway, '/read')).toContain('RateLimit: "tenant-day";r=1;')
    expect(await get(gateway, '/read')).toMatch(/^HTTP\/1\.1 200 /)
    expect(await get(gateway, '/read')).toMatch(/^HTTP\/1\.1 429 /)
  })

  test('has the features it was given on top of the plan’s, and the upstream learns of them', async () => {
    expect(await get(await start({}), '/ask')).toMatch(/^HTTP\/1\.1 403 /)
    const upstream = await RawUpstream.start((socket) => socket.write(OK))
    const overrides = { limits: {}, quotas: {}, features: ['ai'] }
    const gateway = await start({ tenant: { overrides }, upstreamPort: upstream.port })
    expect(await get(gateway, '/ask')).toMatch(/^HTTP\/1\.1 200 /)
    expect(upstream.heads[0]).toContain('x-gatez-features: ai')
  })
})

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

async function start(options: TestGatewayOptions): Promise<TestGateway> {
  const upstream = await RawUpstream.start((socket) => socket.write(OK))
  return startGateway({ upstreamPort: upstream.port, routes: ROUTES, ...options })
}

function get(gateway: TestGateway, path: string): Promise<string> {
  const request = `GET ${path} HTTP/1.1\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\nConnection: close\r\n\r\n`
  return exchangeBytes(gateway.port, request)
}
