import { describe, expect, test } from 'vitest'
import { CATALOGUE, type ErrorCode } from '../../src/errors/catalogue.ts'
import type { Limit } from '../../src/model/plan.ts'
import { plan } from '../support/control-store.ts'
import { route, startGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts'
import { exchangeBytes, RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

// Every problem the gateway can answer with, each provoked on a real socket.

interface Case {
  readonly code: ErrorCode
  readonly why: string
  readonly options?: TestGatewayOptions
  /** The bytes that provoke it. */
  readonly bytes: (gateway: TestGateway) => string
  /** What the upstream answers; without it there is none. */
  readonly upstream?: string
  /** Fields of the problem that belong to this case. */
  readonly extra?: Readonly<Record<string, unknown>>
  /** Logged under the tenant. */
  readonly logged?: boolean
}

const MINUTE: Limit = {
  id: 'tenant-minute',
  counts: 'requests',
  amount: 1,
  windowMs: 60_000,
  per: 'minute',
  scope: 'tenant',
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

const request = (line: string, ...fields: readonly string[]) =>
  [`${line} HTTP/1.1`, 'Host: a', 'Connection: close', ...fields, '', ''].join('\r\n')
const withKey = (line: string) => (gateway: TestGateway) => request(line, `x-api-key: ${gateway.secret}`)
/** The same call twice on one connection: the first is let through. */
const twice = (gateway: TestGateway) =>
  withKey('GET /a')(gateway).replace('Connection: close\r\n', '') + withKey('GET /a')(gateway)

const CASES: readonly Case[] = [
  { code: 'malformed-request', why: 'no HTTP', bytes: () => 'nonsense\r\n\r\n' },
  { code: 'invalid-target', why: 'dot segments', bytes: () => request('GET /a/../b') },
  {
    code: 'duplicate-credential',
    why: 'two keys',
    bytes: () => request('GET /a', 'x-api-key: a', 'x-api-key: b'),
  },
  { code: 'missing-credential', why: 'no key', bytes: () => request('GET /a') },
  {
    code: 'invalid-credential',
    why: 'a made-up key',
    bytes: () => request('GET /a', 'x-api-key: gz_live_x'),
  },
  {
    code: 'route-not-in-plan',
    why: 'a route of another plan',
    options: { plans: [plan({ routes: [] }), plan({ id: 'pro', name: 'Pro' })] },
    bytes: withKey('GET /a'),
    extra: { plan: 'free', route: 'all', upgrade_to: ['pro'] },
    logged: true,
  },
  {
    code: 'feature-not-in-plan',
    why: 'a feature of another plan',
    options: {
      routes: [route({ requires: ['ai'] })],
      features: [{ id: 'ai', label: 'AI endpoints' }],
      plans: [plan(), plan({ id: 'pro', name: 'Pro', features: ['ai'] })],
    },
    bytes: withKey('GET /a'),
    extra: { feature: 'ai', upgrade_to: ['pro'], detail: 'AI endpoints requires the Pro plan or higher.' },
    logged: true,
  },
  {
    code: 'no-route',
    why: 'a path nothing serves',
    options: { routes: [route({ path: '/v1/search' })] },
    bytes: withKey('GET /v2'),
  },
  {
    code: 'method-not-allowed',
    why: 'another method',
    options: { routes: [route({ methods: ['GET', 'HEAD'] })] },
    bytes: withKey('DELETE /a'),
  },
  { code: 'expectation-failed', why: 'an odd wish', bytes: () => request('GET /a', 'Expect: a-wonder') },
  { code: 'target-too-long', why: '8,193 characters', bytes: withKey(`GET /${'a'.repeat(8_192)}`) },
  {
    code: 'rate-limited',
    why: 'a second call where one is allowed',
    options: { plans: [plan({ limits: [MINUTE] })] },
    upstream: OK,
    bytes: twice,
    extra: { plan: 'free', 'violated-policies': ['tenant-minute'], resets_at: '2026-03-10T12:01:00.000Z' },
    logged: true,
  },
  {
    code: 'quota-exceeded',
    why: 'a second call in a month of one',
    options: {
      plans: [
        plan({
          quotas: [{ id: 'calls-month', meter: 'calls', per: 'month', included: '1', onExceed: 'block' }],
        }),
      ],
    },
    upstream: OK,
    bytes: twice,
    extra: { plan: 'free', 'violated-policies': ['calls-month'], resets_at: '2026-04-01T00:00:00.000Z' },
    logged: true,
  },
  {
    code: 'headers-too-large',
    why: '16 KiB of them',
    bytes: () => request('GET /a', `x: ${'a'.repeat(17_000)}`),
  },
  {
    code: 'headers-too-large',
    why: '101 fields',
    bytes: () => request('GET /a', ...Array.from({ length: 99 }, (_, index) => `x-${index}: a`)),
  },
  {
    code: 'unsupported-transfer-coding',
    why: 'gzip, chunked',
    bytes: () => `${request('POST /a', 'Transfer-Encoding: gzip, chunked')}0\r\n\r\n`,
  },
  { code: 'upstream-unreachable', why: 'nothing listens there', bytes: withKey('GET /a') },
  {
    code: 'upstream-invalid-response',
    why: 'garbage',
    upstream: 'garbage\r\n\r\n',
    bytes: withKey('GET /a'),
  },
  {
    code: 'upstream-timeout',
    why: 'silence',
    upstream: '',
    options: { timeouts: { headersMs: 100 } },
    bytes: withKey('GET /a'),
  },
]

describe('the problems of the gateway', () => {
  test.each(CASES)('$code: $why', async (each) => {
    const gateway = await gatewayFor(each)
    const received = await exchangeBytes(gateway.port, each.bytes(gateway))
    const { head, problem } = lastProblem(received)
    const { status, title } = CATALOGUE[each.code]
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(fieldOf(head, 'content-type')).toBe('application/problem+json')
    expect(fieldOf(head, 'gatez-error')).toBe(each.code)
    const requestId = fieldOf(head, 'x-request-id')
    expect(requestId).toMatch(/^[0-9A-Z]{26}$/)
    expect(problem).toMatchObject({
      code: each.code,
      title,
      status,
      detail: expect.stringMatching(/^[A-Z].*\.$/s),
      instance: `urn:gatez:request:${requestId}`,
      request_id: requestId,
      ...each.extra,
    })
    expect(fieldOf(head, 'retry-after') !== undefined).toBe(status === 429)
    if (status === 401) expect(fieldOf(head, 'www-authenticate')).toBe('Bearer realm="gatez"')
    if (status === 405) expect(fieldOf(head, 'allow')).toBe('GET, HEAD')
    expect(received).not.toContain(gateway.secret)
    expect(received).not.toMatch(/127\.0\.0\.1|ECONN|UND_ERR|\bat .*\.ts/)
    gateway.pipeline.flush(true)
    const logged = (await gateway.events()).filter((event) => event.outcome === 'refused')
    expect(logged.map((event) => [event.refusal, event.tenantId, event.billable])).toEqual(
      each.logged ? [[each.code, 'acme', false]] : [],
    )
    expect(gateway.alarms).toEqual([])
  })

  test('request-timeout: a head that does not end', async () => {
    const gateway = await startGateway()
    gateway.server.server.headersTimeout = 100
    const client = await RawSocket.connect(gateway.port)
    client.send('GET /a HTTP/1.1\r\nHost: a\r\n')
    const { head, problem } = lastProblem(await client.sawEnd(10_000))
    expect(head).toMatch(/^HTTP\/1\.1 408 /)
    expect(problem).toMatchObject({ code: 'request-timeout', status: 408 })
  })

  test('request-timeout: a body that does not end is cut off at the upstream too, and not billed', async () => {
    const upstream = await RawUpstream.start(() => {})
    const gateway = await startGateway({ upstreamPort: upstream.port, timeouts: { headersMs: 20_000 } })
    // Node takes the smaller of the two for heads, the larger for whole requests.
    gateway.server.server.headersTimeout = 200
    gateway.server.server.requestTimeout = 300
    const client = await RawSocket.connect(gateway.port)
    client.send(request('POST /a', `x-api-key: ${gateway.secret}`, 'Content-Length: 10'))
    expect(lastProblem(await client.sawEnd(10_000)).problem).toMatchObject({ code: 'request-timeout' })
    expect(await gateway.events()).toMatchObject([{ outcome: 'client_aborted', billable: false }])
  })

  test('limiter-unavailable: a table with no room for one more counter says so, and recovers', async () => {
    const keyed = { ...MINUTE, id: 'route-minute', scope: 'route' as const, amount: 5 }
    const routes = Array.from({ length: 5_000 }, (_, index) => route({ id: `r${index}`, path: `/r${index}` }))
    const upstream = await RawUpstream.answering(OK)
    const gateway = await startGateway({
      upstreamPort: upstream.port,
      routes,
      plans: [plan({ limits: [keyed] })],
      countersMib: 1,
    })
    const client = await RawSocket.connect(gateway.port)
    for (
      let sent = 0;
      sent < routes.length && !client.received.includes('limiter-unavailable');
      sent += 100
    ) {
      client.received = ''
      for (let call = 0; call < 100; call += 1) {
        client.send(
          request(`HEAD /r${sent + call}`, `x-api-key: ${gateway.secret}`).replace(
            'Connection: close\r\n',
            '',
          ),
        )
      }
      await until('all are answered', () => client.received.split('HTTP/1.1 ').length > 100 || undefined)
    }
    expect(client.received).toMatch(/HTTP\/1\.1 503 [\s\S]*?gatez-error: limiter-unavailable/)
    expect(client.received).toMatch(/Retry-After: 1\r\n/)
    expect(client.received).not.toMatch(/gatez-error: limiter-unavailable[\s\S]{0,200}RateLimit:/)
    gateway.clock.advance(120_000)
    expect(await exchangeBytes(gateway.port, withKey('GET /r4999')(gateway))).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('internal: a fault of ours tells the client its request id, and the log the rest', async () => {
    const gateway = await startGateway()
    gateway.server.server.prependOnceListener('request', (incoming) => {
      Object.defineProperty(incoming, 'rawHeaders', {
        get() {
          throw new Error('a fault with a secret in it')
        },
      })
    })
    const { head, problem } = lastProblem(await exchangeBytes(gateway.port, request('GET /a')))
    expect(head).toMatch(/^HTTP\/1\.1 500 /)
    expect(problem).toMatchObject({ code: 'internal', detail: 'The request could not be completed.' })
    expect(JSON.stringify(problem)).not.toContain('secret')
    expect(gateway.alarms).toEqual([expect.stringContaining('a fault with a secret in it')])
    expect(fieldOf(head, 'x-request-id')).toBe(problem.request_id)
  })
})

describe('the type of a problem', () => {
  test('is a page of the operator’s, where there are some', async () => {
    const gateway = await startGateway({ docsUrl: 'https://docs.example.com' })
    for (const bytes of [request('GET /a'), 'nonsense\r\n\r\n']) {
      const { problem } = lastProblem(await exchangeBytes(gateway.port, bytes))
      expect(problem.type).toBe(`https://docs.example.com/errors/${problem.code}`)
    }
  })

  test('is a name of ours elsewhere, and the registered one for limits', async () => {
    const gateway = await startGateway({ plans: [plan({ limits: [{ ...MINUTE, amount: 1 }] })] })
    const bare = lastProblem(await exchangeBytes(gateway.port, request('GET /a')))
    expect(bare.problem.type).toBe('urn:gatez:errors:missing-credential')
    const limited = lastProblem(await exchangeBytes(gateway.port, twice(gateway)))
    expect(limited.problem.type).toBe('https://iana.org/assignments/http-problem-types#quota-exceeded')
  })
})

async function gatewayFor({ upstream, options }: Case): Promise<TestGateway> {
  if (upstream === undefined) return startGateway(options)
  const { port } = await (upstream === '' ? RawUpstream.start(() => {}) : RawUpstream.answering(upstream))
  return startGateway({ ...options, upstreamPort: port })
}

/** Head and document of the last answer on a connection. */
function lastProblem(received: string) {
  const last = received.slice(received.lastIndexOf('HTTP/1.1 '))
  const start = received.lastIndexOf('\r\n\r\n')
  expect(start, received).not.toBe(-1)
  const from = received.slice(0, start).lastIndexOf('HTTP/1.1 ')
  expect(last.length).toBeGreaterThan(0)
  return { head: received.slice(from, start), problem: JSON.parse(received.slice(start + 4)) }
}

function fieldOf(head: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]?.trim()
}
