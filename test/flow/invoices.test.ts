import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ManualClock } from '../../src/lib/clock.ts'
import { INVOICE_FAIL_POINTS } from '../../src/lib/fail-point.ts'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'
import { builtProgram } from '../support/build-programs.ts'
import { subscription, tenant } from '../support/control-store.ts'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { bySql, storeOf } from '../support/project-store.ts'
import { RawClient } from '../support/raw-client.ts'
import { runCli } from '../support/run-cli.ts'
import { ServeProcess } from '../support/serve-process.ts'
import { until } from '../support/until.ts'

const charges = [
  { id: 'fee', price: { model: 'flat', amount: '49.00' } },
  { id: 'calls', meter: 'calls', price: { model: 'per_unit', included: '20', unit: '0.011' } },
]
const plans = {
  pro: {
    charges,
    keys: { max: 5 },
    quotas: [{ meter: 'calls', per: 'month', included: 500, on_exceed: 'bill' }],
  },
}
const APRIL = '2026-04-01T00:04:58Z'

test('a month has one number: in the report, the export, the quota, the dashboard figures and the invoice that is made unasked', async () => {
  const upstream = await CountingUpstream.start()
  const project = await Project.with(flowConfig({ upstreamPort: upstream.port, plans }), {
    env: { GATEZ_CLOCK: '2026-03-31T23:00:00Z' },
  })
  const at = (clock: string, ...argv: readonly string[]) =>
    runCli(argv, { cwd: project.folder, entry: builtProgram('lib'), env: { GATEZ_CLOCK: clock } })
  await at('2026-03-01T00:00:00Z', 'tenants', 'create', 'acme', '--plan', 'pro', '--name', 'Acme')
  await project.run('tenants', 'invite', 'acme', 'money@acme.example', '--role', 'billing')
  const { secret: first } = await project.json('keys', 'create', 'acme')
  const { secret: second } = await project.json('keys', 'create', 'acme', '--name', 'ci')
  const serve = await project.serve()
  const client = await RawClient.connect(serve.port)
  for (const [key, calls] of [
    [first, 70],
    [second, 50],
  ] as const) {
    for (let call = 0; call < calls; call += 1) {
      expect((await client.call({ path: '/a', headers: { 'x-api-key': key } })).status).toBe(200)
    }
  }
  const report = () => project.json('usage', 'report', '--month', '2026-03', '--tenant', 'acme')
  await until('all calls are in the ledger', async () => {
    return (await report()).total.requests === 120 ? true : undefined
  })
  const figures: any = await (
    await fetch(`http://127.0.0.1:${serve.port}/gatez/usage`, { headers: { 'x-api-key': first } })
  ).json()
  const token = readFileSync(project.path('.gatez', 'operator-token'), 'utf8').trim()
  const dashboard: any = await (
    await fetch(`http://127.0.0.1:${serve.controlPort}/api/v1/usage/report?month=2026-03&tenant=acme`, {
      headers: { authorization: `Bearer ${token}` },
    })
  ).json()
  expect(await serve.stop()).toBe(0)

  // Two seconds before the period can be closed: gatez makes the invoice by itself, and mails it.
  const next = await project.serve({ GATEZ_CLOCK: APRIL })
  const [invoice] = await until('the invoice is there', async () => {
    const list = JSON.parse((await at(APRIL, 'invoices', 'list', '--json')).stdout)
    return list.length === 1 ? list : undefined
  })
  const mailed = await until('its mail is in the folder', async () => {
    const { mails } = JSON.parse((await at(APRIL, 'mail', 'list', '--json')).stdout)
    const ofInvoices = mails.filter(({ subject }: { subject: string }) => subject.startsWith('Invoice'))
    return ofInvoices.length === 1 ? ofInvoices[0] : undefined
  })
  expect(mailed).toMatchObject({ to: ['money@acme.example'], subject: 'Invoice INV-2026-0001' })
  expect(await next.stop()).toBe(0)

  // 49.00, and 100 of the 120 calls at 0.011.
  expect(invoice).toMatchObject({ number: 'INV-2026-0001', state: 'open', total: '50.10' })
  const shown = JSON.parse((await at(APRIL, 'invoices', 'show', 'INV-2026-0001', '--json')).stdout)
  const [, calls] = shown.lines
  expect(calls).toMatchObject({ meter: 'calls', quantity: '120', events: 120, amount: '1.10' })
  expect((await report()).total).toMatchObject({ requests: 120, billable: 120, amount: '50.10' })
  expect(figures).toMatchObject({ requests: 120, billable: 120 })
  expect(figures.quotas).toMatchObject([{ used: 120 }])
  expect(dashboard.total).toMatchObject({ requests: 120, billable: 120, amount: '50.10' })

  await project.run('usage', 'export', '--month', '2026-03', '--out', project.path('march.csv'))
  const sumOf = (text: string, column: string): number => {
    const [head = '', ...rows] = text.trimEnd().split('\r\n')
    const index = head.split(',').indexOf(column)
    return rows.reduce((sum, row) => sum + Math.round(Number(row.split(',')[index]) * 100), 0)
  }
  const march = readFileSync(project.path('march.csv'), 'utf8')
  expect(sumOf(march, 'amount')).toBe(5_010)
  expect(sumOf(march, 'billable')).toBe(12_000)
  const csv = (await at(APRIL, 'invoices', 'export', '--month', '2026-03')).stdout
  expect(sumOf(csv, 'amount')).toBe(5_010)

  // What Stripe and accounting get adds up to the same.
  const toStripe = async (...more: readonly string[]): Promise<readonly any[]> => {
    const argv = ['usage', 'export', '--month', '2026-03', '--format', 'stripe', ...more]
    const { stdout } = await at(APRIL, ...argv)
    return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
  }
  const events = await toStripe('--event-name', 'calls=api_calls')
  expect(events.reduce((sum, { payload }) => sum + Number(payload.value), 0)).toBe(120)
  expect(events[0]).toMatchObject({ event_name: 'api_calls', payload: { stripe_customer_id: 'acme' } })
  expect(await toStripe()).toEqual([])
  expect((await toStripe('--again')).map(({ identifier }) => identifier)).toEqual(
    events.map(({ identifier }) => identifier),
  )
  for (const [format, column] of [
    ['quickbooks', '*ItemAmount'],
    ['xero', '*UnitAmount'],
  ] as const) {
    const imported = (await at(APRIL, 'usage', 'export', '--month', '2026-03', '--format', format)).stdout
    expect(sumOf(imported, column)).toBe(5_010)
  }

  // Every line opens: the line says 120, and 120 ids stand behind it.
  const ids = (await at(APRIL, 'usage', 'explain', 'INV-2026-0001:2', '--ids')).stdout.trimEnd().split('\n')
  expect(new Set(ids).size).toBe(120)
  const opened = JSON.parse((await at(APRIL, 'usage', 'explain', 'INV-2026-0001:2', '--json')).stdout)
  expect(opened).toMatchObject({ quantity: '120', stated: '120', events_total: 120, equal: true })
  const trail = JSON.parse((await at(APRIL, 'usage', 'explain', ids[0] ?? '', '--json')).stdout)
  expect(trail).toMatchObject({ invoice: 'INV-2026-0001:2' })
  const proof = await at(APRIL, 'reconcile', '--month', '2026-03', '--json')
  expect(JSON.parse(proof.stdout)).toMatchObject({ equal: true, invoices: 1, invoices_waiting: 0 })
  const table = await at(APRIL, 'reconcile', '--month', '2026-03')
  expect(table.stdout).toMatch(/RAW LOG +ROLLUPS +QUOTA +REPORT +EXPORT +INVOICE/)
  expect(table.stdout).toMatch(/acme.* calls .*120(.*✓){5}/)

  // An event taken back after the invoice: the books still agree, and the next invoice gives it back.
  expect((await at(APRIL, 'usage', 'void', ids[0] ?? '', '--reason', 'test')).exitCode).toBe(0)
  const [back, ...others] = await toStripe()
  expect([back?.payload.value, others]).toEqual(['-1', []])
  expect(events.map(({ identifier }) => identifier)).not.toContain(back?.identifier)
  const after = JSON.parse((await at(APRIL, 'reconcile', '--month', '2026-03', '--json')).stdout)
  expect(after).toMatchObject({ equal: true, invoices_waiting: 1 })
  const may = '2026-05-01T00:05:00Z'
  const run = JSON.parse((await at(may, 'invoices', 'run', '--json')).stdout)
  expect(run.made).toMatchObject([{ number: 'INV-2026-0002', total: '48.99' }])
  const settled = JSON.parse((await at(may, 'reconcile', '--month', '2026-03', '--json')).stdout)
  expect(settled).toMatchObject({ equal: true, invoices_waiting: 0 })

  // One that is taken back says how another one is made, which bills the same.
  const taken = await at(may, 'invoices', 'void', 'INV-2026-0002', '--reason', 'wrong address')
  const [, again = ''] = /^→ .* gatez (invoices run .*)$/m.exec(taken.stdout) ?? []
  expect(again).toBe('invoices run --tenant acme --on 2026-04-01')
  const remade = JSON.parse((await at(may, ...again.split(' '), '--json')).stdout)
  expect(remade.made).toMatchObject([{ number: 'INV-2026-0003', total: '48.99' }])

  // A hand in the books is found.
  bySql(project, "update invoices set total = '4998' where number = 'INV-2026-0001'")
  const tampered = await at(may, 'reconcile', '--month', '2026-03', '--json')
  expect(tampered.exitCode).toBe(8)
  const hand = { store: 'invoice', tenant_id: 'acme' }
  expect(JSON.parse(tampered.stdout).differences).toMatchObject([
    { ...hand, what: 'INV-2026-0001: its lines and taxes do not add up to its total.' },
    { ...hand, what: 'INV-2026-0001: it does not say what it said when it was issued.' },
  ])
})

test('killed at any step of any group, a run leaves numbers without a gap, and the next one does the rest', async () => {
  const TENANTS = 300
  const project = await Project.with(flowConfig({ upstreamPort: 9, plans }), {
    env: { GATEZ_CLOCK: '2026-03-01T00:00:00Z' },
    // Nobody else may send the mail that is counted.
    near: true,
  })
  const store = await storeOf(project, new ManualClock(0))
  const startMs = Date.UTC(2026, 2, 1)
  await store.transaction(async (tables) => {
    for (let index = 0; index < TENANTS; index += 1) {
      const id = `t${String(index).padStart(4, '0')}`
      await tables.tenants.insert(tenant({ id }))
      await tables.subscriptions.insert(
        subscription({ id: `sub_${id}`, tenantId: id, planId: 'pro', startMs }),
      )
    }
  })
  const run = (month: number, place = '') =>
    ServeProcess.spawn({
      cwd: project.folder,
      entry: builtProgram('fail-points'),
      env: { GATEZ_CLOCK: new Date(Date.UTC(2026, month, 1, 1)).toISOString(), GATEZ_FAILPOINT: place },
      command: 'invoices',
      args: ['run'],
    }).exitCode()
  // One month for each place; there are two groups of invoices in a month.
  const places = INVOICE_FAIL_POINTS.flatMap((name) =>
    name === 'invoices-numbered' || name === 'invoices-queued' ? [`${name}:1`, `${name}:2`] : [`${name}:1`],
  )
  for (const [index, place] of places.entries()) {
    const month = 3 + index
    expect(await run(month, place), `a signal ended it at ${place}`).toBeNull()
    await expectGapless(store)
    expect(await run(month)).toBe(0)
    await expectGapless(store)
    const invoices = await store.invoices.list({})
    expect(invoices).toHaveLength(TENANTS * (index + 1))
    expect(await store.outbox.pending(100_000, ['invoice.issued'])).toHaveLength(invoices.length)
  }
  expect(await store.invoices.closedPeriods()).toHaveLength(places.length)
}, 120_000)

async function expectGapless({ invoices }: ControlStore): Promise<void> {
  const numbers = (await invoices.list({})).map(({ number }) => Number(number?.slice(9)))
  expect(numbers.toSorted((one, other) => one - other)).toEqual(numbers.map((_, index) => index + 1))
}
