import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { exportMeterEvents } from '../../src/billing/export/export-meter-events.ts'
import { readInvoiceView } from '../../src/billing/invoice/read-invoice-view.ts'
import { invoiceSchema, revenueSchema } from '../../src/control/billing-schemas.ts'
import type { DeskCases } from '../../src/control/desk-cases.ts'
import { remoteDesk } from '../../src/control/remote-desk.ts'
import { startControl, type TestControl } from '../support/control.ts'
import { rollup } from '../support/rollups.ts'
import { tempDir } from '../support/temp-dir.ts'

const PLANS = [
  { id: 'free', routes: 'all' },
  {
    id: 'pro',
    routes: 'all',
    charges: [
      { id: 'fee', price: { model: 'flat', amount: '31.00' } },
      {
        id: 'calls',
        meter: 'calls',
        price: {
          model: 'graduated',
          tiers: [
            { up_to: '100', unit: '0' },
            { up_to: null, unit: '0.01' },
          ],
        },
      },
    ],
  },
]

/** Acme and Bolt on plan pro since the first of April 2026; Acme makes so many calls on the second. */
async function scene(calls: number): Promise<TestControl> {
  const control = await startControl({ plans: PLANS })
  const { clock, owner: token } = control
  clock.set(Date.UTC(2026, 3, 1))
  for (const id of ['acme', 'bolt'])
    await control.ask('POST', '/api/v1/tenants', { token, body: { id, plan: 'pro' } })
  const { subscription_id: subscriptionId } = (await control.ask('GET', '/api/v1/tenants/acme', { token }))
    .json
  const used = { tenantId: 'acme', subscriptionId, planId: 'pro', planVersion: 1, requests: calls }
  const place = { nodeId: 'node-1', epoch: 1, afterSeq: 0, throughSeq: 1 }
  await control.store.ledger.apply([rollup({ bucketMs: Date.UTC(2026, 3, 2), ...used })], place)
  return control
}

/** The same with the invoices of April made, on the first of May. */
async function billed(calls = 1_100): Promise<TestControl> {
  const control = await scene(calls)
  control.clock.set(Date.UTC(2026, 4, 1, 1))
  const run = await control.ask('POST', '/api/v1/invoices/run', { token: control.owner, body: {} })
  expect(run.json).toMatchObject({
    kept: 0,
    problems: [],
    made: [{ tenant_id: 'acme' }, { tenant_id: 'bolt' }],
  })
  return control
}

test('invoices are made once, listed page by page, shown, and had as files', async () => {
  const control = await billed()
  const client = control.client(await control.token('read'))
  const rows = await client.all('listInvoices', { month: '2026-04' })
  expect(rows.map(({ number, total }) => [number, total])).toEqual([
    ['INV-2026-0001', '41.00'],
    ['INV-2026-0002', '31.00'],
  ])
  const first = await client.call('listInvoices', { limit: '1' })
  expect(first.data).toHaveLength(1)
  const second = await client.call('listInvoices', { limit: '1', cursor: first.next ?? '' })
  expect([second.data[0]?.number, second.next]).toEqual(['INV-2026-0002', null])
  const shown = await client.call('showInvoice', { invoice: 'INV-2026-0001' })
  expect(invoiceSchema.safeParse(shown)).toMatchObject({ success: true })
  expect(shown.lines.map(({ amount }) => amount)).toEqual(['31.00', '10.00'])
  for (const [format, begin] of [
    ['pdf', '%PDF-'],
    ['html', '<!doctype html>'],
    ['csv', ''],
  ] as const) {
    const response = await client.stream('downloadInvoice', { invoice: 'INV-2026-0001', format })
    expect(response.headers.get('content-disposition')).toBe(`attachment; filename="INV-2026-0001.${format}"`)
    expect((await response.text()).toLowerCase().startsWith(begin.toLowerCase())).toBe(true)
  }
  const csv = await (await client.stream('exportInvoices', { month: '2026-04' })).text()
  expect(csv.split('\r\n').filter((line) => line.includes('INV-2026-000'))).toHaveLength(4)
  const { json: again } = await control.ask('POST', '/api/v1/invoices/run', {
    token: control.owner,
    body: {},
  })
  expect(again).toEqual({ made: [], kept: 0, problems: [] })
  await expect(client.call('showInvoice', { invoice: 'INV-2026-0009' })).rejects.toMatchObject({
    code: 'not-found',
  })
  await expect(client.stream('downloadInvoice', { invoice: 'none' })).rejects.toMatchObject({
    code: 'not-found',
  })
})

test('an invoice that was shown reads back as the one that the store has', async () => {
  const control = await billed()
  const client = control.client()
  await client.call('payInvoice', { invoice: 'INV-2026-0001', amount: '1.00', reference: 'bank-1' })
  const { invoice, entries } = readInvoiceView(await client.call('showInvoice', { invoice: 'INV-2026-0001' }))
  const kept = await control.store.invoices.find('INV-2026-0001')
  expect(invoice).toEqual(kept)
  const written = await control.store.invoices.entries(invoice.id)
  expect(entries.map(({ key: _, ...entry }) => entry)).toEqual(written.map(({ key: _, ...entry }) => entry))
})

test('money moves with the scope billing, once for each Idempotency-Key, and against the ETag that was read', async () => {
  const control = await billed()
  const token = await control.token('billing')
  const path = '/api/v1/invoices/INV-2026-0001'
  const read = await control.token('read,write')
  const refused = await control.ask('POST', `${path}/payments`, { token: read, body: {} })
  expect([refused.status, refused.json.code]).toEqual([403, 'insufficient-scope'])

  const etag = (await control.ask('GET', path, { token })).headers.get('etag') ?? ''
  const note = { token, body: { amount: '20.00', reason: 'Outage' } }
  const headers = { 'idempotency-key': 'note-1', 'if-match': etag }
  const noted = await control.ask('POST', `${path}/credit-notes`, { ...note, headers })
  expect([noted.status, noted.json.number, noted.json.invoice.due]).toEqual([201, 'CN-2026-0001', '21.00'])
  const again = await control.ask('POST', `${path}/credit-notes`, { ...note, headers })
  expect([again.headers.get('idempotency-replayed'), again.json]).toEqual(['true', noted.json])
  const late = await control.ask('POST', `${path}/void`, {
    ...{ token, body: { reason: 'x' }, headers: { 'if-match': etag } },
  })
  expect(late.json.code).toBe('precondition-failed')

  const paid = await control.ask('POST', `${path}/payments`, { token, body: { reference: 'bank-7' } })
  expect(paid.json).toMatchObject({ state: 'paid', paid: '21.00', due: '0.00', new: true })
  const voided = await control.ask('POST', '/api/v1/invoices/INV-2026-0002/void', {
    ...{ token, body: { reason: 'Wrong plan' } },
  })
  expect(voided.json).toMatchObject({ state: 'void', due: '0.00' })
  const entries = (await control.ask('GET', path, { token })).json.entries
  expect(entries.map(({ kind, actor }: any) => [kind, actor.split(':')[0]])).toEqual([
    ...[
      ['credit-note', 'token'],
      ['payment', 'token'],
    ],
  ])
})

test('drafts wait for review, and sending one gives it its number', async () => {
  const control = await scene(0)
  control.clock.set(Date.UTC(2026, 4, 1, 1))
  const client = control.client()
  const { made } = await client.call('runInvoices', { month: '2026-04', tenant: 'acme', review: true })
  expect(made.map(({ number, state }) => [number, state])).toEqual([[null, 'draft']])
  const sent = await client.call('sendInvoice', { invoice: made[0]?.id ?? '' })
  expect([sent.number, sent.state]).toEqual(['INV-2026-0001', 'open'])
  expect((await client.call('listMail', {})).waiting).toBe(1)
})

test('a period that runs is refused, and its preview says what it comes to', async () => {
  const control = await scene(1_100)
  control.clock.set(Date.UTC(2026, 3, 11))
  const client = control.client()
  await expect(client.call('runInvoices', { month: '2026-04' })).rejects.toMatchObject({
    code: 'period-open',
  })
  expect((await client.call('previewInvoice', { tenant: 'acme' })).subtotal).toBe('41.00')
})

test('revenue so far is what previews say; its forecast goes through tiers, and trials are worth nothing yet', async () => {
  const control = await scene(1_100)
  const client = control.client(await control.token('billing'))
  control.clock.set(Date.UTC(2026, 3, 11))
  await control.client().call('createTenant', { id: 'cord' })
  await control.client().call('changePlan', { tenant: 'cord', plan: 'pro', trial_days: 7 })
  const revenue = await client.call('revenue', {})
  expect(revenueSchema.safeParse(revenue)).toMatchObject({ success: true })
  // A third of April is over: 1,100 calls become 3,300, of which 3,200 cost a cent.
  expect(revenue.tenants.find(({ tenant_id: id }) => id === 'acme')).toMatchObject({
    ...{ plan: 'pro', so_far: '41.00', forecast: '63.00', mrr: '31.00' },
    period_end: '2026-05-01T00:00:00.000Z',
  })
  expect(revenue.plans.find(({ plan }) => plan === 'pro')).toMatchObject({ tenants: 3, mrr: '62.00' })
  let sum = 0
  for (const { tenant_id: tenant, so_far: soFar } of revenue.tenants) {
    const preview = await client.call('previewInvoice', { tenant })
    expect([tenant, soFar]).toEqual([tenant, preview.subtotal])
    sum += Number(soFar) * 100
  }
  expect(Number(revenue.so_far) * 100).toBe(sum)
  const only = await client.call('revenue', { tenant: 'bolt' })
  expect([only.tenants.length, only.so_far, only.mrr]).toEqual([1, '31.00', '31.00'])
})

test('dunning lists what is late with its steps, the oldest debt first', async () => {
  const control = await billed()
  const client = control.client()
  expect((await client.call('listDunning', {})).data).toEqual([])
  control.clock.set(Date.UTC(2026, 4, 20))
  const { data } = await client.call('listDunning', {})
  expect(data.map(({ number, days_late: days, tenant_state: state }) => [number, days, state])).toEqual([
    ...[
      ['INV-2026-0001', 4, 'active'],
      ['INV-2026-0002', 4, 'active'],
    ],
  ])
  for (const { steps } of data) for (const step of steps) expect(step.taken_at).toBeNull()
  const revenue = await client.call('revenue', {})
  expect([revenue.outstanding, revenue.overdue]).toEqual(['72.00', '0.00'])
})

test('a change of plan is previewed without being made, and a plan is cancelled for the end of its period', async () => {
  const control = await scene(0)
  const client = control.client()
  const preview = await client.call('previewChange', { tenant: 'acme', plan: 'free' })
  expect(preview).toMatchObject({ from: 'pro', to: 'free', direction: 'downgrade' })
  expect(preview.next_period).toMatchObject({ unchanged: '31.00', changed: '0.00', difference: '-31.00' })
  expect((await client.call('showTenant', { tenant: 'acme' })).next_plan).toBeNull()
  const cancelled = await client.call('cancelPlan', { tenant: 'acme' })
  expect(cancelled.plan_until).toBe('2026-05-01T00:00:00.000Z')
})

describe('usage for other programs', () => {
  test.each(['stripe', 'stripe-csv'] as const)('%s has the same bytes from afar, once', async (format) => {
    const near = await scene(1_100)
    const far = await scene(1_100)
    const asked = { month: '2026-04', again: false, eventNames: ['calls=api_calls'] }
    const written = async (desk: DeskCases, to: string | null) => {
      const batch = randomUUID()
      const taken = await desk.takeMeterEvents({ ...asked, batch })
      return exportMeterEvents(taken, { format, to, done: () => desk.markMeterEvents({ batch }) })
    }
    const folder = tempDir()
    await written(await near.parts.deskOn(near.store, 'cli:test'), `${folder}/near`)
    const there = deskFrom(far)
    expect(await written(there, null)).toMatchObject({ events: 1, unnamed: ['acme'] })
    await written(there, `${folder}/far`)
    expect(readFileSync(`${folder}/far`)).toEqual(readFileSync(`${folder}/near`))
    expect(readFileSync(`${folder}/far`, 'utf8')).toContain('api_calls')
    expect((await there.takeMeterEvents({ ...asked, batch: randomUUID() })).events).toEqual([])
    const refused = there.takeMeterEvents({ ...asked, batch: randomUUID(), eventNames: ['bytes'] })
    await expect(refused).rejects.toMatchObject({ code: 'invalid-parameter' })
  })

  test.each(['quickbooks', 'xero'] as const)('%s has the same files from afar', async (format) => {
    const control = await billed()
    const here = await control.parts.deskOn(control.store, 'cli:test')
    const there = deskFrom(control)
    const asked = { month: '2026-04', format, all: false }
    expect(await there.accountingFiles(asked)).toEqual(await here.accountingFiles(asked))
    const folder = tempDir()
    for (const [name, desk] of [
      ['near', here],
      ['far', there],
    ] as const) {
      await desk.exportInvoices({ month: '2026-04' }, { format, to: `${folder}/${name}` })
    }
    expect(readFileSync(`${folder}/far`)).toEqual(readFileSync(`${folder}/near`))
    const none = there.accountingFiles({ ...asked, month: '2026-03' })
    await expect(none).rejects.toMatchObject({ code: 'not-found' })
  })
})

/** The desk as commands reach it from afar, without a socket. */
function deskFrom(control: TestControl): DeskCases {
  const remote: any = {
    ...{ url: 'http://localhost', token: control.owner },
    fetch: async (url: string, init: RequestInit) => control.app.request(url, init),
  }
  return remoteDesk(remote)
}

test('what operators are told of a tenant is what the tenant is told, from the first seconds to the last', async () => {
  const control = await scene(1_100)
  const operator = control.client(await control.token('billing'))
  const said: string[][] = []
  const compare = async (): Promise<void> => {
    const ann = await control.member('acme', `ann${said.length}@acme.example`, 'admin')
    const { json } = await control.ask('GET', '/api/portal/v1/standing', { headers: ann.headers })
    const { tenants } = await operator.call('revenue', { tenant: 'acme' })
    const theirs = tenants.map(({ so_far: soFar, forecast }) => [soFar, forecast])
    expect([[json.spent, json.forecast]]).toEqual(theirs)
    said.push([json.spent, json.forecast])
  }
  control.clock.set(Date.UTC(2026, 3, 1, 0, 0, 5))
  await compare()
  control.clock.set(Date.UTC(2026, 3, 11))
  await compare()
  await control.client().call('changePlan', { tenant: 'acme', plan: 'free', at: 'now' })
  await compare()
  control.clock.set(Date.UTC(2026, 3, 30, 23, 59, 59))
  await compare()
  // Of five seconds the pace is that of an hour: 1,100 calls an hour are 792,000 in April.
  expect(said.slice(0, 2)).toEqual([
    ['41.00', '7950.00'],
    ['41.00', '63.00'],
  ])
})
