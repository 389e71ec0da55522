import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Limit } from '../../src/model/plan.ts'
import { plan } from '../support/control-store.ts'
import { startGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts'
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

describe('while the disk refuses events', () => {
  /** Makes the spool of a gateway refuse, and take, what it is given. */
  function disk(gateway: TestGateway) {
    const spool = new Database(join(gateway.folder, 'spool.db'))
    onTestFinished(() => void spool.close())
    return {
      fail: () =>
        spool.exec(
          "CREATE TRIGGER refuse BEFORE INSERT ON batches BEGIN SELECT RAISE(ABORT, 'disk full'); END",
        ),
      mend: () => spool.exec('DROP TRIGGER refuse'),
    }
  }

  test('the end of an answer is held, further calls are refused, and both end well when it is back', async () => {
    const { gateway, upstream } = await startWith(answer(200))
    const { fail, mend } = disk(gateway)
    fail()
    const held = await RawSocket.connect(gateway.port)
    held.send(get(gateway))
    await until('the meter is down', () => !gateway.meter.available || undefined)
    expect(held.received).toBe('')
    const refused = await exchangeBytes(gateway.port, get(gateway))
    expect(refused).toMatch(/^HTTP\/1\.1 503 /)
    expect(refused).toContain('"code":"metering-unavailable"')
    expect(refused).toMatch(/^Retry-After: 1\r$/m)
    expect(upstream.heads).toHaveLength(1)
    mend()
    expect(await held.sawEnd()).toMatch(/^HTTP\/1\.1 200 [\s\S]*ok$/)
    await until('calls are taken again', () => gateway.meter.available || undefined)
    expect(await exchangeBytes(gateway.port, get(gateway))).toMatch(/^HTTP\/1\.1 200 /)
    gateway.pipeline.flush(true)
    const events = await gateway.events()
    expect(events.filter((event) => event.billable)).toHaveLength(2)
    expect(events.filter((event) => event.refusal === 'metering-unavailable')).toHaveLength(1)
  })

  test('a client that gives up waiting is billed for what the upstream did, once', async () => {
    const { gateway } = await startWith(answer(200))
    const { fail, mend } = disk(gateway)
    fail()
    const client = await RawSocket.connect(gateway.port)
    client.send(get(gateway))
    await until('the meter is down', () => !gateway.meter.available || undefined)
    client.socket.destroy()
    mend()
    await until('the event is there', async () => ((await gateway.events()).length > 0 ? true : undefined))
    expect(await gateway.events()).toMatchObject([{ outcome: 'ok', billable: true }])
    expect(gateway.alarms).toEqual([])
  })

  test('a long answer flows all the same; only its last piece waits', async () => {
    const body = 'x'.repeat(300_000)
    const { gateway } = await startWith(answer(200, body))
    const { fail, mend } = disk(gateway)
    fail()
    const client = await RawSocket.connect(gateway.port)
    client.send(get(gateway))
    await until('the meter is down', () => !gateway.meter.available || undefined)
    const start = client.received.indexOf('\r\n\r\n') + 4
    expect(client.received.length - start).toBeGreaterThan(100_000)
    expect(client.received.length - start).toBeLessThan(body.length)
    mend()
    expect((await client.sawEnd()).length - start).toBe(body.length)
  })
})

describe('changes while calls are under way', () => {
  test('a call goes on under the plan it was admitted by; the next one goes by the new plan', async () => {
    let send = () => {}
    const upstream = await RawUpstream.start((socket) => {
      send = () => socket.write(answer(200))
    })
    const gateway = await startGateway({ upstreamPort: upstream.port, plans: [plan({ limits: [DAY] })] })
    const early = await RawSocket.connect(gateway.port)
    early.send(get(gateway))
    await until('the upstream is asked', () => upstream.heads[0])
    gateway.replaceRules({ plans: [plan({ limits: [{ ...DAY, amount: 100 }] })] })
    send()
    expect(await early.sawEnd()).toMatch(/^RateLimit-Policy: "tenant-day";q=10;/m)
    const late = await RawSocket.connect(gateway.port)
    late.send(get(gateway))
    await until('the upstream is asked again', () => upstream.heads[1])
    send()
    const received = await late.sawEnd()
    expect(received).toMatch(/^RateLimit-Policy: "tenant-day";q=100;/m)
    expect(remaining(received)).toEqual({ 'tenant-day': 98 })
  })

  test('a plan that is gone: 403 no-plan, never 500', async () => {
    const { gateway } = await startWith(answer(200))
    gateway.replaceRules({ plans: [plan({ id: 'other' })] })
    expect(await exchangeBytes(gateway.port, get(gateway))).toMatch(/^HTTP\/1\.1 403 [\s\S]*"code":"no-plan"/)
  })

  test.each([-3_600_000, -1, 3_600_000])(
    'a clock that steps by %i ms neither opens a limit early nor repeats an id',
    async (stepMs) => {
      const { gateway } = await startWith(answer(200), { plans: [plan({ limits: [{ ...DAY, amount: 2 }] })] })
      const statuses: string[] = []
      for (let call = 0; call < 4; call += 1) {
        statuses.push((await exchangeBytes(gateway.port, get(gateway))).slice(9, 12))
        gateway.clock.advance(stepMs)
      }
      expect(statuses).toEqual(['200', '200', '429', '429'])
      gateway.pipeline.flush(true)
      const ids = (await gateway.events()).map((event) => event.id)
      expect(ids.toSorted()).toEqual(ids)
      expect(new Set(ids).size).toBe(4)
    },
  )
})
