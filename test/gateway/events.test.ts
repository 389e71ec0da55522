import { describe, expect, test } from 'vitest'
import { revokeTokens } from '../../src/access/revoke-tokens.ts'
import { tenant } from '../support/control-store.ts'
import { eventJson } from '../support/incoming-events.ts'
import { exchangeBytes } from '../support/raw-socket.ts'
import { bearer, eventGateway, sendEvents } from '../support/send-events.ts'

describe('POST /v1/events', () => {
  test('with a token takes an event of any tenant, as its sender wrote it, and says what became of it', async () => {
    const { gateway, token, upstream } = await eventGateway()
    await gateway.store.tenants.insert(tenant({ id: 'bolt' }))
    for (const tenant_id of ['acme', 'bolt']) {
      const answer = await sendEvents(gateway, { fields: [bearer(token)], body: eventJson({ tenant_id }) })
      expect(answer).toMatchObject({
        status: 202,
        body: {
          ...{ status: 'accepted', duplicate: false, tenant_id, source: '', idempotency_key: 'txn_009912' },
          ...{ id: expect.stringMatching(/^[0-9A-Z]{26}$/), matched: ['compute_ms'], late: false },
        },
      })
    }
    const again = await sendEvents(gateway, { fields: [bearer(token)] })
    expect(again).toMatchObject({ status: 200, body: { status: 'duplicate', duplicate: true } })
    const other = await sendEvents(gateway, { fields: [bearer(token)], body: eventJson({ value: 1 }) })
    expect(other).toMatchObject({ status: 409, body: { code: 'idempotency-conflict' } })
    expect(other.received).toMatch(/\r\ngatez-error: idempotency-conflict\r\n/)
    expect(upstream.heads).toEqual([])
    expect(await gateway.events()).toEqual([])
  })

  test('says of several what became of each: 207 when some fail, a problem when all do', async () => {
    const { gateway, token } = await eventGateway()
    const list = (...events: Readonly<Record<string, unknown>>[]) => `[${events.map(eventJson).join(',')}]`
    const [good, bad] = [{ idempotency_key: 'a' }, { idempotency_key: 'b', value: 'x' }]
    const mixed = await sendEvents(gateway, {
      fields: [bearer(token)],
      body: list(good, bad, good, { metric: 'none' }),
    })
    expect(mixed).toMatchObject({
      status: 207,
      body: {
        ...{ accepted: 2, duplicates: 1, failed: 1 },
        results: [
          { index: 0, status: 'accepted', idempotency_key: 'a', matched: ['compute_ms'] },
          {
            index: 1,
            status: 'failed',
            code: 'invalid-event',
            detail: expect.stringContaining('value is "x"'),
          },
          { index: 2, status: 'duplicate', idempotency_key: 'a' },
          { index: 3, status: 'accepted', matched: [], warning: expect.stringContaining('No meter takes') },
        ],
      },
    })
    expect(await sendEvents(gateway, { fields: [bearer(token)], body: list(good) })).toMatchObject({
      status: 200,
    })
    expect(
      await sendEvents(gateway, { fields: [bearer(token)], body: list({ idempotency_key: 'c' }, good) }),
    ).toMatchObject({
      status: 202,
    })
    const lost = await sendEvents(gateway, {
      fields: [bearer(token)],
      body: list(bad, { tenant_id: 'nobody' }),
    })
    expect(lost).toMatchObject({
      status: 422,
      body: {
        code: 'invalid-event',
        failed: 2,
        results: [{ code: 'invalid-event' }, { code: 'unknown-tenant' }],
      },
    })
    const nobody = await sendEvents(gateway, {
      fields: [bearer(token)],
      body: eventJson({ tenant_id: 'nobody' }),
    })
    expect(nobody).toMatchObject({ status: 422, body: { code: 'unknown-tenant' } })
  })

  test('with a key takes events of its own tenant and of no other', async () => {
    const { gateway } = await eventGateway()
    for (const field of [`x-api-key: ${gateway.secret}`, bearer(gateway.secret)]) {
      const own = await sendEvents(gateway, { fields: [field], body: eventJson({ tenant_id: undefined }) })
      expect(own).toMatchObject({ body: { tenant_id: 'acme' } })
      const foreign = await sendEvents(gateway, { fields: [field], body: eventJson({ tenant_id: 'bolt' }) })
      expect(foreign).toMatchObject({ status: 403, body: { code: 'foreign-tenant' } })
    }
    expect(await gateway.store.unattributed.any()).toBe(false)
  })

  test.each([
    { type: 'application/cloudevents+json; charset=UTF-8', event: { specversion: '1.0' }, why: 'one' },
    { type: 'application/cloudevents-batch+json', event: [{ specversion: '1.0' }], why: 'several' },
    { type: 'application/json', event: { specversion: '1.0' }, why: 'one that says what it is' },
  ])('takes CloudEvents: $why', async ({ type, event }) => {
    const { gateway, token } = await eventGateway()
    const whole = {
      ...{ id: 'a', source: '/s', type: 'compute_ms', subject: 'acme' },
      data: { value: '0.5' },
    }
    const filled = Array.isArray(event)
      ? event.map((each) => ({ ...each, ...whole }))
      : { ...event, ...whole }
    const body = JSON.stringify(filled)
    const answer = await sendEvents(gateway, { fields: [bearer(token), `Content-Type: ${type}`], body })
    expect(answer.status).toBe(202)
    expect([answer.body.results?.[0] ?? answer.body]).toMatchObject([
      { source: '/s', matched: ['compute_ms'] },
    ])
  })

  test('takes a CloudEvent whose attributes are fields, encoded where they must be', async () => {
    const { gateway, token } = await eventGateway()
    const attributes = [
      'ce-specversion: 1.0',
      'ce-id: Euro%20%E2%82%AC',
      'ce-source: /s',
      'ce-type: compute_ms',
    ]
    const fields = [bearer(token), ...attributes, 'ce-subject: acme']
    const answer = await sendEvents(gateway, { fields, body: '{"value":0.5}' })
    expect(answer).toMatchObject({
      status: 202,
      body: { idempotency_key: 'Euro €', source: '/s', matched: ['compute_ms'] },
    })
  })
})

describe('who may send events', () => {
  test('is told before a byte of the body is looked at', async () => {
    const { gateway, make, token } = await eventGateway({ key: { ips: ['10.0.0.0/8'] } })
    const read = await make('read,write')
    const short = await make('events', '1m')
    gateway.clock.advance(60_000)
    const cases: [string[], number, string][] = [
      [[], 401, 'missing-credential'],
      [['Authorization: Bearer sk_other'], 401, 'missing-credential'],
      [['Authorization: Basic YTpi'], 401, 'missing-credential'],
      [[bearer(`${token.slice(0, -1)}_`)], 401, 'invalid-credential'],
      [[bearer('gz_live_wrong')], 401, 'invalid-credential'],
      [[bearer(short.secret)], 401, 'invalid-credential'],
      [[bearer(read.secret)], 403, 'insufficient-scope'],
      [[`x-api-key: ${gateway.secret}`], 403, 'key-not-allowed'],
      [[bearer(token), `x-api-key: ${gateway.secret}`], 400, 'duplicate-credential'],
      [[bearer(token), bearer(token)], 400, 'duplicate-credential'],
    ]
    for (const [fields, status, code] of cases) {
      const answer = await sendEvents(gateway, { fields, body: 'no JSON' })
      expect(answer, fields.join()).toMatchObject({ status, body: { code } })
      expect(answer.received.includes('WWW-Authenticate: Bearer'), fields.join()).toBe(status === 401)
      expect(answer.received).not.toContain(token)
    }
  })

  test('is known until the token is revoked; a suspended tenant sends nothing', async () => {
    const { gateway, make } = await eventGateway({ tenant: { state: 'suspended' } })
    const { id, secret } = await make('events')
    const own = await sendEvents(gateway, { fields: [`x-api-key: ${gateway.secret}`] })
    expect(own).toMatchObject({ status: 403, body: { code: 'tenant-suspended' } })
    await gateway.store.tenants.setState('acme', 'unpaid')
    gateway.pipeline.forget(['tenant:acme'])
    const unpaid = await sendEvents(gateway, { fields: [`x-api-key: ${gateway.secret}`] })
    expect(unpaid).toMatchObject({ status: 402, body: { code: 'payment-overdue' } })
    // What was used before is still the operator's to report.
    expect(await sendEvents(gateway, { fields: [bearer(secret)] })).toMatchObject({ status: 202 })
    await revokeTokens({ store: gateway.store, clock: gateway.clock }, { actor: 'cli:ann', tokenIds: [id] })
    expect(await sendEvents(gateway, { fields: [bearer(secret)] })).toMatchObject({ status: 200 })
    gateway.pipeline.forget([`token:${id}`])
    expect(await sendEvents(gateway, { fields: [bearer(secret)] })).toMatchObject({ status: 401 })
  })

  test('a token that was unknown is known once it was made', async () => {
    const { gateway, make } = await eventGateway()
    const { id, secret } = await make('events')
    await revokeTokens({ store: gateway.store, clock: gateway.clock }, { actor: 'cli:ann', tokenIds: [id] })
    expect(await sendEvents(gateway, { fields: [bearer(secret)] })).toMatchObject({ status: 401 })
    const fresh = await make('events')
    expect(await sendEvents(gateway, { fields: [bearer(fresh.secret)] })).toMatchObject({ status: 202 })
  })

  test('who guesses tokens is held back like who guesses keys', async () => {
    const { gateway, token } = await eventGateway({ clients: { failedKeysPerMinute: 2 } })
    const statuses: number[] = []
    for (let time = 0; time < 4; time += 1)
      statuses.push((await sendEvents(gateway, { fields: [bearer('gzt_no')] })).status)
    expect(statuses).toEqual([401, 401, 429, 429])
    expect(await sendEvents(gateway, { fields: [bearer(token)] })).toMatchObject({ status: 202 })
  })
})

describe('the path of events', () => {
  test('belongs to the api with every other method; where it has no route, only POST is offered', async () => {
    const { gateway, upstream } = await eventGateway()
    const key = `x-api-key: ${gateway.secret}`
    expect(
      await exchangeBytes(
        gateway.port,
        `GET /v1/events HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${key}\r\n\r\n`,
      ),
    ).toMatch(/^HTTP\/1\.1 200 [\s\S]*ok$/)
    expect(upstream.heads).toHaveLength(1)
    const bare = await eventGateway({ routes: [] })
    const answer = await sendEvents(bare.gateway, { line: 'GET /v1/events', body: '' })
    expect(answer).toMatchObject({ status: 405, body: { code: 'method-not-allowed' } })
    expect(answer.received).toMatch(/\r\nAllow: POST\r\n/)
  })

  test('is elsewhere, or nowhere, where the file says so', async () => {
    const ownPaths = { health: null, usage: null, events: '/usage/report' }
    const { gateway, token, upstream } = await eventGateway({ ownPaths })
    expect(
      await sendEvents(gateway, { line: 'POST /usage/report?x=1', fields: [bearer(token)] }),
    ).toMatchObject({
      status: 202,
    })
    const off = await eventGateway({ ownPaths: { ...ownPaths, events: null } })
    const key = `x-api-key: ${off.gateway.secret}`
    const text = `POST /v1/events HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${key}\r\nContent-Length: 0\r\n\r\n`
    expect(await exchangeBytes(off.gateway.port, text)).toMatch(/^HTTP\/1\.1 200 [\s\S]*ok$/)
    expect(upstream.heads).toEqual([])
  })
})
