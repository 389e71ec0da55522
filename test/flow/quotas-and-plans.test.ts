import { expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { bySql } from '../support/project-store.ts'
import { RawClient } from '../support/raw-client.ts'
import { runCli } from '../support/run-cli.ts'
import { until } from '../support/until.ts'

const fee = (amount: string) => ({ id: 'fee', price: { model: 'flat', amount } })
const calls = (included: string) => ({
  id: 'calls',
  meter: 'calls',
  price: { model: 'per_unit', included, unit: '0.50' },
})
const quota = (included: number, onExceed: unknown) => ({
  meter: 'calls',
  per: 'month',
  included,
  on_exceed: onExceed,
})

/** GATEZ_CLOCK for a clock that stands at `moment` now, in every process that is given it. */
function clockFrom(moment: string): string {
  const offsetMs = Date.parse(moment) - systemClock.nowMs()
  return offsetMs < 0 ? String(offsetMs) : `+${offsetMs}`
}

/** The thresholds that messages in the outbox tell of. */
function toldIn(project: Project): string[] {
  return bySql(project, "select body from outbox where kind = 'quota.threshold'")
    .map((body) => JSON.parse(body))
    .map(({ plan, threshold, used }) => `${plan} ${threshold}: ${used}`)
    .sort()
}

test('a quota tells at 80 and 100 %, over a kill as well, and moves the tenant up without refusing a call', async () => {
  const upstream = await CountingUpstream.start()
  const plans = {
    free: { quotas: [quota(10, { upgrade: 'pro' })] },
    pro: { quotas: [quota(1000, 'bill')], charges: [fee('31'), calls('10')] },
  }
  const config = flowConfig({ upstreamPort: upstream.port, threads: 2, plans })
  const project = await Project.with(config, { env: { GATEZ_CLOCK: clockFrom('2026-03-10T12:00:00Z') } })
  const headers = { 'x-api-key': await project.tenant('acme', 'free') }
  const call = async (client: RawClient) => {
    const answer = await client.call({ path: '/a', headers })
    expect(answer.status).toBe(200)
    return answer.headers
  }

  const before = await project.serve()
  const first = await RawClient.connect(before.port)
  for (let sent = 0; sent < 7; sent += 1) expect((await call(first)).get('x-gatez-quota')).toBeUndefined()
  const eighth = await call(first)
  expect(eighth.get('x-gatez-quota')).toBe('"calls-month";used=8;q=10')
  expect(eighth.get('ratelimit')).toMatch(/^"calls-month";r=2;t=\d+$/)
  expect(eighth.get('ratelimit-policy')).toMatch(/^"calls-month";q=10;w=\d+$/)
  await before.kill()

  const after = await project.serve()
  expect(toldIn(project)).toEqual(['free 80: 8'])
  const second = await RawClient.connect(after.port)
  expect((await call(second)).get('x-gatez-quota')).toBe('"calls-month";used=9;q=10')
  await call(second)
  // The first call above it passes, and so does every other while the tenant moves.
  await call(second)
  await until('the tenant is on the larger plan', async () => {
    const { plan } = await project.json('tenants', 'show', 'acme')
    return plan === 'pro' ? true : undefined
  })
  await until('the gateway knows it', async () => {
    const left = (await call(second)).get('ratelimit')
    return left?.startsWith('"calls-month";r=9') === true ? true : undefined
  })
  expect(toldIn(project).map((text) => text.split(':')[0])).toEqual(['free 100', 'free 80'])
  expect(await project.json('usage', 'quotas', '--tenant', 'acme')).toMatchObject({
    quotas: [
      { tenant_id: 'acme', plan: 'pro', quota: 'calls-month', included: '1000', on_exceed: 'bill', told: [] },
    ],
  })
  expect(await after.stop()).toBe(0)
})

test('what a change of plan would cost is said before, and is what it then costs', async () => {
  const upstream = await CountingUpstream.start()
  const plans = {
    basic: { charges: [fee('31'), calls('2')], limits: [{ requests: 100, per: 'minute' }] },
    pro: { charges: [fee('62'), calls('6')], limits: [{ requests: 500, per: 'minute' }] },
  }
  const project = await Project.with(flowConfig({ upstreamPort: upstream.port, plans }), {
    env: { GATEZ_CLOCK: clockFrom('2026-03-16T12:00:00Z') },
  })
  const atFirst = { cwd: project.folder, entry: project.entry, env: { GATEZ_CLOCK: '2026-03-01T00:00:00Z' } }
  await runCli(['tenants', 'create', 'acme', '--plan', 'basic'], atFirst)
  const { secret } = await project.json('keys', 'create', 'acme')
  const serve = await project.serve()
  const client = await RawClient.connect(serve.port)
  for (let sent = 0; sent < 4; sent += 1) await client.call({ path: '/a', headers: { 'x-api-key': secret } })
  const total = async () => (await project.json('usage', 'report', '--month', '2026-03')).total
  await until('all calls are in the ledger', async () => ((await total()).requests === 4 ? true : undefined))

  const preview = await project.json('tenants', 'plan', 'acme', 'pro', '--preview')
  expect(preview).toMatchObject({
    direction: 'upgrade',
    monthly_value: { from: '31', to: '62' },
    // 31 and two calls above two; then 15 days of 31, two calls, and 16 days of 62.
    this_period: { unchanged: '32.00', changed: '48.00', difference: '16.00' },
    next_period: { unchanged: '31.00', changed: '62.00' },
    by_method: { days: '48.00', consumption: '64.00' },
    includes: [
      { plan: 'basic', included: '2', method: 'carry' },
      { plan: 'pro', whole: '6', included: '2', method: 'carry' },
    ],
  })
  expect((await project.json('tenants', 'show', 'acme')).plan).toBe('basic')
  expect(await project.run('tenants', 'plan', 'acme', 'pro', '--preview')).toContain(
    '32.00 → 48.00 USD (+16.00)',
  )

  await project.run('tenants', 'plan', 'acme', 'pro')
  expect((await total()).amount).toBe('48.00')
  await until('the larger limit holds', async () => {
    const answer = await client.call({ path: '/a', headers: { 'x-api-key': secret } })
    return answer.headers.get('x-ratelimit-limit') === '500' ? true : undefined
  })

  const down = await project.json('tenants', 'plan', 'acme', 'basic')
  expect(down).toMatchObject({ plan: 'pro', next_plan: 'basic', next_plan_at: '2026-04-01T00:00:00.000Z' })
  const still = await client.call({ path: '/a', headers: { 'x-api-key': secret } })
  expect(still.headers.get('x-ratelimit-limit')).toBe('500')
  expect(await project.run('tenants', 'cancel', 'acme')).toBe(
    'Tenant acme is on plan pro until 2026-04-01T00:00:00.000Z, then none.\n',
  )
  expect(await serve.stop()).toBe(0)
})
