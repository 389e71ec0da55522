import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { until } from '../support/until.ts'

const plan = (requests: number, fields: object = {}) => ({
  limits: [{ requests, per: 'day' }],
  keys: { max: 5 },
  ...fields,
})

test('plans diff names what changes, whom it touches and who would be refused today; apply does it', async () => {
  const upstream = await CountingUpstream.start()
  const config = (plans: Readonly<Record<string, object>>) =>
    JSON.stringify(flowConfig({ upstreamPort: upstream.port, plans }))
  const project = await Project.with(
    flowConfig({ upstreamPort: upstream.port, plans: { small: plan(10), large: plan(100) } }),
  )
  expect(await project.try('plans', 'diff')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/Nothing differs/),
  })

  const heavy = await project.tenant('heavy', 'small')
  await project.run('keys', 'create', 'heavy')
  await project.tenant('light', 'small')
  const serve = await project.serve()
  const call = () => fetch(`http://127.0.0.1:${serve.port}/a`, { headers: { 'x-api-key': heavy } })
  for (let time = 0; time < 3; time += 1) expect((await call()).status).toBe(200)
  await until('the calls are in the ledger', async () => {
    const { total } = await project.json('usage', 'report')
    return total.requests === 3 ? true : undefined
  })

  // Beside the file of the gateway, which would put it in force by itself.
  writeFileSync(
    project.path('next.yaml'),
    config({ small: plan(3, { keys: { max: 1 } }), other: plan(1), large: plan(100) }),
  )
  const { exitCode, stdout } = await project.try('plans', 'diff', 'next.yaml', '--json')
  expect(exitCode).toBe(1)
  const diff = JSON.parse(stdout)
  expect(diff.plans).toMatchObject([
    {
      plan: 'small',
      change: 'changed',
      facts: [
        { field: 'keys.max', before: '5', after: '1' },
        {
          field: 'limits.tenant-day',
          before: '10 requests per day, by tenant',
          after: '3 requests per day, by tenant',
        },
      ],
      tenants: ['heavy', 'light'],
      over_keys: ['heavy'],
    },
    { plan: 'other', change: 'new', tenants: [] },
    { plan: 'large', change: 'unchanged' },
  ])
  expect(diff.blocked_now).toEqual([{ tenant: 'heavy', by: ['tenant-day'] }])
  expect((await project.try('plans', 'diff', 'next.yaml')).stdout).toMatch(
    /heavy would be refused now by tenant-day/,
  )
  expect(await serve.stop()).toBe(0)
})

test('prices move new subscribers only, until apply --migrate-subscribers', async () => {
  const priced = (unit: string) => ({
    charges: [{ id: 'calls', meter: 'calls', price: { model: 'per_unit', unit } }],
  })
  const write = (unit: string) =>
    project.writeConfig(JSON.stringify(flowConfig({ upstreamPort: 1, plans: { paid: priced(unit) } })))
  const project = await Project.with(flowConfig({ upstreamPort: 1, plans: { paid: priced('0.01') } }))
  await project.tenant('early', 'paid')
  write('0.02')
  expect(await project.run('apply')).toMatch(/new subscribers only\. --migrate-subscribers moves the others/)
  await project.tenant('late', 'paid')
  const versionOf = async (tenant: string) => (await project.json('tenants', 'show', tenant)).plan_version
  expect([await versionOf('early'), await versionOf('late')]).toEqual([1, 2])

  const tried = await project.json('apply', '--migrate-subscribers', '--dry-run')
  expect(tried.migrated).toEqual([{ tenant: 'early', plan: 'paid', from_version: 1, to_version: 2 }])
  expect(await versionOf('early')).toBe(1)
  expect(await project.run('apply', '--migrate-subscribers')).toMatch(
    /Prices of paid for early: version 1 → 2\./,
  )
  expect([await versionOf('early'), await versionOf('late')]).toEqual([2, 2])
  expect((await project.json('apply', '--migrate-subscribers')).migrated).toEqual([])
})
