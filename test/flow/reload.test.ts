import { beforeEach, describe, expect, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Load } from '../support/load.ts'
import { Project } from '../support/project.ts'
import { RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'

const ROUTES = [{ id: 'old', match: 'GET /old' }]

let upstream: CountingUpstream
let project: Project
let secret: string

beforeEach(async () => {
  upstream = await CountingUpstream.start()
  project = await Project.with(config({}))
  secret = await project.tenant('acme', 'open')
})

describe('a changed file', () => {
  test('is in force on all threads without a failed call and without being told', async () => {
    const serve = await project.serve()
    const load = new Load({ callers: [caller()], routes: { old: '/old' } })
    const running = load.run(serve, 16)
    await until('calls pass', () => (load.received.size > 200 ? true : undefined))
    const second = await CountingUpstream.start()
    const routes = [...ROUTES, { id: 'new', match: 'GET /new' }]
    project.writeConfig(JSON.stringify(config({ port: second.port, routes, limit: 1_000_000 })))
    await until('it was read', () => (serve.stdout.includes('it is in force') ? true : undefined))
    const callsThen = load.received.size
    await until('calls pass on', () => (load.received.size > callsThen + 200 ? true : undefined))
    load.stop()
    await running
    expect(load.refused).toEqual([])
    expect(load.broken.size).toBe(0)
    expect(second.seen).toBeGreaterThan(100)
    for (let connection = 0; connection < 16; connection += 1) {
      const answer = await call(serve.port, '/new')
      expect(answer.status).toBe(200)
      expect(answer.headers.get('ratelimit-policy')).toContain('q=1000000')
    }
  })

  test('with a mistake in it changes nothing, and says so; SIGHUP puts the mended one in force', async () => {
    const serve = await project.serve()
    const good = config({ limit: 5 })
    project.writeConfig(JSON.stringify({ ...good, plans: [{ id: 'open', rotues: 'all' }] }))
    await until('it is told', () => (serve.stdout.includes('gatez config check') ? true : undefined))
    expect(serve.stdout).toContain('the old one stays')
    expect((await call(serve.port, '/old')).status).toBe(200)

    project.writeConfig(JSON.stringify(good))
    serve.hangUp()
    await until('it was read', () => (serve.stdout.includes('it is in force') ? true : undefined))
    expect((await call(serve.port, '/old')).headers.get('x-ratelimit-limit')).toBe('5')
  })

  test('says what only a restart changes', async () => {
    const serve = await project.serve()
    const changed = config({})
    project.writeConfig(JSON.stringify({ ...changed, gateway: { ...changed.gateway, threads: 3 } }))
    await until('it is told', () => (serve.stdout.includes('next start') ? true : undefined))
    expect(serve.stdout).toContain('gateway.threads')
  })

  test('that lacks a plan with subscribers is not put in force', async () => {
    const serve = await project.serve()
    const other = flowConfig({
      upstreamPort: upstream.port,
      threads: 2,
      routes: ROUTES,
      plans: { other: {} },
    })
    project.writeConfig(JSON.stringify(other))
    await until('it is told', () => (serve.stdout.includes('the old one stays') ? true : undefined))
    expect(serve.stdout).toContain('open (1 tenant)')
    expect((await call(serve.port, '/old')).status).toBe(200)
  })
})

function config({ port = upstream.port, routes = ROUTES, limit = 500_000 }) {
  const plans = { open: { limits: [{ requests: limit, per: 'hour' }] } }
  return flowConfig({ upstreamPort: port, threads: 2, routes, plans })
}

function caller() {
  return { tenantId: 'acme', keyId: '', secret }
}

async function call(port: number, path: string) {
  const client = await RawClient.connect(port)
  const answer = await client.call({ path, headers: { 'x-api-key': secret } })
  client.destroy()
  return answer
}
