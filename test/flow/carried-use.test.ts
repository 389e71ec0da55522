import { beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { RawClient } from '../support/raw-client.ts'
import type { ServeProcess } from '../support/serve-process.ts'
import { until } from '../support/until.ts'

const quota = (included: number, per = 'month') => ({
  ...{ id: 'calls', meter: 'calls', per, included, on_exceed: 'block' },
})
const PLANS = {
  open: {},
  month: { quotas: [quota(5)] },
  day: { quotas: [quota(6, 'day')] },
  hour: { limits: [{ requests: 3, per: 'hour' }] },
}

let upstream: CountingUpstream
let project: Project
let serve: ServeProcess

const config = (plans: Readonly<Record<string, object>>) => flowConfig({ upstreamPort: upstream.port, plans })

beforeEach(async () => {
  upstream = await CountingUpstream.start()
  const offsetMs = Date.UTC(2026, 2, 10, 12) - systemClock.nowMs()
  project = await Project.with(config(PLANS), {
    env: { GATEZ_CLOCK: `${offsetMs < 0 ? '' : '+'}${offsetMs}` },
  })
})

async function get(path: string, secret: string) {
  const client = await RawClient.connect(serve.port)
  const answer = await client.call({ path, headers: { 'x-api-key': secret } })
  client.destroy()
  return answer
}

async function call(secret: string): Promise<number> {
  return (await get('/a', secret)).status
}

/** What is left by the counters that refuse, once the gateway knows the plan: asking takes nothing of it. */
async function left(plan: string, secret: string): Promise<readonly string[]> {
  return until(`${plan} holds`, async () => {
    const usage = JSON.parse((await get('/gatez/usage', secret)).body.toString())
    const rows: { id: string; limit: number; remaining: number }[] = [...usage.limits, ...usage.quotas]
    if (usage.plan !== plan || rows.length === 0) return undefined
    return rows.map(({ id, limit, remaining }) => `${id}: ${remaining} of ${limit}`)
  })
}

/** Calls three times, and waits until the ledger has them. */
async function callThrice(tenantId: string, secret: string): Promise<void> {
  for (let made = 0; made < 3; made += 1) expect(await call(secret)).toBe(200)
  await until('the ledger has them', async () => {
    const { total } = await project.json('usage', 'report', '--tenant', tenantId)
    return total.requests === 3 ? true : undefined
  })
}

test('who moves to a plan with a limit or a quota, by day or by month, has used what was used, as after a start', async () => {
  const secrets = {
    month: await project.tenant('to-month', 'open'),
    day: await project.tenant('to-day', 'month'),
    hour: await project.tenant('to-hour', 'open'),
  }
  serve = await project.serve()
  for (const [plan, secret] of Object.entries(secrets)) await callThrice(`to-${plan}`, secret)
  for (const plan of Object.keys(secrets))
    await project.run('tenants', 'plan', `to-${plan}`, plan, '--at', 'now')
  const expectLeft = async () => {
    expect(await left('month', secrets.month)).toEqual(['calls: 2 of 5'])
    expect(await left('day', secrets.day)).toEqual(['calls: 3 of 6'])
    expect(await left('hour', secrets.hour)).toEqual(['tenant-hour: 0 of 3'])
  }
  await expectLeft()
  await serve.stop()
  serve = await project.serve()
  await expectLeft()
  expect(await call(secrets.hour)).toBe(429)
  for (const status of [200, 200, 429]) expect(await call(secrets.month)).toBe(status)
})

test('a plan that is given a quota while the gateway runs holds its subscribers to what they used', async () => {
  const secret = await project.tenant('acme', 'open')
  serve = await project.serve()
  await callThrice('acme', secret)
  project.writeConfig(JSON.stringify(config({ ...PLANS, open: { quotas: [quota(4)] } })))
  await project.run('apply')
  expect(await left('open', secret)).toEqual(['calls: 1 of 4'])
  for (const status of [200, 429]) expect(await call(secret)).toBe(status)
})
