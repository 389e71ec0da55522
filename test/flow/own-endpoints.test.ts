import { expect, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { until } from '../support/until.ts'

const json = (answer: Response): Promise<any> => answer.json()

test('on every thread, /gatez/usage tells what the ledger, the limits and the report say; /gatez/health is up', async () => {
  const upstream = await CountingUpstream.start()
  const plans = { small: { limits: [{ requests: 5, per: 'day' }] } }
  const project = await Project.with(flowConfig({ upstreamPort: upstream.port, threads: 3, plans }))
  const secret = await project.tenant('acme', 'small')
  const other = await project.tenant('globex', 'small')
  const serve = await project.serve()
  const get = (path: string, key: string) =>
    fetch(`http://127.0.0.1:${serve.port}${path}`, { headers: { 'x-api-key': key, connection: 'close' } })

  const statuses: number[] = []
  for (let call = 0; call < 7; call += 1) statuses.push((await get('/a', secret)).status)
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429])

  const usage = await until('the ledger has the calls', async () => {
    const answer = await json(await get('/gatez/usage', secret))
    return answer.requests === 7 ? answer : undefined
  })
  expect(usage).toMatchObject({ tenant_id: 'acme', plan: 'small', requests: 7, billable: 5, refused: 2 })
  expect(usage.limits).toMatchObject([{ id: 'tenant-day', limit: 5, used: 5, remaining: 0 }])
  // What it costs is the operator's to tell: a report has it, the answer to a key has not.
  const { amount, ...total } = (await project.json('usage', 'report', '--tenant', 'acme')).total
  expect(amount).toBe('0.00')
  expect(usage).toMatchObject(total)

  // Connections of their own spread over the threads.
  for (let time = 0; time < 12; time += 1) {
    expect(await json(await get('/gatez/usage', other))).toMatchObject({
      tenant_id: 'globex',
      requests: 0,
    })
    expect(await json(await get('/gatez/health', ''))).toEqual({ status: 'ok' })
  }
  expect(upstream.seen).toBe(5)
  expect(await serve.stop()).toBe(0)
  expect((await project.json('usage', 'report')).total.requests).toBe(7)
})
