import { expect, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { RawSocket } from '../support/raw-socket.ts'
import type { ServeProcess } from '../support/serve-process.ts'
import { until } from '../support/until.ts'

const PROXY = '127.0.0.2'

/** A gateway whose `gateway` says this of clients, with a key to call with. */
async function start(clients: object, threads: number) {
  const upstream = await CountingUpstream.start()
  const config = flowConfig({ upstreamPort: upstream.port, threads, plans: { open: {} } })
  const gateway = { ...config.gateway, trusted_proxies: [PROXY], ...clients }
  const metering = { ...config.metering, client_ip: 'full' }
  const project = await Project.with({ ...config, gateway, metering })
  const secret = await project.tenant('acme', 'open')
  return { upstream, project, secret, serve: await project.serve() }
}

/** Sends a call on a connection of its own; `received` is its answer, or empty when it was turned away. */
async function call(serve: ServeProcess, fields: readonly string[], from?: string): Promise<RawSocket> {
  const client = await RawSocket.connect(serve.port, from)
  client.send(['GET /a HTTP/1.1', 'Host: a', ...fields, '', ''].join('\r\n'))
  await until('an answer or the end', () => client.received.includes('\r\n\r\n') || client.ended || undefined)
  return client
}

const statusOf = ({ received }: RawSocket) => (received === '' ? 0 : Number(received.slice(9, 12)))

test('connections of one address have so many places on all threads together, and are told of', async () => {
  const { serve, secret } = await start({ connections_per_ip: 12 }, 3)
  const fields = [`x-api-key: ${secret}`]
  for (let round = 0; round < 3; round += 1) {
    const clients = await Promise.all(Array.from({ length: 40 }, () => call(serve, fields)))
    expect(clients.filter((client) => statusOf(client) === 200)).toHaveLength(12)
    expect(clients.filter((client) => client.ended && statusOf(client) === 0)).toHaveLength(28)
    for (const client of clients) client.socket.destroy()
    await until('there are places again', async () => {
      const client = await call(serve, fields)
      client.socket.destroy()
      return statusOf(client) === 200 ? true : undefined
    })
  }
  const proxied = await Promise.all(Array.from({ length: 40 }, () => call(serve, fields, PROXY)))
  expect(proxied.map(statusOf)).toEqual(Array(40).fill(200))
  // Once in ten seconds on each thread, not for each of the 84 that were closed.
  const warnings = serve.stderr.match(/more than 12 from 127\.0\.0\.1/g) ?? []
  expect(warnings.length).toBeGreaterThanOrEqual(1)
  expect(warnings.length).toBeLessThan(20)
})

test('keys that are not accepted are counted for the client behind a proxy, on all threads together', async () => {
  const { project, serve, secret } = await start({ failed_keys_per_minute: 10 }, 3)
  const guess = (client: string) =>
    call(serve, ['x-api-key: guessed', `X-Forwarded-For: 6.6.6.6, ${client}`], PROXY)
  const statuses = (await Promise.all(Array.from({ length: 40 }, () => guess('203.0.113.7')))).map(statusOf)
  expect(statuses.filter((status) => status === 401)).toHaveLength(10)
  expect(statuses.filter((status) => status === 429)).toHaveLength(30)
  expect(statusOf(await guess('203.0.113.8'))).toBe(401)
  const good = await call(serve, [`x-api-key: ${secret}`, 'X-Forwarded-For: 203.0.113.7'], PROXY)
  expect(statusOf(good)).toBe(200)
  const stranger = await call(serve, [`x-api-key: ${secret}`, 'X-Forwarded-For: 203.0.113.9'])
  expect(statusOf(stranger)).toBe(200)
  const told = await until('both calls are in the usage log', async () => {
    const lines = (await project.run('usage', 'tail', '--no-follow', '--json')).trim().split('\n')
    return lines.length === 2 ? lines.map((line) => JSON.parse(line).client_ip) : undefined
  })
  expect(told).toEqual(['203.0.113.7', '127.0.0.1'])
})

test('a gateway with more work than it can do turns calls away, says how it is, and recovers', async () => {
  // A millisecond is so little that any real load is more.
  const { serve, secret } = await start({ max_lag: '1ms' }, 1)
  const fields = [`x-api-key: ${secret}`]
  const pipelined = `GET /a HTTP/1.1\r\nHost: a\r\n${fields[0]}\r\n\r\n`.repeat(50)
  const turnedAway = await until(
    'a call is turned away',
    async () => {
      const clients = await Promise.all(Array.from({ length: 64 }, () => RawSocket.connect(serve.port)))
      for (const client of clients) client.send(pipelined)
      const health = await RawSocket.connect(serve.port)
      health.send('GET /gatez/health HTTP/1.1\r\nHost: a\r\n\r\n')
      expect(await health.sees(/\r\n\r\n[\s\S]+\n$/, 60_000)).toMatch(/^HTTP\/1\.1 200 [\s\S]*"status":"ok"/)
      await until(
        'all are answered',
        () =>
          clients.every(({ ended, received }) => ended || received.split(' 200 OK').length > 50) || undefined,
        60_000,
      )
      for (const client of clients) client.socket.destroy()
      return clients.find(({ received }) => received.includes('"code":"overloaded"'))
    },
    60_000,
  )
  expect(turnedAway.ended).toBe(true)
  expect(turnedAway.received).toMatch(
    /HTTP\/1\.1 503 Service Unavailable[\s\S]*Retry-After: 1\r\n[\s\S]*Connection: close/,
  )
  await until('calls pass again', async () =>
    statusOf(await call(serve, fields)) === 200 ? true : undefined,
  )
})
