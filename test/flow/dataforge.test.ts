import { beforeEach, describe, expect, test } from 'vitest'
import type { RawAnswer } from '../support/answer-parser.ts'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { Project } from '../support/project.ts'
import { connectAll, RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'

let upstream: CountingUpstream
let project: Project

beforeEach(async () => {
  upstream = await CountingUpstream.start()
  project = await Project.ofTemplate(upstream.port)
})

/** Makes `count` calls over all clients, as fast as they answer; returns how many had each status. */
async function callMany(
  clients: readonly RawClient[],
  key: string,
  count: number,
): Promise<Map<number, number>> {
  const statuses = new Map<number, number>()
  let left = count
  const work = clients.map(async (client) => {
    while (left > 0) {
      left -= 1
      const { status } = await client.call(search(key))
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  })
  await Promise.all(work)
  return statuses
}

function search(key: string) {
  return { path: '/v1/search?q=ada', headers: { 'x-api-key': key } }
}

function problemOf(answer: RawAnswer) {
  return JSON.parse(answer.body.toString())
}

/** Calls on every connection until all of them are answered as `isNew` wants: within a second, and for good. */
async function allWithinASecond(
  clients: readonly RawClient[],
  key: string,
  isNew: (answer: RawAnswer) => boolean,
): Promise<void> {
  const round = () => Promise.all(clients.map((client) => client.call(search(key))))
  const look = async () => ((await round()).every(isNew) ? true : undefined)
  await until('the change holds on every connection', look, 1000)
  expect((await round()).every(isNew)).toBe(true)
}

describe('the plan Free of the template', () => {
  test('opens two endpoints; a third is refused with the plans that open it', async () => {
    const key = await project.tenant('acme', 'free')
    const serve = await project.serve()
    const client = await RawClient.connect(serve.port)
    const headers = { 'x-api-key': key }
    expect((await client.call({ path: '/v1/search', headers })).status).toBe(200)
    expect((await client.call({ path: '/v1/lookup/1', headers })).status).toBe(200)

    const exported = await client.call({ path: '/v1/export', headers })
    expect(exported.status).toBe(403)
    expect(exported.headers.get('gatez-error')).toBe('route-not-in-plan')
    expect(exported.headers.get('x-ratelimit-remaining')).toBe('98')
    expect(problemOf(exported)).toMatchObject({
      code: 'route-not-in-plan',
      plan: 'free',
      upgrade_to: ['pro', 'enterprise'],
      detail: expect.stringContaining('Pro'),
    })
    const analyzed = await client.call({
      method: 'POST',
      path: '/v1/analyze',
      headers,
      body: Buffer.from('a'),
    })
    expect(problemOf(analyzed)).toMatchObject({ status: 403, upgrade_to: ['pro', 'enterprise'] })
    expect(upstream.seen).toBe(2)
  })

  test('allows one key, also when two processes race for it', async () => {
    await project.run('tenants', 'create', 'acme', '--plan', 'free')
    const made = await Promise.all([1, 2, 3].map(() => project.try('keys', 'create', 'acme')))
    expect(made.map(({ exitCode }) => exitCode).toSorted()).toEqual([0, 6, 6])
    const { stderr } = await project.try('keys', 'create', 'acme')
    expect(stderr).toMatch(/^Key limit reached: .*acme.*\n→ /)
    expect(await project.json('keys', 'list', 'acme')).toHaveLength(1)
  })

  test('refuses the 101st call; after an upgrade in another terminal the next one passes within a second', async () => {
    const key = await project.tenant('acme', 'free')
    const serve = await project.serve()
    const clients = await connectAll(serve.port, 32)
    expect(await callMany(clients, key, 101)).toEqual(
      new Map([
        [200, 100],
        [429, 1],
      ]),
    )
    await project.run('tenants', 'plan', 'acme', 'pro')
    await allWithinASecond(clients, key, (answer) => answer.headers.get('x-ratelimit-limit') === '10000')
    // What was used before the upgrade counts.
    const answer = await clients[0]!.call(search(key))
    expect(answer.status).toBe(200)
    expect(Number(answer.headers.get('x-ratelimit-remaining'))).toBe(10_000 - upstream.seen)
  })
})

describe('the plan Pro of the template', () => {
  test('refuses the 10,001st call and the 6th key', async () => {
    const key = await project.tenant('acme', 'pro')
    const serve = await project.serve()
    const clients = await connectAll(serve.port, 32)
    expect(await callMany(clients, key, 10_000)).toEqual(new Map([[200, 10_000]]))
    const refused = await clients[0]!.call(search(key))
    expect(problemOf(refused)).toMatchObject({ status: 429, code: 'rate-limited', plan: 'pro' })
    expect(upstream.seen).toBe(10_000)

    for (const name of ['k2', 'k3', 'k4', 'k5']) await project.run('keys', 'create', 'acme', '--name', name)
    expect(await project.try('keys', 'create', 'acme', '--name', 'k6')).toMatchObject({
      exitCode: 6,
      stdout: '',
    })
    const report = await until('the ledger has all calls', async () => {
      const { total } = await project.json('usage', 'report', '--tenant', 'acme')
      return total.requests === 10_001 ? total : undefined
    })
    expect(report).toMatchObject({ billable: 10_000, refused: 1 })
  })
})

describe('within a second, on every thread,', () => {
  test('a revoked key is refused, and another key of the tenant is not', async () => {
    const key = await project.tenant('acme', 'pro')
    const other = await project.json('keys', 'create', 'acme', '--name', 'other')
    const serve = await project.serve()
    const clients = await connectAll(serve.port, 32)
    await allWithinASecond(clients, key, (answer) => answer.status === 200)
    const [{ id }] = (await project.json('keys', 'list', 'acme')).filter((each: any) => each.id !== other.id)
    await project.run('keys', 'revoke', id)
    await allWithinASecond(
      clients,
      key,
      (answer) => answer.headers.get('gatez-error') === 'invalid-credential',
    )
    const answer = await clients[0]!.call(search(key))
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="gatez"')
    await allWithinASecond(clients, other.secret, (each) => each.status === 200)
  })

  test('a suspended tenant is refused, and let in again when it is resumed', async () => {
    const key = await project.tenant('acme', 'pro')
    const serve = await project.serve()
    const clients = await connectAll(serve.port, 32)
    await allWithinASecond(clients, key, (answer) => answer.status === 200)
    await project.run('tenants', 'suspend', 'acme')
    await allWithinASecond(clients, key, (answer) => answer.status === 403)
    expect(problemOf(await clients[0]!.call(search(key)))).toMatchObject({ code: 'tenant-suspended' })
    await project.run('tenants', 'resume', 'acme')
    await allWithinASecond(clients, key, (answer) => answer.status === 200)
  })

  test('a limit changed in the file and applied holds, and what was used before counts', async () => {
    const key = await project.tenant('acme', 'free')
    const serve = await project.serve()
    const clients = await connectAll(serve.port, 32)
    expect(await callMany(clients, key, 50)).toEqual(new Map([[200, 50]]))
    project.changeConfig((text) => text.replace('requests: 100,', 'requests: 50,'))
    await project.run('apply')
    await allWithinASecond(clients, key, (answer) => answer.headers.get('x-ratelimit-limit') === '50')
    expect((await clients[0]!.call(search(key))).status).toBe(429)
  })

  test('a key made while the gateway runs is let in', async () => {
    const serve = await project.serve()
    const clients = await connectAll(serve.port, 32)
    const key = await project.tenant('late', 'pro')
    await allWithinASecond(clients, key, (answer) => answer.status === 200)
  })
})
