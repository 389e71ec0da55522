import type { Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { HealthChecks } from '../../src/gateway/health-checks.ts'
import type { Api, HealthCheck } from '../../src/model/api.ts'
import { apiOn } from '../support/gateway.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { refusingPort } from '../support/refusing.ts'
import { until } from '../support/until.ts'

// Real sockets, real timers: gatez asks upstreams itself whether they are well.

const HEALTH: HealthCheck = {
  path: '/health',
  everyMs: 20,
  timeoutMs: 1_000,
  healthyAfter: 2,
  unhealthyAfter: 3,
  statuses: [[200, 399]],
}

const status = (code: number) => (socket: Socket) =>
  void socket.write(`HTTP/1.1 ${code} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)

/** An upstream whose answers to questions can be changed. */
async function asked(first: (socket: Socket) => void = status(200)) {
  const does = { next: first }
  const upstream = await RawUpstream.start((socket) => does.next(socket))
  /** Resolves once it was asked so many times more. */
  const times = async (count: number): Promise<void> => {
    const goal = upstream.heads.length + count
    await until('it is asked', () => upstream.heads.length >= goal || undefined)
  }
  return { upstream, does, times }
}

/** Checks of these apis, and the changes that they told. */
function check(...apis: readonly Api[]) {
  const told: string[] = []
  const checks = new HealthChecks(({ apiId, url, healthy }, why) => {
    told.push(`${apiId} ${new URL(url).port} ${healthy ? 'well' : 'ill'}: ${why}`)
  })
  onTestFinished(() => checks.stop())
  checks.replaceApis(apis)
  return { checks, told }
}

const api = (port: number, overrides: Partial<HealthCheck> = {}, more: Partial<Api> = {}): Api =>
  apiOn(port, { health: { ...HEALTH, ...overrides }, ...more })

describe('an upstream', () => {
  test('counts as ill after so many bad answers in a row, as well after so many good ones, each told once', async () => {
    const { upstream, does, times } = await asked()
    const { told } = check(api(upstream.port))
    await times(4)
    expect(told).toEqual([])
    does.next = status(503)
    await until('it is told', () => told[0])
    await times(5)
    expect(told).toEqual([`shop ${upstream.port} ill: it answered 503`])
    does.next = status(204)
    await until('it is told', () => told[1])
    await times(5)
    expect(told).toHaveLength(2)
    expect(told[1]).toBe(`shop ${upstream.port} well: it answers as it should`)
  })

  test('that only stumbles stays well', async () => {
    let answers = 0
    const { upstream, times } = await asked((socket) => {
      answers += 1
      status(answers % 3 === 0 ? 200 : 500)(socket)
    })
    const { told } = check(api(upstream.port))
    await times(12)
    expect(told).toEqual([])
  })

  test('that only stirs stays ill', async () => {
    let answers = 0
    const { upstream, times } = await asked((socket) => {
      answers += 1
      status(answers > 3 && answers % 2 === 0 ? 200 : 500)(socket)
    })
    const { told } = check(api(upstream.port))
    await times(12)
    expect(told).toHaveLength(1)
  })

  test.each([
    { does: () => {}, why: 'does not answer in time' },
    { does: (socket: Socket) => void socket.destroy(), why: 'hangs up' },
    { does: (socket: Socket) => void socket.write('garbage\r\n\r\n'), why: 'speaks no HTTP' },
    {
      does: (socket: Socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'),
      why: 'does not end its answer',
    },
  ])('is ill when it $why', async ({ does }) => {
    const { upstream } = await asked(does)
    const { told } = check(api(upstream.port, { timeoutMs: 50 }))
    await until('it is told', () => told[0])
    expect(told).toEqual([expect.stringMatching(/ ill: ./)])
    expect(told[0]).not.toContain('undefined')
  })

  test('is well however much it says', async () => {
    const endless = (socket: Socket): void => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n')
      const pour = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(16_384)));
      }
      socket.on('drain', pour)
      pour()
    }
    const { upstream, times } = await asked(endless)
    const { told } = check(api(upstream.port, { unhealthyAfter: 1, timeoutMs: 5_000 }))
    await times(3)
    expect(told).toEqual([])
  })

  test('is ill when it refuses connections', async () => {
    const { told } = check(api(await refusingPort()))
    expect(await until('it is told', () => told[0])).toMatch(/ ill: .*ECONNREFUSED/)
  })

  test('is asked at its own path, behind its base path, with the secret, each time on a connection of its own', async () => {
    const { upstream, times } = await asked((socket) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
    )
    const secret = { header: 'x-gateway-secret', value: 'a-secret-of-24-characters' }
    const upstreams = [`http://127.0.0.1:${upstream.port}/base`]
    check(api(upstream.port, {}, { secret, upstreams }))
    let connections = 0
    upstream.onConnection = () => {
      connections += 1
    }
    await times(3)
    expect(upstream.heads[0]).toMatch(/^GET \/base\/health HTTP\/1\.1\r\n/)
    expect(upstream.heads[0]).toMatch(/\r\nx-gateway-secret: a-secret-of-24-characters(?:\r\n|$)/)
    expect(connections).toBeGreaterThanOrEqual(upstream.heads.length - 1)
  })

  test('of an api that asks for no checks is not asked', async () => {
    const { upstream: quiet } = await asked()
    const { upstream, times } = await asked()
    check(apiOn(quiet.port), api(upstream.port, {}, { id: 'other' }))
    await times(3)
    expect(quiet.heads).toEqual([])
  })
})

describe('another file', () => {
  test('that leaves an upstream as it is changes nothing in what is known of it, and tells nothing twice', async () => {
    const { upstream, does, times } = await asked(status(500))
    const { checks, told } = check(api(upstream.port))
    await until('it is told', () => told[0])
    checks.replaceApis([structuredClone({ ...api(upstream.port), routes: [] })])
    await times(5)
    expect(told).toHaveLength(1)
    does.next = status(200)
    expect(await until('it is told', () => told[1])).toMatch(/ well: /)
  })

  test('that asks otherwise begins anew', async () => {
    const { upstream } = await asked(status(404))
    const { checks, told } = check(api(upstream.port))
    await until('it is told', () => told[0])
    checks.replaceApis([api(upstream.port, { path: '/other', unhealthyAfter: 2 })])
    await until('it is told again', () => told[1])
    expect(told).toEqual(Array(2).fill(`shop ${upstream.port} ill: it answered 404`))
    const paths = upstream.heads.map((head) => head.split(' ')[1])
    expect(paths.lastIndexOf('/health')).toBeLessThan(paths.indexOf('/other'))
  })

  test('without it ends the questions', async () => {
    const { upstream, times } = await asked()
    const { upstream: other, times: otherTimes } = await asked()
    const { checks } = check(api(upstream.port))
    await times(1)
    checks.replaceApis([api(other.port, {}, { id: 'other' })])
    const { length } = upstream.heads
    await otherTimes(5)
    expect(upstream.heads.length).toBeLessThanOrEqual(length)
  })
})

test('stopping leaves no socket, and tells nothing of a question that was under way', async () => {
  const { upstream, times } = await asked(() => {})
  const { checks, told } = check(api(upstream.port, { unhealthyAfter: 1 }))
  await times(1)
  checks.stop()
  await until('the connection is over', () => upstream.sockets.size === 0 || undefined)
  expect(upstream.heads).toHaveLength(1)
  expect(told).toEqual([])
})
