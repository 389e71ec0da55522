import { mkdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { mountSmallDisk } from '../support/disks.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { connectAll, RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { usageRows } from '../support/usage-rows.ts'

/** A gateway whose data lies on a disk of 4 MiB. */
async function scene() {
  const upstream = await CountingUpstream.start()
  const project = new Project()
  mkdirSync(project.path('.gatez'))
  const disk = mountSmallDisk(project.path('.gatez'), 4096)
  const plans = { small: { limits: [{ requests: 100_000, per: 'day' }] } }
  project.writeConfig(JSON.stringify(flowConfig({ upstreamPort: upstream.port, threads: 2, plans })))
  await project.run('apply')
  const headers = { 'x-api-key': await project.tenant('acme', 'small') }
  return { disk, project, headers, upstream, serve: await project.serve() }
}

test('a full disk: calls are refused within a second, none is lost, and all goes on when there is room', async () => {
  const { disk, project, headers, serve } = await scene()
  const received = new Set<string>()
  let made = 0
  /** One call; its status, or 0 while it waits for its event to be durable. */
  const call = async (client: RawClient): Promise<number> => {
    const id = `call-${made}`
    made += 1
    const { status } = await client.call({ path: '/x', headers: { ...headers, 'x-request-id': id } })
    if (status === 200) received.add(id)
    return status
  }
  const clients = await connectAll(serve.port, 8)
  expect(await Promise.all(clients.map(call))).toEqual(clients.map(() => 200))

  disk.fill()
  const waiting: Promise<number>[] = []
  await until(
    'calls are refused',
    async () => {
      const client = await RawClient.connect(serve.port)
      const pending = call(client)
      waiting.push(pending)
      const status = await Promise.race([pending, new Promise((resolve) => setTimeout(resolve, 100))])
      return status === 503 ? true : undefined
    },
    1000,
  )
  const [refused] = await connectAll(serve.port, 1)
  const answer = await refused!.call({ path: '/x', headers })
  expect(answer.status).toBe(503)
  expect(answer.headers.get('gatez-error')).toBe('metering-unavailable')
  expect(answer.headers.get('retry-after')).toBe('1')
  expect(serve.running).toBe(true)
  expect(serve.stderr).toContain('events cannot be written: calls are refused')

  disk.empty()
  await until('calls pass again', async () => ((await call(refused!)) === 200 ? true : undefined))
  await Promise.all(waiting)
  expect(await Promise.all(clients.map(call))).toEqual(clients.map(() => 200))
  expect(serve.stderr).toContain('events can be written again')
  expect(await serve.stop()).toBe(0)

  const rows = usageRows(project)
  const billed = rows.filter((row) => row.billable === 1).map((row) => row.request_id)
  expect(new Set(billed)).toEqual(received)
  expect(billed).toHaveLength(received.size)
  expect((await project.json('usage', 'report')).total.billable).toBe(received.size)
})

test('on a full disk SIGTERM does not end what holds calls in memory: it waits for room', async () => {
  const { disk, project, headers, serve, upstream } = await scene()
  const client = await RawClient.connect(serve.port)
  disk.fill()
  const answered = client.call({ path: '/x', headers })
  await until('the disk is missed', () => (serve.stderr.includes('cannot be written') ? true : undefined))
  serve.terminate()
  await until('it is told', () => (serve.stdout.includes('SIGTERM') ? true : undefined))
  expect(client.busy).toBe(true)
  disk.empty()
  expect((await answered).status).toBe(200)
  expect(await serve.exitCode()).toBe(0)
  expect(upstream.seen).toBe(1)
  expect(usageRows(project)).toMatchObject([{ outcome: 'ok', billable: 1 }])
})

test('killed on a full disk, it says at the start what is the matter, and counts all once there is room', async () => {
  const { disk, project, headers, serve } = await scene()
  const clients = await connectAll(serve.port, 8)
  for (const client of clients) expect((await client.call({ path: '/x', headers })).status).toBe(200)
  disk.fill()
  const held = clients.map((client) => client.call({ path: '/x', headers }).catch(() => 'broken'))
  await until('the disk is missed', () => (serve.stderr.includes('cannot be written') ? true : undefined))
  await serve.kill()
  expect(await Promise.all(held)).toEqual(clients.map(() => 'broken'))
  const { exitCode, stderr } = await project.try('serve')
  expect(stderr).toContain('the disk is full')
  expect(exitCode).toBe(7)
  disk.empty()
  const next = await project.serve()
  expect(await next.stop()).toBe(0)
  expect(usageRows(project).filter((row) => row.billable === 1)).toHaveLength(8)
})
