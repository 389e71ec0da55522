import { writeFileSync } from 'node:fs'
import { beforeEach, expect, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import type { ServeProcess } from '../support/serve-process.ts'
import { until } from '../support/until.ts'

const CALLS = 12

let project: Project
let serve: ServeProcess

beforeEach(async () => {
  const upstream = await CountingUpstream.start()
  let answered = 0
  upstream.answer = (_request, response) => {
    answered += 1
    const meters = { 'x-gatez-meter-tokens': '1.5', 'x-gatez-meter-peak': String(answered) }
    response.writeHead(200, { ...meters, 'content-type': 'application/json' })
    response.end('{}')
  }
  const meters = [{ id: 'tokens' }, { id: 'peak', aggregation: 'max' }]
  const plans = { open: { quotas: [{ meter: 'calls', per: 'month', included: 50, on_exceed: 'block' }] } }
  const routes = [
    { id: 'search', match: 'GET /search' },
    { id: 'all', match: 'ANY /{rest*}' },
  ]
  project = await Project.with(flowConfig({ upstreamPort: upstream.port, meters, plans, routes }))
  const secret = await project.tenant('acme', 'open')
  serve = await project.serve()
  for (let call = 0; call < CALLS; call += 1) {
    const path = call % 3 === 0 ? 'search' : 'other'
    const headers = { 'x-api-key': secret, 'x-request-id': `call-${call}` }
    const answer = await fetch(`http://127.0.0.1:${serve.port}/${path}`, { headers })
    expect(answer.status).toBe(200)
    await answer.text()
  }
  await until('all is counted', async () => {
    const { total } = await project.json('usage', 'report')
    return total.requests === CALLS || undefined
  })
})

test('a number, a row of a CSV export and an event open down to the calls behind them', async () => {
  const figure = await project.json('usage', 'explain', '--tenant', 'acme')
  expect(figure).toMatchObject({ meter: 'calls', quantity: String(CALLS), events_total: CALLS, equal: true })
  const ids = (await project.run('usage', 'explain', '--tenant', 'acme', '--ids')).trim().split('\n')
  expect(new Set(ids).size).toBe(CALLS)

  const narrowed = await project.run('usage', 'explain', '--tenant', 'acme', '--route', 'search', '--ids')
  expect(narrowed.trim().split('\n')).toHaveLength(CALLS / 3)
  const tokens = await project.json('usage', 'explain', '--tenant', 'acme', '--meter', 'tokens')
  expect(tokens).toMatchObject({ quantity: '18', events_quantity: '18', events_total: CALLS, equal: true })
  // A meter that is no sum: every value stands behind it, and together they come to the highest.
  const peak = await project.json('usage', 'explain', '--tenant', 'acme', '--meter', 'peak')
  expect(peak).toMatchObject({ quantity: String(CALLS), events_quantity: String(CALLS), events_total: CALLS })
  expect(peak.events[0]).toMatchObject({ quantity: '1' })

  writeFileSync(project.path('usage.csv'), await project.run('usage', 'export', '--by', 'route'))
  const row = await project.json('usage', 'explain', 'usage.csv:3', '--meter', 'units')
  expect(row).toMatchObject({ route_id: 'search', stated: '4', quantity: '4', events_total: 4, equal: true })
  const text = await project.run('usage', 'explain', 'usage.csv:3', '--meter', 'peak')
  expect(text).toMatch(/^10 peak of all tenants, route search\n/)
  expect(text).toContain('4 events stand behind it, and come to the same figure.')

  const trail = await project.json('usage', 'explain', ids[0]!)
  expect(trail).toMatchObject({
    times_in_log: 1,
    plan: { id: 'open', version: 1 },
    voided: null,
    invoice: null,
  })
  const times = [trail.received_at, trail.spooled_from, trail.shipped_at].map((time: string) =>
    Date.parse(time),
  )
  expect(times.toSorted((one, other) => one - other)).toEqual(times)
  expect((await project.json('usage', 'explain', 'call-3')).event.endpoint).toBe('/search')

  expect(await project.try('usage', 'explain', 'usage.csv:9')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('has no row on line 9: its rows are on lines 2 to 3'),
  })
  expect(await serve.stop()).toBe(0)
})

test('a call that is taken back is on no report, gives its place in the quota back, and stays in the log', async () => {
  const done = await project.json('usage', 'void', 'call-5', '--reason', 'sent twice')
  expect(done).toMatchObject({
    tenant_id: 'acme',
    parts: 1,
    quantities: { tokens: '-1.5' },
    kept_meters: ['peak'],
  })
  expect(await project.run('usage', 'void', 'call-5', '--reason', 'again')).toContain(
    'was taken back already',
  )
  expect(await project.run('usage', 'void', 'call-6', '--reason', 'outage')).toContain(
    'What is no sum stays as it is: peak.',
  )
  expect((await project.json('usage', 'report')).total).toMatchObject({
    requests: CALLS - 2,
    billable: CALLS - 2,
    quantities: { tokens: '15', peak: String(CALLS) },
  })
  expect(await project.json('usage', 'explain', '--tenant', 'acme')).toMatchObject({
    ...{ quantity: String(CALLS - 2), events_total: CALLS - 2, equal: true },
  })
  const trail = await project.json('usage', 'explain', done.event_id)
  expect(trail).toMatchObject({ times_in_log: 1, voided: { id: done.id, reason: 'sent twice' } })
  expect((await project.json('why', 'call-5')).because).toMatch(
    /1 unit\. It was taken back on .*: sent twice$/,
  )
  expect(await project.json('reconcile')).toMatchObject({ equal: true, differences: [] })

  const secret = (await project.json('keys', 'create', 'acme')).secret
  await until('the quota has it back', async () => {
    const answer = await fetch(`http://127.0.0.1:${serve.port}/x`, { headers: { 'x-api-key': secret } })
    const [, left] = /"calls-month";r=(\d+)/.exec(answer.headers.get('ratelimit') ?? '') ?? []
    await answer.text()
    // Each look takes one: with two given back there are two more than looks and calls leave.
    looks += 1
    return Number(left) === 50 - CALLS - looks + 2 || undefined
  })
  expect(await project.try('usage', 'void', done.adjustment_event_id, '--reason', 'no')).toMatchObject({
    stderr: expect.stringContaining('cannot be taken back'),
  })
  expect(await serve.stop()).toBe(0)
})

let looks = 0
