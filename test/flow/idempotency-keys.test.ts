import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import type { ServeProcess } from '../support/serve-process.ts'
import { until } from '../support/until.ts'

const PARALLEL = 40

/** A gateway of two threads that keeps answers, before an upstream that makes another order each time. */
async function scene() {
  const upstream = await CountingUpstream.start()
  let made = 0
  upstream.answer = (_request, response) => {
    made += 1
    const body = `order-${made}`
    setTimeout(() => response.writeHead(201, { 'content-length': body.length }).end(body), 30)
  }
  const routes = [{ id: 'orders', match: 'POST /v1/orders', idempotency: {} }]
  const config = flowConfig({ upstreamPort: upstream.port, threads: 2, routes, plans: { open: {} } })
  const project = await Project.with(config)
  const secret = await project.tenant('acme', 'open')
  return { upstream, project, secret }
}

/** Each on a connection of its own, so that all threads have some. */
async function order(serve: ServeProcess, secret: string, key: string, body = '{"item":1}') {
  const answer = await fetch(`http://127.0.0.1:${serve.port}/v1/orders`, {
    method: 'POST',
    headers: { 'x-api-key': secret, 'idempotency-key': key, connection: 'close' },
    body,
  })
  return { status: answer.status, body: await answer.text(), event: answer.headers.get('gatez-event-id') }
}

const billed = async (project: Project): Promise<number> =>
  (await project.json('usage', 'report')).total.billable

test('many at once with one Idempotency-Key, on all threads, are one call: one reaches the upstream and is billed', async () => {
  const { upstream, project, secret } = await scene()
  const serve = await project.serve()
  const answers = await Promise.all(Array.from({ length: PARALLEL }, () => order(serve, secret, 'k1')))
  expect([201, 409]).toEqual(expect.arrayContaining(answers.map(({ status }) => status)))
  const again = await order(serve, secret, 'k1')
  const made = [...answers, again].filter(({ status }) => status === 201)
  expect(new Set(made.map(({ body, event }) => `${body} ${event}`)).size).toBe(1)
  expect(await order(serve, secret, 'k1', '{"item":2}')).toMatchObject({ status: 422 })
  expect(upstream.seen).toBe(1)
  await until('the call is in the ledger', async () => ((await billed(project)) > 0 ? true : undefined))
  expect(await billed(project)).toBe(1)
})

test('killed while calls with a key are under way, a call that is sent again is billed once, and answered for good', async () => {
  const { upstream, project, secret } = await scene()
  const keys = Array.from({ length: 30 }, () => randomUUID())
  const first = await project.serve()
  const calls = keys.map((key) => order(first, secret, key).catch(() => undefined))
  await until('some calls are at the upstream', () => (upstream.seen >= 10 ? true : undefined))
  await first.kill()
  await Promise.all(calls)

  const second = await project.serve()
  const answers = await Promise.all(keys.map((key) => order(second, secret, key)))
  expect(answers.map(({ status }) => status)).toEqual(keys.map(() => 201))
  const again = await Promise.all(keys.map((key) => order(second, secret, key)))
  expect(again).toEqual(answers)
  await until('all are in the ledger', async () =>
    (await billed(project)) >= keys.length ? true : undefined,
  )
  expect(await billed(project)).toBe(keys.length)
  expect((await project.try('reconcile')).exitCode).toBe(0)
})
