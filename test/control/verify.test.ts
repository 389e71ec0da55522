import { describe, expect, test } from 'vitest'
import { startControl, type TestControl } from '../support/control.ts'

async function scene(overrides: object = {}) {
  const control = await startControl(overrides)
  const { owner: token } = control
  await control.ask('POST', '/api/v1/tenants', { token, body: { id: 'acme', plan: 'free' } })
  const made = await control.ask('POST', '/api/v1/tenants/acme/keys', { token, body: {} })
  const verify = async (body: object) =>
    control.ask('POST', '/api/v1/keys/verify', { token: await control.token('verify'), body })
  return { control, token, key: made.json as { id: string; secret: string }, verify }
}

describe('POST /api/v1/keys/verify', () => {
  test('lets a call through as the gateway would: it counts, is metered once, and the next finds less room', async () => {
    const { control, key, verify } = await scene()
    const first = await verify({
      key: key.secret,
      method: 'get',
      path: '/v1/search?q=x',
      request_id: 'order-1',
    })
    expect(first).toMatchObject({
      status: 200,
      json: {
        ...{ valid: true, code: 'VALID', reason: null, key_id: key.id, tenant_id: 'acme', plan: 'free' },
        ratelimits: { RateLimit: '"tenant-minute";r=2;t=60', 'X-RateLimit-Remaining': '2' },
      },
    })
    // Durable before the answer.
    const [event] = await control.events()
    expect(event).toMatchObject({
      ...{ keyId: key.id, routeId: 'search', endpoint: '/v1/search', method: 'GET', billable: true },
      ...{ statusCode: 200, outcome: 'ok', requestId: 'order-1', usageUnits: 1, count: 1 },
    })
    await verify({ key: key.secret, route: 'search' })
    await verify({ key: key.secret })
    const refused = await verify({ key: key.secret, route: 'search' })
    expect(refused.json).toMatchObject({
      ...{
        valid: false,
        code: 'RATE_LIMITED',
        reason: 'rate-limited',
        resets_at: '2026-03-10T12:01:00.000Z',
      },
      ratelimits: { 'Retry-After': '60' },
    })
    control.clock.advance(60_001)
    expect((await verify({ key: key.secret, route: 'search' })).json.code).toBe('VALID')
    const events = await control.events()
    expect(events.filter(({ billable }) => billable)).toHaveLength(4)
    expect(events.find(({ outcome }) => outcome === 'refused')).toMatchObject({
      refusal: 'rate-limited',
      billable: false,
    })
  })

  test('of many at once exactly as many pass as there is room, and each is metered once', async () => {
    const { control, key } = await scene()
    const token = await control.token('verify')
    const asks = Array.from({ length: 40 }, () =>
      control.ask('POST', '/api/v1/keys/verify', { token, body: { key: key.secret, route: 'search' } }),
    )
    const codes = (await Promise.all(asks)).map(({ json }) => json.code)
    expect(codes.filter((code) => code === 'VALID')).toHaveLength(3)
    const events = await control.events()
    expect(events.filter(({ billable }) => billable)).toHaveLength(3)
  })

  test('cost 0 only looks: nothing is taken and nothing metered', async () => {
    const { control, key, verify } = await scene()
    for (let time = 0; time < 5; time += 1) {
      expect((await verify({ key: key.secret, cost: 0 })).json.code).toBe('VALID')
    }
    expect(await control.events()).toEqual([])
  })

  test('answers each state of a key with its code', async () => {
    const { control, token, key, verify } = await scene()
    const post = (path: string, body: object) => control.ask('POST', path, { token, body })
    expect((await verify({ key: 'gz_live_none' })).json).toMatchObject({ code: 'NOT_FOUND', key_id: null })
    expect((await verify({ key: key.secret, route: 'analyze' })).json).toMatchObject({
      ...{ code: 'INSUFFICIENT_PERMISSIONS', reason: 'feature-not-in-plan' },
    })
    const narrow = (
      await post('/api/v1/tenants/acme/keys', { ips: '10.0.0.0/8', routes: 'search', expires: '1d' })
    ).json
    expect((await verify({ key: narrow.secret, route: 'search', ip: '192.0.2.1' })).json.code).toBe(
      'FORBIDDEN',
    )
    expect((await verify({ key: narrow.secret, ip: '10.1.2.3' })).json.code).toBe('INSUFFICIENT_PERMISSIONS')
    expect((await verify({ key: narrow.secret, route: 'search', ip: '10.1.2.3' })).json.code).toBe('VALID')
    control.clock.advance(86_400_001)
    expect((await verify({ key: narrow.secret, route: 'search', ip: '10.1.2.3' })).json.code).toBe('EXPIRED')
    await post('/api/v1/keys/revoke', { keys: [key.id] })
    control.parts.verifier.forget([`key:${key.id}`])
    expect((await verify({ key: key.secret })).json.code).toBe('DISABLED')
    expect(await verify({ key: key.secret, route: 'nothing' })).toMatchObject({
      status: 404,
      json: { code: 'no-route' },
    })
  })

  test('a used up quota is USAGE_EXCEEDED until the period ends', async () => {
    const quotas = [{ meter: 'calls', per: 'day', included: 1 }]
    const { verify, key } = await scene({ plans: [{ id: 'free', routes: 'all', quotas }] })
    expect((await verify({ key: key.secret, route: 'search' })).json.code).toBe('VALID')
    expect((await verify({ key: key.secret, route: 'search' })).json).toMatchObject({
      ...{ code: 'USAGE_EXCEEDED', reason: 'quota-exceeded', resets_at: '2026-03-11T00:00:00.000Z' },
    })
  })

  test('needs a token with the scope verify, which opens nothing else', async () => {
    const { control, key } = await scene()
    const [verify, read] = [await control.token('verify'), await control.token('read')]
    const ask = (token: string) =>
      control.ask('POST', '/api/v1/keys/verify', { token, body: { key: key.secret } })
    expect((await ask(read)).json.code).toBe('insufficient-scope')
    expect((await ask(verify)).status).toBe(200)
    expect((await control.ask('GET', '/api/v1/keys', { token: verify })).json.code).toBe('insufficient-scope')
  })
})

describe('for those who let calls through themselves', () => {
  const callOf = async (control: TestControl, secret: string) => ({
    ...{ 'x-gatez-token': await control.token('verify'), 'x-api-key': secret },
    ...{
      'x-original-method': 'GET',
      'x-original-uri': '/v1/search?q=1',
      'x-original-host': 'api.example.com',
    },
  })

  test('nginx hears 200, 401 or 403, and in fields what the gateway would have said', async () => {
    const { control, key } = await scene()
    const ask = async (headers: object = {}) => {
      const all = { ...(await callOf(control, key.secret)), ...headers }
      return control.ask('GET', '/api/v1/keys/verify/nginx', { headers: all })
    }
    for (let time = 0; time < 3; time += 1) {
      const { status, headers } = await ask()
      expect([status, headers.get('x-gatez-status'), headers.get('x-gatez-tenant')]).toEqual([
        200,
        '200',
        'acme',
      ])
    }
    const refused = await ask()
    expect([refused.status, refused.headers.get('x-gatez-status')]).toEqual([403, '429'])
    expect(refused.headers.get('retry-after')).toBe('60')
    expect((await ask({ 'x-api-key': 'wrong' })).status).toBe(401)
    const unknown = await ask({ 'x-original-uri': '/v2' })
    expect([unknown.status, unknown.headers.get('x-gatez-status')]).toEqual([403, '404'])
    expect((await ask({ 'x-gatez-token': 'gzt_wrong' })).status).toBe(401)
    control.clock.advance(60_001)
    const bearer = { 'x-api-key': '', 'x-original-authorization': `Bearer ${key.secret}` }
    const { 'x-api-key': _, ...rest } = { ...(await callOf(control, key.secret)), ...bearer }
    expect((await control.ask('GET', '/api/v1/keys/verify/nginx', { headers: rest })).status).toBe(200)
  })

  test('Envoy asks with the method and path of the call, and passes any other answer than 200 on', async () => {
    const { control, key } = await scene()
    const token = await control.token('verify')
    const ask = (method: string, path: string, headers: Record<string, string>) =>
      control.ask(method, `/api/v1/keys/verify/envoy${path}`, {
        headers: { 'x-gatez-token': token, ...headers },
      })
    const bearer = { authorization: `Bearer ${key.secret}` }
    expect((await ask('GET', '/v1/search?q=1', bearer)).status).toBe(200)
    const gated = await ask('POST', '/v1/analyze', { 'x-api-key': key.secret })
    expect([gated.status, gated.json.code]).toEqual([403, 'feature-not-in-plan'])
    expect((await ask('DELETE', '/v1/search', bearer)).status).toBe(404)
    await ask('GET', '/v1/search', bearer)
    await ask('GET', '/v1/search', bearer)
    const refused = await ask('GET', '/v1/search', bearer)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60'])
    expect(refused.headers.get('ratelimit-policy')).toBe('"tenant-minute";q=3;w=60')
  })
})
