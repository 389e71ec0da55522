import { beforeEach, describe, expect, test } from 'vitest'
import { bodyOf, CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { RawClient, type RawRequest } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { usageRows } from '../support/usage-rows.ts'

const ROUTES = [
  { id: 'things', match: 'ANY /things/{rest*}' },
  { id: 'open', match: 'GET /open', auth: 'none' },
  { id: 'heavy', match: 'GET /heavy', cost: 7 },
]

let upstream: CountingUpstream
let project: Project
let key: string

beforeEach(async () => {
  upstream = await CountingUpstream.start()
  // Says back what it got: the status wished for, or the request itself.
  upstream.answer = async (request, response) => {
    const body = await bodyOf(request)
    const status = Number(request.headers['wished-status'] ?? 200)
    const text = status === 204 || status === 304 ? '' : `${request.method} ${request.url} ${body}`
    response.writeHead(status, { 'x-upstream': 'yes', 'x-gatez-meter-tokens': '12.5' })
    response.end(text)
  }
  const plans = {
    open: { limits: [{ requests: 1000, per: 'day' }] },
    tiny: { quotas: [{ meter: 'calls', per: 'month', included: 1 }] },
  }
  const meters = [{ id: 'tokens', from: 'header' }]
  project = await Project.with(flowConfig({ upstreamPort: upstream.port, routes: ROUTES, plans, meters }))
  key = await project.tenant('acme', 'open')
})

async function connect(): Promise<{ client: RawClient; port: number; stop: () => Promise<number | null> }> {
  const serve = await project.serve()
  return { client: await RawClient.connect(serve.port), port: serve.port, stop: () => serve.stop() }
}

/** A call with the key, for which the upstream answers `status`. */
function wishing(status: number, request: Partial<RawRequest> = {}): RawRequest {
  const headers = { 'x-api-key': key, 'wished-status': String(status), ...request.headers }
  return { path: `/things/${status}`, ...request, headers }
}

describe('every answer', () => {
  test('has the x-request-id of the client if it is well-formed, else one of ours', async () => {
    const { client } = await connect()
    const requests: RawRequest[] = [
      wishing(200),
      wishing(204),
      wishing(404),
      wishing(500),
      wishing(200, { headers: { 'x-api-key': 'wrong' } }),
      { path: '/nothing' },
      { path: '/a/../b' },
      wishing(200, { path: '/open', method: 'DELETE' }),
    ]
    for (const request of requests) {
      const ours = await client.call(request)
      expect(ours.headers.get('x-request-id'), request.path).toMatch(/^[0-9A-Z]{26}$/)
      const theirs = await client.call({
        ...request,
        headers: { ...request.headers, 'x-request-id': 'mine-1' },
      })
      expect(theirs.headers.get('x-request-id'), request.path).toBe('mine-1')
      if (ours.headers.has('gatez-error')) {
        expect(JSON.parse(theirs.body.toString())).toMatchObject({ instance: 'urn:gatez:request:mine-1' })
      }
    }
    const bad = await client.call(wishing(200, { headers: { 'x-request-id': 'a b<script>' } }))
    expect(bad.headers.get('x-request-id')).toMatch(/^[0-9A-Z]{26}$/)
  })

  test('of an upstream passes as it is: status, fields and body, but without what is meant for gatez', async () => {
    const { client } = await connect()
    for (const status of [200, 201, 302, 400, 404, 418, 500, 503]) {
      const answer = await client.call(wishing(status))
      expect(answer.status).toBe(status)
      expect(answer.body.toString()).toBe(`GET /things/${status} `)
      expect(answer.headers.get('x-upstream')).toBe('yes')
      expect(answer.headers.has('gatez-error')).toBe(false)
      expect(answer.headers.has('x-gatez-meter-tokens')).toBe(false)
      expect(answer.headers.get('x-ratelimit-limit')).toBe('1000')
    }
  })
})

test('a request that no route, no size and no quota has room for is refused by a name, and logged at most', async () => {
  await project.run('tenants', 'create', 'small', '--plan', 'tiny')
  const { secret } = await project.json('keys', 'create', 'small')
  const { client, stop } = await connect()
  const tiny = { 'x-api-key': secret }
  const many = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`x-${index}`, '1']))
  const requests: readonly [request: RawRequest, status: number, code: string][] = [
    [wishing(200, { path: '/elsewhere' }), 404, 'no-route'],
    [wishing(200, { path: '/heavy', method: 'PUT' }), 405, 'method-not-allowed'],
    [wishing(200, { path: `/things/${'a'.repeat(8200)}` }), 414, 'target-too-long'],
    [wishing(200, { headers: many }), 431, 'headers-too-large'],
    [{ path: '/things/1', headers: tiny }, 200, ''],
    [{ path: '/things/2', headers: tiny }, 429, 'quota-exceeded'],
  ]
  for (const [request, status, code] of requests) {
    const answer = await client.call(request)
    expect(answer.status, request.path).toBe(status)
    expect(answer.headers.get('gatez-error') ?? '').toBe(code)
    if (status === 405) expect(answer.headers.get('allow')).toBe('GET')
    if (status !== 429) continue
    const monthEnds = JSON.parse(answer.body.toString()).resets_at
    expect(monthEnds).toMatch(/-01T00:00:00\.000Z$/)
    expect(answer.headers.get('x-ratelimit-reset')).toBe(String(Date.parse(monthEnds) / 1000))
  }
  expect(await stop()).toBe(0)
  expect(usageRows(project).map((row) => row.status_code)).toEqual([200, 429])
})

describe('one connection', () => {
  test('serves HEAD, 204 and 304 without a body, and goes on', async () => {
    const { client, stop } = await connect()
    const head = await client.call(wishing(200, { method: 'HEAD' }))
    expect({ status: head.status, body: head.body.length }).toEqual({ status: 200, body: 0 })
    expect((await client.call(wishing(204))).status).toBe(204)
    expect((await client.call(wishing(304))).status).toBe(304)
    expect((await client.call(wishing(200))).body.toString()).toBe('GET /things/200 ')
    expect(await stop()).toBe(0)
    expect(usageRows(project).map((row) => [row.method, row.status_code, row.billable])).toEqual([
      ['HEAD', 200, 1],
      ['GET', 204, 1],
      ['GET', 304, 0],
      ['GET', 200, 1],
    ])
  })

  test('carries the bodies of POST, PUT and DELETE, by length and chunked', async () => {
    const { client, stop } = await connect()
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await client.call(wishing(200, { method, body: Buffer.from('some text') }))
      expect(answer.body.toString()).toBe(`${method} /things/200 some text`)
    }
    const answered = client.call(
      wishing(200, { method: 'POST', path: '/things/c', headers: { 'transfer-encoding': 'chunked' } }),
    )
    client.write('5\r\nsome \r\n')
    client.write('4\r\ntext\r\n0\r\n\r\n')
    expect((await answered).body.toString()).toBe('POST /things/c some text')
    expect(await stop()).toBe(0)
    expect(usageRows(project).map((row) => row.bytes_received)).toEqual([9, 9, 9, 9, 9])
  })

  test('is answered after a refused request with a body that no one read', async () => {
    const { client } = await connect()
    const wrong = { 'x-api-key': 'wrong', 'wished-status': '200' }
    const body = Buffer.from('GET /things/smuggled HTTP/1.1\r\nhost: a\r\n\r\n')
    const refused = await client.call({ method: 'POST', path: '/things/a', headers: wrong, body })
    expect(refused.status).toBe(401)
    expect((await client.call(wishing(200))).body.toString()).toBe('GET /things/200 ')
    expect(upstream.seen).toBe(1)
  })
})

describe('the ledger', () => {
  test('has a call in a report that is started within a second of its last byte', async () => {
    const { client } = await connect()
    await client.call({ path: '/heavy', headers: { 'x-api-key': key } })
    const look = async () => {
      const report = await project.json('usage', 'report', '--by', 'tenant,route')
      return report.rows.length > 0 ? report : undefined
    }
    const report = await until('the report has the call', look, 1000)
    expect(report.rows).toMatchObject([
      {
        tenant_id: 'acme',
        route_id: 'heavy',
        requests: 1,
        billable: 1,
        usage_units: 7,
        quantities: { tokens: '12.5' },
      },
    ])
    expect(report.total).toMatchObject({ requests: 1, billable: 1 })
  })

  test('bills what succeeded and logs the rest', async () => {
    const { client, stop } = await connect()
    const statuses = [200, 201, 204, 302, 400, 404, 429, 500, 503]
    for (const status of statuses) await client.call(wishing(status))
    expect(await stop()).toBe(0)
    const rows = usageRows(project)
    expect(rows.map((row) => row.status_code)).toEqual(statuses)
    expect(rows.filter((row) => row.billable === 1).map((row) => row.status_code)).toEqual([200, 201, 204])
    // An answer of the upstream is no refusal of ours, whatever its status.
    expect(new Set(rows.map((row) => row.outcome))).toEqual(new Set(['ok']))
    const { total } = await project.json('usage', 'report')
    expect(total).toMatchObject({ requests: 9, billable: 3, refused: 0, usage_units: 3 })
  })

  test('logs calls of test keys and of open routes, and never bills them', async () => {
    const { secret } = await project.json('keys', 'create', 'acme', '--test')
    expect(secret).toMatch(/^gz_test_/)
    const { client, stop } = await connect()
    const limited = await client.call(wishing(200, { headers: { 'x-api-key': secret } }))
    expect(limited.headers.get('x-ratelimit-remaining')).toBe('999')
    await client.call({ path: '/open' })
    expect(await stop()).toBe(0)
    expect(usageRows(project).map((row) => [row.tenant_id, row.route_id, row.billable])).toEqual([
      ['acme', 'things', 0],
      ['', 'open', 0],
    ])
    const { total } = await project.json('usage', 'report')
    expect(total).toMatchObject({ requests: 2, billable: 0, usage_units: 0 })
  })

  test('has a client that hung up as such, and the upstream is told', async () => {
    const gone = Promise.withResolvers<void>()
    upstream.answer = (request) => request.on('close', () => gone.resolve())
    const { client, stop } = await connect()
    const called = client.call(wishing(200))
    await until('the upstream has the call', () => (upstream.seen === 1 ? true : undefined))
    client.destroy()
    await expect(called).rejects.toThrow('broke')
    await gone.promise
    expect(await stop()).toBe(0)
    expect(usageRows(project)).toMatchObject([{ outcome: 'client_aborted', billable: 0 }])
  })

  test('has an answer that broke off at the upstream as such; the client never takes it for whole', async () => {
    upstream.answer = (_request, response) => {
      response.writeHead(200, { 'content-length': 1000 })
      response.write('half', () => response.destroy())
    }
    const { client, stop } = await connect()
    await expect(client.call(wishing(200))).rejects.toThrow('broke')
    expect(await stop()).toBe(0)
    expect(usageRows(project)).toMatchObject([
      { outcome: 'upstream_truncated', billable: 0, status_code: 200 },
    ])
  })
})
