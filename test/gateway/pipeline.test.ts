import { describe, expect, test } from 'vitest'
import type { Meter } from '../../src/model/meter.ts'
import type { Limit, Quota } from '../../src/model/plan.ts'
import { plan } from '../support/control-store.ts'
import { route, startGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts'
import { meter } from '../support/meters.ts'
import { RawClient } from '../support/raw-client.ts'
import { exchangeBytes, RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

const DAY: Limit = {
  id: 'tenant-day',
  counts: 'requests',
  amount: 10,
  windowMs: 86_400_000,
  per: 'day',
  scope: 'tenant',
}
const MONTH: Quota = { id: 'calls-month', meter: 'calls', per: 'month', included: '5', onExceed: 'block' }

const get = (gateway: TestGateway, path = '/a') =>
  `GET ${path} HTTP/1.1\r\nHost: api.example.com:8080\r\nx-api-key: ${gateway.secret}\r\nConnection: close\r\n\r\n`

const answer = (status: number, body = 'ok', fields = '') =>
  `HTTP/1.1 ${status} X\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`

async function startWith(upstreamBytes: string, options: TestGatewayOptions = {}) {
  const upstream = await RawUpstream.answering(upstreamBytes)
  const gateway = await startGateway({ upstreamPort: upstream.port, ...options })
  return { upstream, gateway }
}

/** What is left of each limit by its id, as the answer says it. */
function remaining(received: string): Readonly<Record<string, number>> {
  const states = /^RateLimit: (.*)$/m.exec(received)?.[1] ?? ''
  return Object.fromEntries(
    [...states.matchAll(/"([^"]+)";r=(\d+)/g)].map(([, id, left]) => [id, Number(left)]),
  )
}

describe('what the upstream learns', () => {
  test('who calls and from where, never the key, never what the client said of itself', async () => {
    const { upstream, gateway } = await startWith(answer(200), { plans: [plan({ features: ['ai'] })] })
    const claims = [
      'x-gatez-tenant: other',
      'X_Gatez_Plan: pro',
      'x-forwarded-for: 1.2.3.4',
      'x-request-id: my-id',
    ]
    await exchangeBytes(
      gateway.port,
      get(gateway, '/a%62?q=1').replace('\r\n\r\n', `\r\n${claims.join('\r\n')}\r\n\r\n`),
    )
    const [head = ''] = upstream.heads
    expect(head).toMatch(/^GET \/ab\?q=1 HTTP\/1\.1\r\n/)
    const fields = head
      .split('\r\n')
      .slice(1)
      .map((line) =>
        line.toLowerCase().replace(/^(traceparent: 00)-[0-9a-f]{32}-[0-9a-f]{16}-/, '$1-trace-span-'),
      )
      .sort()
    expect(fields).toEqual(
      [
        `host: 127.0.0.1:${upstream.port}`,
        'connection: keep-alive',
        'x-gatez-tenant: acme',
        'x-gatez-key: key_1',
        'x-gatez-plan: free',
        'x-gatez-features: ai',
        'x-request-id: my-id',
        'x-forwarded-for: 127.0.0.1',
        'x-forwarded-proto: http',
        'x-forwarded-host: api.example.com:8080',
        'traceparent: 00-trace-span-00',
        'forwarded: for=127.0.0.1;host="api.example.com:8080";proto=http',
      ].sort(),
    )
  })

  test('an open route asks for no key, and a key sent all the same goes no further', async () => {
    const { upstream, gateway } = await startWith(answer(200), { routes: [route({ auth: 'none' })] })
    const received = await exchangeBytes(gateway.port, get(gateway))
    expect(received).toMatch(/^HTTP\/1\.1 200 /)
    expect(upstream.heads[0]).not.toMatch(/x-api-key|x-gatez-/i)
    expect(await gateway.events()).toMatchObject([
      { tenantId: '', keyId: '', billable: false, outcome: 'ok' },
    ])
  })

  test('a base path of the upstream stands before every path', async () => {
    const upstream = await RawUpstream.answering(answer(200))
    const gateway = await startGateway({ api: { upstreams: [`http://127.0.0.1:${upstream.port}/base/v2`] } })
    await exchangeBytes(gateway.port, get(gateway, '/a?b=c'))
    expect(upstream.heads[0]).toMatch(/^GET \/base\/v2\/a\?b=c HTTP/)
    expect(await gateway.events()).toMatchObject([{ endpoint: '/a' }])
  })
})

describe('what the client learns', () => {
  test('a request id it sent is kept if it is well-formed, else ours', async () => {
    const { gateway } = await startWith(answer(200, 'ok', 'x-request-id: the-upstreams\r\n'))
    const ask = async (id: string) => {
      const received = await exchangeBytes(
        gateway.port,
        get(gateway).replace('\r\n\r\n', `\r\nx-request-id: ${id}\r\n\r\n`),
      )
      return [...received.matchAll(/^x-request-id: (.*)\r$/gim)].map((match) => match[1])
    }
    expect(await ask('client-1')).toEqual(['client-1'])
    for (const bad of ['a b', 'x'.repeat(129), 'a\u00e9', '<script>']) {
      expect(await ask(bad)).toEqual([expect.stringMatching(/^[0-9A-Z]{26}$/)])
    }
    const events = await gateway.events()
    expect(events[0]).toMatchObject({ requestId: 'client-1' })
    expect(events.every((event) => /^[0-9A-Z]{26}$/.test(event.id))).toBe(true)
  })

  test('its limits, on every answer: admitted, gated, failed', async () => {
    const plans = [plan({ limits: [DAY], routes: ['open'] })]
    const routes = [route({ id: 'open', path: '/open' }), route({ id: 'shut', path: '/shut' })]
    const { gateway, upstream } = await startWith(answer(200), { plans, routes })
    expect(remaining(await exchangeBytes(gateway.port, get(gateway, '/open')))).toEqual({ 'tenant-day': 9 })
    expect(remaining(await exchangeBytes(gateway.port, get(gateway, '/shut')))).toEqual({ 'tenant-day': 9 })
    upstream.stop()
    const failed = await exchangeBytes(gateway.port, get(gateway, '/open'))
    expect(failed).toMatch(/^HTTP\/1\.1 502 /)
    expect(remaining(failed)).toEqual({ 'tenant-day': 8 })
  })
})

describe('what is billed, and what a quota counts', () => {
  const cases = [
    { bytes: answer(200), billable: true, left: 4, why: 'a success' },
    { bytes: answer(204, ''), billable: true, left: 4, why: 'a success without a body' },
    { bytes: answer(301), billable: false, left: 5, why: 'a redirect' },
    { bytes: answer(404), billable: false, left: 5, why: 'not found at the upstream' },
    { bytes: answer(500), billable: false, left: 5, why: 'an error of the upstream' },
    { bytes: 'garbage\r\n\r\n', billable: false, left: 5, why: 'an answer that is none' },
  ]
  test.each(cases)('$why: billable $billable', async ({ bytes, billable, left }) => {
    const { gateway } = await startWith(bytes, { plans: [plan({ limits: [DAY], quotas: [MONTH] })] })
    await exchangeBytes(gateway.port, get(gateway))
    expect(await gateway.events()).toMatchObject([{ billable, usageUnits: 1 }])
    const next = await exchangeBytes(gateway.port, get(gateway))
    // One more was taken for the call that asks.
    expect(remaining(next)).toMatchObject({ 'calls-month': left - 1, 'tenant-day': 8 })
  })

  test('a client that leaves before the answer gets its quota back; windows count what was let through', async () => {
    const upstream = await RawUpstream.start((socket, head) => {
      if (head.includes('/b')) socket.write(answer(200))
    })
    const plans = [plan({ limits: [DAY], quotas: [MONTH] })]
    const gateway = await startGateway({ upstreamPort: upstream.port, plans })
    const client = await RawSocket.connect(gateway.port)
    client.send(get(gateway))
    await until('the upstream is asked', () => upstream.heads[0])
    client.socket.destroy()
    await until('the call is over', async () => ((await gateway.events()).length === 1 ? true : undefined))
    const next = await exchangeBytes(gateway.port, get(gateway, '/b'))
    expect(remaining(next)).toEqual({ 'tenant-day': 8, 'calls-month': 4 })
  })

  test('a quota lets exactly so many good answers through, however many fail in between', async () => {
    let calls = 0
    const upstream = await RawUpstream.start((socket) => {
      calls += 1
      socket.write(answer(calls % 2 === 0 ? 200 : 503))
    })
    const gateway = await startGateway({ upstreamPort: upstream.port, plans: [plan({ quotas: [MONTH] })] })
    const statuses: number[] = []
    const client = await RawClient.connect(gateway.port)
    for (let call = 0; call < 14; call += 1) {
      statuses.push((await client.call({ path: '/a', headers: { 'x-api-key': gateway.secret } })).status)
    }
    expect(statuses.filter((status) => status === 200)).toHaveLength(5)
    expect(statuses.slice(10)).toEqual([429, 429, 429, 429])
    expect((await gateway.events()).filter((event) => event.billable)).toHaveLength(5)
  })

  const TOKENS = meter()
  test.each([
    { fields: 'x-gatez-meter-tokens: 12.5\r\n', quantities: { tokens: '12.5' }, why: 'a decimal' },
    { fields: 'X-GATEZ-METER-TOKENS: 0\r\n', quantities: { tokens: '0' }, why: 'nothing used' },
    { fields: 'x-gatez-meter-tokens: 1e3\r\n', quantities: {}, why: 'an exponent' },
    { fields: 'x-gatez-meter-tokens: -1\r\n', quantities: {}, why: 'a negative' },
    { fields: 'x-gatez-meter-tokens: NaN\r\n', quantities: {}, why: 'no number' },
    { fields: 'x-gatez-meter-other: 5\r\n', quantities: {}, why: 'a meter no one declared' },
  ])('the upstream’s own meter: $why', async ({ fields, quantities }) => {
    const { gateway } = await startWith(answer(200, 'ok', fields), { meters: [TOKENS] })
    expect(await exchangeBytes(gateway.port, get(gateway))).not.toMatch(/x-gatez-meter/i)
    expect((await gateway.events())[0]?.quantities).toEqual(quantities)
  })

  test('a meter of its own statuses makes a call billable that is none otherwise', async () => {
    const errors: Meter = { ...TOKENS, id: 'errors', countStatuses: [[500, 599]] }
    const { gateway } = await startWith(answer(500, 'ok', 'x-gatez-meter-errors: 1\r\n'), {
      meters: [errors, TOKENS],
    })
    await exchangeBytes(gateway.port, get(gateway))
    expect(await gateway.events()).toMatchObject([{ billable: true, quantities: { errors: '1' } }])
  })
})
