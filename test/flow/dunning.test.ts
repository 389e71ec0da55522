import { expect, test } from 'vitest'
import { builtProgram } from '../support/build-programs.ts'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { RawClient } from '../support/raw-client.ts'
import { runCli } from '../support/run-cli.ts'
import { until } from '../support/until.ts'

const plans = { pro: { charges: [{ id: 'fee', price: { model: 'flat', amount: '49.00' } }] } }

test('who does not pay gets 402 until the payment is written down; whom the operator suspends gets 403, who spent what it may 402', async () => {
  const upstream = await CountingUpstream.start()
  const config = flowConfig({ upstreamPort: upstream.port, plans })
  const billing = { terms: { days: 14 }, dunning: [{ after_days: 10, do: 'suspend' }] }
  // The invoice is due on 15 April; on the 26th patience ends.
  const project = await Project.with(
    { ...config, billing },
    { env: { GATEZ_CLOCK: '2026-04-27T12:00:00Z' }, near: true },
  )
  const at = (clock: string, ...argv: readonly string[]) =>
    runCli(argv, { cwd: project.folder, entry: builtProgram('lib'), env: { GATEZ_CLOCK: clock } })
  await at('2026-03-01T00:00:00Z', 'tenants', 'create', 'acme', '--plan', 'pro')
  await at('2026-03-01T00:00:00Z', 'tenants', 'create', 'bolt', '--plan', 'pro')
  const { secret } = await project.json('keys', 'create', 'acme')
  await at('2026-04-01T00:10:00Z', 'invoices', 'run')
  await project.run('invoices', 'pay', 'INV-2026-0002')

  const serve = await project.serve()
  const client = await RawClient.connect(serve.port)
  const call = () => client.call({ path: '/a', headers: { 'x-api-key': secret } })
  const refused = await until('dunning has its turn', async () => {
    const answer = await call()
    return answer.status === 200 ? undefined : answer
  })
  expect(refused.status).toBe(402)
  expect(JSON.parse(refused.body.toString())).toMatchObject({ code: 'payment-overdue', status: 402 })
  expect(await project.json('tenants', 'show', 'acme')).toMatchObject({ state: 'unpaid' })
  expect(await project.json('tenants', 'show', 'bolt')).toMatchObject({ state: 'active' })

  await project.run('invoices', 'pay', 'INV-2026-0001')
  await until('calls pass again', async () => ((await call()).status === 200 ? true : undefined))
  await project.run('tenants', 'suspend', 'acme')
  const suspended = await until('calls are refused', async () => {
    const answer = await call()
    return answer.status === 200 ? undefined : answer
  })
  expect(suspended.status).toBe(403)

  await project.run('tenants', 'resume', 'acme')
  await until('calls pass again', async () => ((await call()).status === 200 ? true : undefined))
  // Its fee of this month alone is more.
  await project.run('tenants', 'override', 'acme', '--spend-cap', '48.99')
  const capped = await until(
    'the cap is seen',
    async () => {
      const answer = await call()
      return answer.status === 200 ? undefined : answer
    },
    30_000,
  )
  expect(capped.status).toBe(402)
  expect(JSON.parse(capped.body.toString())).toMatchObject({ code: 'spend-cap-reached' })
  await project.run('tenants', 'override', 'acme', '--spend-cap', '49.01')
  const passes = async () => ((await call()).status === 200 ? true : undefined)
  await until('calls pass again', passes, 30_000)
  expect(await serve.stop()).toBe(0)
})
