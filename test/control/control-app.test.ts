import { describe, expect, test } from 'vitest'
import { revokeTokens } from '../../src/access/revoke-tokens.ts'
import { startControl } from '../support/control.ts'

const NEW = { id: 'acme', name: 'Acme', plan: 'free' }

describe('who may ask', () => {
  test('nobody without a token, and a token within its scopes only', async () => {
    const control = await startControl()
    const read = await control.token('read')
    expect(await control.ask('GET', '/api/v1/tenants')).toMatchObject({
      status: 401,
      json: { code: 'missing-token' },
    })
    expect(await control.ask('GET', '/api/v1/tenants', { token: read })).toMatchObject({ status: 200 })
    const refused = await control.ask('POST', '/api/v1/tenants', { token: read, body: NEW })
    expect(refused).toMatchObject({ status: 403, json: { code: 'insufficient-scope' } })
    expect(refused.json.detail).toBe('This needs a token with the scope write; this one has read.')
    expect(
      await control.ask('GET', '/api/v1/tokens', { token: await control.token('read,write,billing') }),
    ).toMatchObject({ status: 403 })
    expect((await control.ask('GET', '/api/v1/tokens', { token: control.owner })).status).toBe(200)
  })

  test('a revoked, expired or mistyped token is refused at once, and all of them alike', async () => {
    const control = await startControl()
    const token = await control.token('read')
    const [{ id } = { id: '' }] = await control.store.tokens.list()
    const found = (await control.store.tokens.list()).find((each) => each.scopes[0] === 'read') ?? { id }
    await revokeTokens(control, { tokenIds: [found.id], actor: 'cli:test' })
    const texts: string[] = []
    for (const secret of [token, `${token.slice(0, -1)}0`, 'gzt_', 'x']) {
      const { status, json, headers } = await control.ask('GET', '/api/v1/tenants', { token: secret })
      expect(status).toBe(401)
      expect(headers.get('www-authenticate')).toBe('Bearer realm="gatez"')
      texts.push(`${json.code} ${json.detail}`)
    }
    expect(new Set(texts)).toEqual(
      new Set(['invalid-token The token is mistyped, unknown, expired or revoked.']),
    )
  })

  test('a page of another site and a host that is not ours get nothing, whatever token they have', async () => {
    const control = await startControl({ control: { hosts: ['control.example.com'] } })
    const { owner: token } = control
    const ask = (headers: Record<string, string>, method = 'GET') =>
      control.ask(method, '/api/v1/tenants', { token, headers })
    for (const origin of ['http://evil.test', 'null', 'http://localhost.evil.test', 'https://localhost']) {
      const { status, json, headers } = await ask({ origin, host: 'localhost' })
      expect([origin, status, json.code]).toEqual([origin, 403, 'foreign-origin'])
      expect(headers.get('access-control-allow-origin')).toBeNull()
    }
    const preflight = { origin: 'http://evil.test', 'access-control-request-method': 'POST' }
    expect((await ask(preflight, 'OPTIONS')).status).toBe(403)
    expect((await ask({ 'sec-fetch-site': 'cross-site' }, 'POST')).status).toBe(403)
    for (const host of ['evil.test', 'evil.test:8081', '127.0.0.1.evil.test', '10.0.0.1', '']) {
      const { status, json } = await ask({ host })
      expect([host, status, json.code]).toEqual([host, 421, 'misdirected-request'])
    }
    for (const host of ['localhost:8081', '127.0.0.1', '[::1]:8081', 'Control.Example.com']) {
      expect([host, (await ask({ host })).status]).toEqual([host, 200])
    }
    expect((await ask({ origin: 'http://localhost:8081', host: 'localhost:8081' })).status).toBe(200)
  })

  test('more than so many requests of one token in a minute are refused, with when to come back', async () => {
    const control = await startControl({ control: { requests_per_minute: 3 } })
    const { owner: token } = control
    for (let time = 0; time < 3; time += 1) {
      expect((await control.ask('GET', '/api/v1/plans', { token })).status).toBe(200)
    }
    const refused = await control.ask('GET', '/api/v1/plans', { token })
    expect(refused).toMatchObject({ status: 429, json: { code: 'too-many-requests', retry_after: 60 } })
    expect(refused.headers.get('retry-after')).toBe('60')
    const other = await control.token('read')
    expect((await control.ask('GET', '/api/v1/plans', { token: other })).status).toBe(200)
    control.clock.advance(60_001)
    expect((await control.ask('GET', '/api/v1/plans', { token })).status).toBe(200)
  })
})

describe('what is read', () => {
  test.each([
    { body: { id: 'acme', nam: 'x' }, says: /has "nam", which is not known, did you mean name|nam/ },
    { body: { id: 5 }, says: /^id: .*expected string/ },
    { body: [], says: /must be a JSON object/ },
    { body: { id: 'a\0b' }, says: /id holds a NUL/ },
    { body: { id: 'Acme!' }, says: /cannot be a tenant id.*as in acme/ },
    { body: { id: 'acme', plan: 'gold' }, says: /gold/ },
  ])('$body is refused in words', async ({ body, says }) => {
    const control = await startControl()
    const { status, json } = await control.ask('POST', '/api/v1/tenants', { token: control.owner, body })
    expect([400, 404]).toContain(status)
    expect(json.detail).toMatch(says)
  })

  test('what is no JSON, too large, or of another type is told apart', async () => {
    const control = await startControl()
    const ask = async (body: string, type = 'application/json') => {
      const how = { token: control.owner, body, headers: { 'content-type': type } }
      return (await control.ask('POST', '/api/v1/tenants', how)).json.code
    }
    expect(await ask('{')).toBe('invalid-json')
    expect(await ask('id=acme', 'application/x-www-form-urlencoded')).toBe('unsupported-media-type')
    expect(await ask(`{"id":"${'a'.repeat(2 * 1024 * 1024)}"}`)).toBe('body-too-large')
    expect(await ask('['.repeat(1_000_000))).toMatch(/invalid-json|invalid-parameter/)
  })

  test('an endpoint that is not there, and a method it does not have, are told apart', async () => {
    const control = await startControl()
    const { owner: token } = control
    expect(await control.ask('GET', '/api/v1/nothing', { token })).toMatchObject({
      status: 404,
      json: { code: 'no-route' },
    })
    const { status, json, headers } = await control.ask('PUT', '/api/v1/tenants', { token })
    expect([status, json.code, headers.get('allow')]).toEqual([405, 'method-not-allowed', 'GET, POST'])
  })
})

test('lists come in pages: each item once, also when some come and go meanwhile', async () => {
  const control = await startControl()
  const { owner: token } = control
  for (let number = 10; number < 19; number += 1) {
    control.clock.advance(1)
    await control.ask('POST', '/api/v1/tenants', { token, body: { id: `t${number}` } })
  }
  const seen: string[] = []
  let cursor = ''
  for (let page = 0; page < 20; page += 1) {
    const { json } = await control.ask('GET', `/api/v1/tenants?limit=2${cursor}`, { token })
    seen.push(...json.data.map(({ id }: { id: string }) => id))
    if (page === 1) {
      await control.ask('DELETE', '/api/v1/tenants/t13', { token })
      await control.ask('DELETE', '/api/v1/tenants/t10', { token })
    }
    if (json.next === null) break
    cursor = `&cursor=${json.next}`
  }
  expect(seen).toEqual(['t10', 't11', 't12', 't13', 't14', 't15', 't16', 't17', 't18'])
  expect((await control.ask('GET', '/api/v1/tenants?cursor=x', { token })).json.code).toBe(
    'invalid-parameter',
  )
  expect((await control.ask('GET', '/api/v1/tenants?limit=0', { token })).json.detail).toMatch(
    /^limit: must be/,
  )
})

describe('changes that hold once', () => {
  test('the same Idempotency-Key gives the same answer, another body 422, another caller its own', async () => {
    const control = await startControl()
    const send = (body: object, token = control.owner, key = 'a') =>
      control.ask('POST', '/api/v1/tenants', { token, body, headers: { 'idempotency-key': key } })
    const first = await send(NEW)
    const again = await send(NEW)
    expect([first.status, again.status, again.text]).toEqual([201, 201, first.text])
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(await send({ ...NEW, name: 'Other' })).toMatchObject({
      status: 422,
      json: { code: 'idempotency-mismatch' },
    })
    expect(await send(NEW, await control.token('write'))).toMatchObject({
      status: 409,
      json: { code: 'already-exists' },
    })
    expect(await send(NEW, control.owner, 'é')).toMatchObject({ status: 400 })
  })

  test('two at once: one does it, the other is told that it is under way', async () => {
    const control = await startControl()
    const send = () =>
      control.ask('POST', '/api/v1/tenants', {
        token: control.owner,
        body: NEW,
        headers: { 'idempotency-key': 'a' },
      })
    const codes = (await Promise.all([send(), send(), send()])).map(({ status, json }) => json.code ?? status)
    expect(codes.filter((code) => code === 201)).toHaveLength(1)
    expect(new Set(codes)).toEqual(new Set([201, 'idempotency-running']))
    expect((await send()).status).toBe(201)
    expect((await control.store.tenants.list()).length).toBe(1)
  })

  test('a change that fails holds nothing, and may be tried again with the same key', async () => {
    const control = await startControl()
    const body = { ...NEW, plan: 'gold' }
    const how = { token: control.owner, headers: { 'idempotency-key': 'a' } }
    expect((await control.ask('POST', '/api/v1/tenants', { ...how, body })).status).toBe(404)
    expect(await control.store.doneRequests.find({ actor: 'x', idempotencyKey: 'a' })).toBeUndefined()
    expect((await control.ask('POST', '/api/v1/tenants', { ...how, body: NEW })).status).toBe(201)
  })

  test('a secret is in the first answer only: the replay says so, and no store holds it', async () => {
    const control = await startControl()
    const { owner: token } = control
    await control.ask('POST', '/api/v1/tenants', { token, body: NEW })
    const how = { token, body: {}, headers: { 'idempotency-key': 'k1' } }
    const made = await control.ask('POST', '/api/v1/tenants/acme/keys', how)
    expect(made).toMatchObject({ status: 201, json: { secret: expect.stringMatching(/^gz_live_/) } })
    const again = await control.ask('POST', '/api/v1/tenants/acme/keys', how)
    expect(again).toMatchObject({ status: 409, json: { code: 'already-revealed' } })
    expect(again.text).not.toContain(made.json.secret)
    const kept = await control.store.doneRequests.find({
      ...{ actor: `token:${(await control.store.tokens.list())[0]?.id}`, idempotencyKey: 'k1' },
    })
    expect(kept).toMatchObject({ status: 201, body: null })
    expect((await control.store.keys.list({})).length).toBe(1)
  })

  test('If-Match lets a change through only on what was read', async () => {
    const control = await startControl()
    const { owner: token } = control
    await control.ask('POST', '/api/v1/tenants', { token, body: NEW })
    const etag = (await control.ask('GET', '/api/v1/tenants/acme', { token })).headers.get('etag')!
    expect(etag).toMatch(/^"[\w-]{27}"$/)
    const same = await control.ask('GET', '/api/v1/tenants/acme', {
      token,
      headers: { 'if-none-match': etag },
    })
    expect([same.status, same.text]).toEqual([304, ''])
    const put = (match: string) =>
      control.ask('PUT', '/api/v1/tenants/acme/plan', {
        token,
        body: { plan: 'pro' },
        headers: { 'if-match': match },
      })
    expect(await put('"old"')).toMatchObject({ status: 412, json: { code: 'precondition-failed', etag } })
    expect((await put(etag)).json).toMatchObject({ plan: 'pro' })
    expect((await put(etag)).status).toBe(412)
  })
})

describe('the audit log', () => {
  test('names the token that asked, and every entry is chained to the one before', async () => {
    const control = await startControl()
    const { owner: token } = control
    await control.ask('POST', '/api/v1/tenants', { token, body: NEW })
    await control.ask('POST', '/api/v1/tenants/acme/suspend', { token, body: { reason: 'unpaid' } })
    const { json } = await control.ask('GET', '/api/v1/audit?subject=tenant:acme', { token })
    expect(json.data).toMatchObject([
      {
        action: 'tenant.suspended',
        actor: expect.stringMatching(/^token:tok_/),
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      { action: 'tenant.created' },
    ])
    const check = await control.ask('GET', '/api/v1/audit/check', { token })
    expect(check.json).toMatchObject({ whole: true, unchained: 0, head: json.data[0].hash })
    const pages = await control.client().all('listAudit', {})
    expect(pages.length).toBe(check.json.entries)
  })
})

test('what breaks inside says nothing of what it was, and is logged with the id of the request', async () => {
  const control = await startControl()
  await control.store[Symbol.asyncDispose]()
  const { status, json, text } = await control.ask('GET', '/api/v1/tenants', { token: control.owner })
  expect([500, 503]).toContain(status)
  expect(text).not.toMatch(/sql|database|\.ts|node:/i)
  expect(control.faults.join()).toContain(json.instance.split(':').at(-1))
})
