import { expect, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { until } from '../support/until.ts'

test('gatez why tells a customer what the gateway did, by the request id of the answer', async () => {
  const upstream = await CountingUpstream.start()
  const plans = {
    small: { limits: [{ requests: 3, per: 'hour' }] },
    large: { limits: [{ requests: 100, per: 'hour' }] },
  }
  const project = await Project.with(flowConfig({ upstreamPort: upstream.port, threads: 2, plans }))
  const secret = await project.tenant('acme', 'small')
  const serve = await project.serve()
  const ids: string[] = []
  const resets: number[] = []
  for (let time = 0; time < 4; time += 1) {
    const answer = await fetch(`http://127.0.0.1:${serve.port}/a`, { headers: { 'x-api-key': secret } })
    ids.push(answer.headers.get('x-request-id') ?? '')
    resets.push(Number(answer.headers.get('x-ratelimit-reset')))
  }
  const refused = await until('the call is in the log', async () => {
    const { exitCode } = await project.try('why', ids[3] ?? '')
    return exitCode === 0 ? project.json('why', ids[3] ?? '') : undefined
  })
  expect(refused).toMatchObject({
    verdict: 'refused',
    rule: { kind: 'limit', id: 'tenant-hour', plan: 'small' },
    limits: [{ used_before: 3, limit: 3 }],
    plans_that_pass: ['large'],
  })
  // What the answer said to the second, it says to the millisecond.
  expect(Math.ceil(Date.parse(refused.frees_at) / 1000)).toBe(resets[3])
  expect(await project.json('why', refused.call.id)).toEqual(refused)

  const text = await project.run('why', ids[0] ?? '')
  expect(text).toMatch(/^GET \/a\n.* by tenant acme, key key_\w+, plan small\n\nBilled \(200\)\n/)
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
  expect(await project.try('why', 'no-such-id')).toMatchObject({
    exitCode: 5,
    stderr: expect.stringMatching(/No call has the request id or event id "no-such-id"/),
  })
  expect(await serve.stop()).toBe(0)
})
