import { expect, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { Project } from '../support/project.ts'
import { RawClient } from '../support/raw-client.ts'
import type { ServeProcess } from '../support/serve-process.ts'
import { until } from '../support/until.ts'

// Two threads, two upstreams that gatez asks about their health itself.

const HEALTH = { path: '/health', every: '50ms', timeout: '2s', healthy_after: 2, unhealthy_after: 3 }

function config(ports: readonly number[], { health = HEALTH as object, limit = 1_000_000 } = {}) {
  return {
    version: 1,
    gateway: { listen: '127.0.0.1:0', threads: 2 },
    apis: [
      {
        id: 'shop',
        upstream: ports.map((port) => `http://127.0.0.1:${port}`),
        breaker: null,
        retries: 0,
        health,
        routes: [{ id: 'all', match: 'ANY /{rest*}' }],
      },
    ],
    plans: [{ id: 'open', routes: 'all', limits: [{ requests: limit, per: 'hour' }] }],
  }
}

/** An upstream that counts calls and questions apart, and is as well as `well` says. */
async function startUpstream() {
  const upstream = await CountingUpstream.start()
  const seen = { well: true, calls: 0, questions: 0 }
  upstream.answer = (request, response) => {
    const isQuestion = request.url === '/health'
    if (isQuestion) seen.questions += 1
    else seen.calls += 1
    response.writeHead(isQuestion && !seen.well ? 503 : 200, { 'content-length': 2 }).end('ok')
  }
  return { upstream, seen }
}

/** Calls on so many connections at once, some on each thread; returns their statuses. */
async function callMany(serve: ServeProcess, secret: string, count: number): Promise<readonly number[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const client = await RawClient.connect(serve.port)
      const { status } = await client.call({ path: '/a', headers: { 'x-api-key': secret } })
      client.destroy()
      return status
    }),
  )
}

const told = (serve: ServeProcess, what: RegExp): number => serve.stderr.match(what)?.length ?? 0
const ILL = /gets no calls/g
const WELL = /is well again/g

test('an upstream that is ill gets no calls on any thread, and gets them again when it is well', async () => {
  const [one, two] = [await startUpstream(), await startUpstream()]
  const ports = [one.upstream.port, two.upstream.port]
  const project = await Project.with(config(ports))
  const secret = await project.tenant('acme', 'open')
  const serve = await project.serve()
  await until('both are asked', () => (one.seen.questions > 3 && two.seen.questions > 3) || undefined)
  expect(await callMany(serve, secret, 20)).toEqual(Array(20).fill(200))
  expect(one.seen.calls).toBeGreaterThan(0)
  expect(one.seen.calls + two.seen.calls).toBe(20)

  one.seen.well = false
  await until('it is told', () => told(serve, ILL) || undefined)
  expect(serve.stderr).toContain(`the upstream http://127.0.0.1:${one.upstream.port} of shop gets no calls`)
  expect(serve.stderr).toContain('it answered 503')
  // The other thread learns it by a message that is on its way.
  await until('no thread calls it', async () => {
    const before = one.seen.calls
    await callMany(serve, secret, 20)
    return one.seen.calls === before || undefined
  })
  const before = one.seen.calls
  expect(await callMany(serve, secret, 40)).toEqual(Array(40).fill(200))
  expect(one.seen.calls).toBe(before)

  // Another plan is none of its business: it is known to be ill, and not told again.
  project.writeConfig(JSON.stringify(config(ports, { limit: 2_000_000 })))
  await until('it was read', () => serve.stdout.includes('it is in force') || undefined)
  await callMany(serve, secret, 40)
  expect(one.seen.calls).toBe(before)
  expect(told(serve, ILL)).toBe(1)

  one.seen.well = true
  await until('it is told', () => told(serve, WELL) || undefined)
  await until('it gets calls', async () => {
    await callMany(serve, secret, 10)
    return one.seen.calls > before || undefined
  })
  expect([told(serve, ILL), told(serve, WELL)]).toEqual([1, 1])
  expect(await serve.stop()).toBe(0)
})

test('with none left that is well calls are told so; other questions begin anew; the end leaves none', async () => {
  const { upstream, seen } = await startUpstream()
  const project = await Project.with(config([upstream.port]))
  const secret = await project.tenant('acme', 'open')
  const serve = await project.serve()
  seen.well = false
  await until('no thread calls it', async () => {
    const statuses = await callMany(serve, secret, 10)
    return statuses.every((status) => status === 503) || undefined
  })
  const client = await RawClient.connect(serve.port)
  const refused = await client.call({ path: '/a', headers: { 'x-api-key': secret } })
  expect(refused.headers.get('gatez-error')).toBe('circuit-open')
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  client.destroy()

  // Asked otherwise it counts as well until it is known not to be.
  project.writeConfig(JSON.stringify(config([upstream.port], { health: { ...HEALTH, path: '/other' } })))
  await until('it was read', () => serve.stdout.includes('it is in force') || undefined)
  await until('calls pass', async () => {
    const statuses = await callMany(serve, secret, 10)
    return statuses.every((status) => status === 200) || undefined
  })
  expect(told(serve, ILL)).toBe(1)
  expect(await serve.stop()).toBe(0)
})
