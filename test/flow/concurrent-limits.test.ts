import { expect, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { connectAll, RawClient } from '../support/raw-client.ts'
import { stackOfRun } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { usageRows } from '../support/usage-rows.ts'

const AT_ONCE = 20

/** An upstream that takes its time, and counts how many calls it has at once. */
async function startSlow() {
  const upstream = await CountingUpstream.start()
  const seen = { now: 0, most: 0, waitMs: 30 }
  upstream.answer = (_request, response) => {
    seen.now += 1
    seen.most = Math.max(seen.most, seen.now)
    let over = false
    const end = (): void => {
      if (!over) seen.now -= 1
      over = true
    }
    response.on('close', end)
    setTimeout(() => {
      // Before the answer leaves: what comes in its place must find it gone.
      end()
      response.writeHead(200, { 'content-length': 2 }).end('ok')
    }, seen.waitMs)
  }
  return { upstream, seen }
}

async function startProject() {
  const { upstream, seen } = await startSlow()
  const plans = { small: { limits: [{ concurrent: AT_ONCE }] }, large: { limits: [{ concurrent: 500 }] } }
  const project = await Project.with(flowConfig({ upstreamPort: upstream.port, threads: 2, plans }))
  const secret = await project.tenant('acme', 'small')
  return { project, secret, seen, upstream }
}

test('of 200 calls at once over two threads never more than the limit are at the upstream, and all pass in time', async () => {
  const { project, secret, seen, upstream } = await startProject()
  const serve = await project.serve()
  const clients = await connectAll(serve.port, 200)
  const headers = { 'x-api-key': secret }
  let refused = 0
  const passed = await Promise.all(
    clients.map(async (client) =>
      until(
        'its call passes',
        async () => {
          const answer = await client.call({ path: '/a', headers })
          if (answer.status === 200) return answer
          expect(answer.headers.get('gatez-error')).toBe('concurrency-limited')
          expect(answer.headers.get('ratelimit')).toMatch(/^"tenant-concurrent";r=0;t=[12]$/)
          refused += 1
          return undefined
        },
        60_000,
      ),
    ),
  )
  expect(passed).toHaveLength(200)
  expect(seen.most).toBe(AT_ONCE)
  expect(refused).toBeGreaterThan(100)
  expect(upstream.seen).toBe(200)
  expect(passed[0]?.headers.get('ratelimit-policy')).toBe(
    `"tenant-concurrent";q=${AT_ONCE};qu="concurrent-requests"`,
  )

  // With all of them over every place is free again, on whichever thread they ran.
  // Refusals are logged one by one up to ten a second: those before are of another second than the one below.
  seen.waitMs = 1_100
  const again = await Promise.all(
    clients.slice(0, AT_ONCE).map((client) => client.call({ path: '/a', headers })),
  )
  expect(again.map(({ status }) => status)).toEqual(Array(AT_ONCE).fill(200))

  const last = await Promise.all(
    clients.slice(0, AT_ONCE + 5).map((client) => client.call({ path: '/a', headers })),
  )
  const id = last.find(({ status }) => status === 429)?.headers.get('x-request-id') ?? ''
  const why = await until('the refusal is in the log', async () => {
    const { exitCode } = await project.try('why', id)
    return exitCode === 0 ? project.json('why', id) : undefined
  })
  expect(why).toMatchObject({
    verdict: 'refused',
    rule: { kind: 'limit', id: 'tenant-concurrent', plan: 'small' },
    because: expect.stringMatching(
      // One that has just been answered may hold its place a moment longer than its event says.
      /^The limit tenant-concurrent of the plan small lets 20 calls run at a time, and (?:20|so many) were under way /,
    ),
    plans_that_pass: ['large'],
  })
  expect(await serve.stop()).toBe(0)
  const rows = usageRows(project)
  expect(rows.filter((row) => row.billable === 1)).toHaveLength(200 + AT_ONCE + AT_ONCE)
})

test('after a kill -9 with calls in flight no place is taken', async () => {
  const { project, secret, seen } = await startProject()
  seen.waitMs = 60_000
  const before = await project.serve()
  const clients = await connectAll(before.port, AT_ONCE)
  const headers = { 'x-api-key': secret }
  for (const client of clients) client.call({ path: '/a', headers }).catch(() => {})
  await until('all are under way', () => seen.now === AT_ONCE || undefined)
  await before.kill()
  seen.waitMs = 10

  const after = await project.serve()
  const client = await RawClient.connect(after.port)
  const free = `"tenant-concurrent";r=${AT_ONCE - 1};t=0`
  // Redis learns that a node is gone when that does not say any more what it has in flight.
  const isFree = async () =>
    (await client.call({ path: '/a', headers })).headers.get('ratelimit') === free || undefined
  if (stackOfRun() === 'production') await until('the places of the killed node are free', isFree, 90_000)
  else expect(await isFree()).toBe(true)
  expect(await after.stop()).toBe(0)
})
