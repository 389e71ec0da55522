import { expect, test } from 'vitest'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import type { ServeProcess } from '../support/serve-process.ts'
import { until } from '../support/until.ts'
import { usageRows } from '../support/usage-rows.ts'

const METERS = [
  { id: 'api_compute_ms', from: 'event' },
  { id: 'payload', from: 'event', metrics: ['api_compute_ms'], property: 'bytes' },
]

async function eventProject({ threads = 2, durability = 'disk' as 'disk' | 'process' } = {}) {
  const project = await Project.with(
    flowConfig({ upstreamPort: 1, threads, durability, meters: METERS, plans: { open: {} } }),
  )
  const secret = await project.tenant('cust_884', 'open')
  const token = (await project.json('tokens', 'create', 'job', '--scope', 'events')).secret as string
  return { project, secret, token }
}

/** Sends JSON; each call on a connection of its own unless told otherwise, so that all threads have some. */
async function post(serve: ServeProcess, secret: string, body: string, keepAlive = false) {
  const answer = await fetch(`http://127.0.0.1:${serve.port}/v1/events`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${secret}`,
      'content-type': 'application/json',
      ...(!keepAlive && { connection: 'close' }),
    },
    body,
  })
  return { status: answer.status, body: (await answer.json()) as any }
}

const event = (id: string, value: unknown = 1) =>
  JSON.stringify({ tenant_id: 'cust_884', metric: 'api_compute_ms', value, idempotency_key: id })

const quantities = async (project: Project) => (await project.json('usage', 'report')).total.quantities

test('an event counts before it is answered, once whatever is sent again, also after a kill -9, by every thread', async () => {
  const { project, token } = await eventProject()
  const first = await project.serve()
  const written =
    '{"tenant_id":"cust_884","metric":"api_compute_ms","value":145,"idempotency_key":"txn_009912"}'
  const answer = await post(first, token, written)
  await first.kill()
  expect(answer).toMatchObject({ status: 202, body: { status: 'accepted', matched: ['api_compute_ms'] } })
  expect(await quantities(project)).toEqual({ api_compute_ms: '145' })

  const second = await project.serve()
  for (let time = 0; time < 8; time += 1) {
    const again = await post(second, token, written)
    expect(again).toMatchObject({ status: 200, body: { duplicate: true, id: answer.body.id } })
  }
  const why = await until('the event is in the usage log', async () => {
    const { exitCode, stdout } = await project.try('why', 'txn_009912')
    return exitCode === 0 ? stdout : undefined
  })
  expect(why).toMatch(
    /Event api_compute_ms\n[\s\S]*tenant cust_884, plan open[\s\S]*Metered: 145 api_compute_ms\./,
  )
  expect(await second.stop()).toBe(0)
  expect(await quantities(project)).toEqual({ api_compute_ms: '145' })
  expect(usageRows(project).map(({ request_id, id }) => [request_id, id])).toEqual([
    ['txn_009912', answer.body.id],
  ])
})

test.each(['disk', 'process'] as const)(
  'of kills under load with durability %s none loses an event that was answered, and none counts one twice',
  async (durability) => {
    const { project, token } = await eventProject({ durability })
    const answered = new Set<string>()
    let made = 0
    const sent: string[][] = []
    for (let round = 0; round < 4; round += 1) {
      const serve = await project.serve()
      const before = answered.size
      const clients = Array.from({ length: 6 }, async (_, client) => {
        for (;;) {
          const ids = Array.from({ length: client < 3 ? 1 : 150 }, () => {
            made += 1
            return `event-${made}`
          })
          sent.push(ids)
          const body = ids.length === 1 ? event(ids[0]!) : `[${ids.map((id) => event(id)).join(',')}]`
          const answer = await post(serve, token, body, true).catch(() => undefined)
          if (answer === undefined) return
          expect(answer.status).toBe(202)
          for (const id of ids) answered.add(id)
          if (answered.size - before > 900 + round * 337) await serve.kill()
        }
      })
      await Promise.all(clients)
      expect(serve.running).toBe(false)
    }
    // What was not answered may count or not; sent again, it counts, and nothing counts twice.
    const last = await project.serve()
    for (const ids of sent) {
      const answer = await post(last, token, `[${ids.map((id) => event(id)).join(',')}]`, true)
      for (const [index, result] of answer.body.results.entries()) {
        if (answered.has(ids[index]!)) expect(result.status, ids[index]).toBe('duplicate')
      }
    }
    expect(await last.stop()).toBe(0)
    expect(answered.size).toBeGreaterThan(4 * 900)
    expect(await quantities(project)).toEqual({ api_compute_ms: String(made) })
    const logged = usageRows(project).map(({ request_id }) => request_id)
    expect(logged).toHaveLength(made)
    expect(new Set(logged).size).toBe(made)
  },
  600_000,
)

test('a token that is revoked is refused within a second on every thread; a key speaks for its tenant alone', async () => {
  const { project, secret, token } = await eventProject({ threads: 3 })
  const serve = await project.serve()
  for (let time = 0; time < 9; time += 1) {
    expect((await post(serve, token, event(`t${time}`))).status).toBe(202)
    expect((await post(serve, secret, event(`k${time}`))).status).toBe(202)
    const foreign = await post(serve, secret, event('x').replace('cust_884', 'other'))
    expect(foreign).toMatchObject({ status: 403, body: { code: 'foreign-tenant' } })
  }
  const [{ id }] = await project.json('tokens', 'list')
  await project.run('tokens', 'revoke', id)
  await until(
    'every thread refuses it',
    async () => {
      for (let time = 0; time < 9; time += 1) {
        if ((await post(serve, token, event(`r${time}`))).status !== 401) return undefined
      }
      return true
    },
    1_500,
  )
  expect((await post(serve, secret, event('k'))).status).toBe(202)
  expect(await serve.stop()).toBe(0)
})

test('a meter that comes with a new file takes events from then on, and what was kept for it on demand', async () => {
  const { project, token } = await eventProject()
  const serve = await project.serve()
  const early = event('early').replace('api_compute_ms', 'gpu_ms')
  expect(await post(serve, token, early)).toMatchObject({ status: 202, body: { matched: [] } })
  const lost = await post(serve, token, event('lost').replace('cust_884', 'later'))
  expect(lost).toMatchObject({ status: 422, body: { code: 'unknown-tenant' } })
  expect(await project.run('usage', 'unattributed')).toMatch(
    /gpu_ms[\s\S]*no-meter[\s\S]*later[\s\S]*unknown-tenant/,
  )

  project.changeConfig((text) =>
    text.replace('"meters": [', '"meters": [{ "id": "gpu_ms", "from": "event" },'),
  )
  await until(
    'the new meter takes events',
    async () => {
      const answer = await post(serve, token, event('now').replace('api_compute_ms', 'gpu_ms'))
      return answer.body.matched.length === 1 || undefined
    },
    10_000,
  )
  await project.run('tenants', 'create', 'later', '--plan', 'open')
  expect(await project.json('usage', 'unattributed', '--retry')).toMatchObject({
    counted: 2,
    left: 0,
    conflicts: 0,
  })
  expect(await post(serve, token, early)).toMatchObject({ status: 200, body: { matched: ['gpu_ms'] } })
  expect(await quantities(project)).toEqual({ api_compute_ms: '1', gpu_ms: '2' })
  expect(await serve.stop()).toBe(0)
})
