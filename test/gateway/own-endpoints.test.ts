import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { plan } from '../support/control-store.ts'
import { startGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts'
import { exchangeBytes, RawSocket } from '../support/raw-socket.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

const FIGURES = {
  ...{ requests: 7, billable: 5, refused: 2, usage_units: 5, bytes_received: 0, bytes_sent: 10 },
  quantities: { tokens: '1.5' },
}

const LIMITS = [
  { id: 'day', counts: 'requests', amount: 3, windowMs: 86_400_000, per: 'day', scope: 'tenant' },
  { id: 'minute', counts: 'requests', amount: 100, windowMs: 60_000, per: 'minute', scope: 'key' },
  { id: 'route', counts: 'requests', amount: 9, windowMs: 60_000, per: 'minute', scope: 'route' },
] as const

const QUOTAS = [
  { id: 'calls-month', meter: 'calls', per: 'month', included: '1000', onExceed: 'block' },
] as const

async function start(options: TestGatewayOptions = {}) {
  const upstream = await RawUpstream.answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const gateway = await startGateway({
    upstreamPort: upstream.port,
    plans: [plan({ limits: LIMITS, quotas: QUOTAS })],
    figuresOf: async () => FIGURES,
    ...options,
  })
  return { upstream, gateway }
}

/** Sends one request on its own connection; with a key when asked. */
async function ask(gateway: TestGateway, line: string, secret?: string) {
  const key = secret === undefined ? [] : [`x-api-key: ${secret}`]
  const text = [`${line} HTTP/1.1`, 'Host: a', 'Connection: close', ...key, '', ''].join('\r\n')
  const received = await exchangeBytes(gateway.port, text)
  const body = received.slice(received.indexOf('\r\n\r\n') + 4)
  return { status: Number(received.slice(9, 12)), received, body: body === '' ? undefined : JSON.parse(body) }
}

describe('GET /gatez/health', () => {
  test('says ok without a key, is not passed on and leaves no event', async () => {
    const { gateway, upstream } = await start()
    expect(await ask(gateway, 'GET /gatez/health')).toMatchObject({ status: 200, body: { status: 'ok' } })
    expect(await ask(gateway, 'GET /gatez/health?from=lb')).toMatchObject({ status: 200 })
    expect((await ask(gateway, 'HEAD /gatez/health')).received).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\n$/)
    expect(upstream.heads).toEqual([])
    expect(await gateway.events()).toEqual([])
  })

  test('says 503 while it drains, and when events cannot be written', async () => {
    const { gateway } = await start()
    gateway.pipeline.startDraining(60_000)
    expect(await ask(gateway, 'GET /gatez/health')).toMatchObject({
      status: 503,
      body: { status: 'draining' },
    })
    const full = await start()
    const spool = new Database(join(full.gateway.folder, 'spool.db'))
    onTestFinished(() => void spool.close())
    spool.exec("CREATE TRIGGER no BEFORE INSERT ON batches BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    const held = await RawSocket.connect(full.gateway.port)
    held.send(`GET /a HTTP/1.1\r\nHost: a\r\nx-api-key: ${full.gateway.secret}\r\n\r\n`)
    await until('the meter is down', () => !full.gateway.meter.available || undefined)
    expect(await ask(full.gateway, 'GET /gatez/health')).toMatchObject({
      status: 503,
      body: { status: 'metering-unavailable' },
    })
    spool.exec('DROP TRIGGER no')
    await held.sees(/ok$/)
  })

  test('is offered with GET alone', async () => {
    const { gateway } = await start()
    const answer = await ask(gateway, 'DELETE /gatez/health')
    expect(answer).toMatchObject({ status: 405, body: { code: 'method-not-allowed' } })
    expect(answer.received).toMatch(/\r\nAllow: GET, HEAD\r\n/)
  })

  test.each(['/gatez/healthy', '/gatez/health/', '/gatez', '/x/gatez/health'])(
    '%s is none of it: the api answers',
    async (path) => {
      const { gateway, upstream } = await start()
      const text = `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nx-api-key: ${gateway.secret}\r\n\r\n`
      expect(await exchangeBytes(gateway.port, text)).toMatch(/^HTTP\/1\.1 200 [\s\S]*ok$/)
      expect(upstream.heads).toHaveLength(1)
    },
  )

  test('turned off, the api has the path', async () => {
    const { gateway, upstream } = await start({ ownPaths: { health: null, usage: null, events: null } })
    const text = `GET /gatez/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\nx-api-key: ${gateway.secret}\r\n\r\n`
    await exchangeBytes(gateway.port, text)
    expect(upstream.heads).toHaveLength(1)
  })
})

describe('GET /gatez/usage', () => {
  test('tells the caller its figures and what is left, by the counters that refuse, and takes nothing', async () => {
    const { gateway } = await start()
    const call = `GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nx-api-key: ${gateway.secret}\r\n\r\n`
    await exchangeBytes(gateway.port, call)
    for (let time = 0; time < 5; time += 1) {
      const { status, body } = await ask(gateway, 'GET /gatez/usage', gateway.secret)
      expect(status).toBe(200)
      expect(body).toMatchObject({ tenant_id: 'acme', plan: 'free', ...FIGURES })
      expect(body.limits).toMatchObject([
        { id: 'day', limit: 3, used: 1, remaining: 2 },
        { id: 'minute', limit: 100, used: 1, remaining: 99 },
      ])
      expect(body.quotas).toMatchObject([{ id: 'calls-month', limit: 1000, used: 1, remaining: 999 }])
    }
    expect(await gateway.events()).toHaveLength(1)
  })

  test('asks for the figures of the tenant of the key, once a second', async () => {
    const asked: string[] = []
    const { gateway } = await start({
      figuresOf: async (tenantId) => {
        asked.push(tenantId)
        return FIGURES
      },
    })
    await ask(gateway, 'GET /gatez/usage?tenant=globex', gateway.secret)
    expect(asked).toEqual(['acme'])
  })

  test('without a key, or with a wrong one, it is 401; from where the key may not be used, 403', async () => {
    const { gateway } = await start({ key: { ips: ['10.0.0.0/8'] } })
    expect(await ask(gateway, 'GET /gatez/usage')).toMatchObject({ status: 401 })
    expect(await ask(gateway, 'GET /gatez/usage', 'gz_live_no')).toMatchObject({ status: 401 })
    expect(await ask(gateway, 'GET /gatez/usage', gateway.secret)).toMatchObject({
      status: 403,
      body: { code: 'key-not-allowed' },
    })
  })

  test('a ledger that cannot be read is 503, never a wrong number', async () => {
    const { gateway } = await start({ figuresOf: () => Promise.reject(new Error('locked')) })
    expect(await ask(gateway, 'GET /gatez/usage', gateway.secret)).toMatchObject({ status: 503 })
    expect(gateway.alarms.splice(0)).toHaveLength(1)
  })
})
