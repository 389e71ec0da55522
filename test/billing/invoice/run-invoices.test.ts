import { describe, expect, test } from 'vitest'
import { sendDraft } from '../../../src/billing/invoice/send-draft.ts'
import { voidInvoice } from '../../../src/billing/invoice/void-invoice.ts'
import type { Charge } from '../../../src/model/plan.ts'
import { APRIL_2026, invoiceScene, MARCH_2026 } from '../../support/invoice-scene.ts'

const march = { bucketMs: MARCH_2026.startMs + 86_400_000 }

describe('a run', () => {
  test('makes an invoice of fee and usage for each tenant, numbered in the order of tenants', async () => {
    const scene = await invoiceScene({
      tenants: [{ id: 'zeta' }, { id: 'acme' }],
      subscriptions: [
        { id: 'sub_1', tenantId: 'acme' },
        { id: 'sub_2', tenantId: 'zeta' },
      ],
      rollups: [
        { ...march, requests: 110 },
        { ...march, tenantId: 'zeta', subscriptionId: 'sub_2', keyId: 'key_9', requests: 300 },
      ],
    })
    const run = await scene.run()
    expect(scene.said(run)).toEqual([
      'acme INV-2026-0001: Pro: fee 0 49.00',
      'acme INV-2026-0001: Pro: calls 110 0.10',
      'zeta INV-2026-0002: Pro: fee 0 49.00',
      'zeta INV-2026-0002: Pro: calls 300 2.00',
    ])
    const [acme] = run.made
    expect(acme).toMatchObject({ state: 'open', totalMinor: 4_910n, paidMinor: 0n })
    expect(acme?.content.lines[1]).toMatchObject({
      events: 110,
      steps: [
        { tier: 1, quantity: '100', amount: '0' },
        { tier: 2, quantity: '10', unit: '0.01', amount: '0.1' },
      ],
    })
    expect(acme?.content.rules).toEqual([{ meter: 'calls', rule: expect.stringContaining('200–299, 101') }])
    // 14 days after 1 April: the whole of the 15th is still in time.
    expect(new Date(acme?.dueAtMs ?? 0).toISOString()).toBe('2026-04-16T00:00:00.000Z')
  })

  test('changes nothing the second time', async () => {
    const scene = await invoiceScene({ rollups: [{ ...march, requests: 110 }] })
    const first = await scene.run()
    expect(await scene.run()).toMatchObject({ made: [], kept: 1 })
    expect(await scene.store.invoices.list({})).toEqual(first.made)
  })

  test('numbers go on in the next period, and begin again in the next year', async () => {
    const scene = await invoiceScene()
    await scene.run()
    scene.clock.set(APRIL_2026.endMs + 600_000)
    expect((await scene.run(APRIL_2026)).made[0]?.number).toBe('INV-2026-0002')
    scene.clock.set(Date.UTC(2027, 0, 1, 1))
    const december = { startMs: Date.UTC(2026, 11, 1), endMs: Date.UTC(2027, 0, 1) }
    expect((await scene.run(december)).made[0]?.number).toBe('INV-2027-0001')
  })

  test('a tenant without charges gets none, one with nothing but a free month gets one that is paid', async () => {
    const free: Charge = { id: 'calls', meter: 'calls', price: { model: 'per_unit', unit: '0.01' } }
    const scene = await invoiceScene({ charges: [free] })
    expect((await scene.run()).made).toMatchObject([
      { number: 'INV-2026-0001', state: 'paid', totalMinor: 0n },
    ])
    const bare = await invoiceScene({ charges: [] })
    expect((await bare.run()).made).toEqual([])
  })

  test('usage without a price keeps one tenant from its invoice, and the period open', async () => {
    const banded: Charge = {
      id: 'calls',
      meter: 'calls',
      price: { model: 'stairstep', tiers: [{ up_to: '200', flat: '75' }] },
    }
    const scene = await invoiceScene({
      charges: [banded],
      tenants: [{}, { id: 'bolt' }],
      subscriptions: [{ id: 'sub_1' }, { id: 'sub_2', tenantId: 'bolt' }],
      rollups: [{ ...march, requests: 201 }],
    })
    const run = await scene.run()
    expect(run.problems).toEqual([{ tenantId: 'acme', why: expect.stringContaining('ends at 200') }])
    expect(run.made.map(({ tenantId }) => tenantId)).toEqual(['bolt'])
    expect(await scene.store.invoices.closedPeriods()).toEqual([])
  })

  test('only one process makes invoices at a time', async () => {
    const scene = await invoiceScene()
    const nowMs = scene.clock.nowMs()
    const lease = { name: 'invoices', holder: 'elsewhere:1:x', untilMs: nowMs + 30_000 }
    await scene.store.transaction((tables) => tables.leases.take(lease, nowMs))
    await expect(scene.run()).rejects.toMatchObject({
      code: 'invoices-running',
      message: expect.stringContaining('Process 1 on elsewhere'),
    })
    scene.clock.advance(30_000)
    expect((await scene.run()).made).toHaveLength(1)
  })

  test('an invoice that a broken-off run left is kept, and the others are added', async () => {
    const scene = await invoiceScene({
      tenants: [{}, { id: 'bolt' }],
      subscriptions: [{ id: 'sub_1' }, { id: 'sub_2', tenantId: 'bolt' }],
    })
    const [bolt] = (await scene.run(MARCH_2026, { tenantId: 'bolt' })).made
    const rest = await scene.run()
    expect(rest).toMatchObject({ kept: 1, made: [{ tenantId: 'acme', number: 'INV-2026-0002' }] })
    expect(await scene.store.invoices.find('INV-2026-0001')).toEqual(bolt)
  })
})

describe('late usage', () => {
  test('becomes an adjustment on the next invoice: what the month comes to, less what was billed', async () => {
    const scene = await invoiceScene({ rollups: [{ ...march, requests: 90 }] })
    await scene.run()
    await scene.use({ ...march, requests: 30 })
    scene.clock.set(APRIL_2026.endMs + 600_000)
    const april = await scene.run(APRIL_2026)
    // 120 calls, 100 of them free: the 30 late ones cost what 20 cost.
    expect(scene.said(april)).toEqual([
      'acme INV-2026-0002: Pro: fee 0 49.00',
      'acme INV-2026-0002: Pro: calls 0 0.00',
      'acme INV-2026-0002: Pro: calls of an earlier period 30 0.20',
    ])
    expect(april.made[0]?.content.lines[2]).toMatchObject({
      kind: 'adjustment',
      events: 30,
      period: MARCH_2026,
    })
    scene.clock.set(Date.UTC(2026, 5, 1, 1))
    const may = { startMs: APRIL_2026.endMs, endMs: Date.UTC(2026, 5, 1) }
    expect(scene.said(await scene.run(may))).toHaveLength(2)
  })

  test('comes to the same sum in however many parts it comes', async () => {
    const scene = await invoiceScene({ rollups: [{ ...march, requests: 3 }] })
    let sum = 0n
    for (const month of [2, 3, 4, 5, 6]) {
      const period = { startMs: Date.UTC(2026, month, 1), endMs: Date.UTC(2026, month + 1, 1) }
      scene.clock.set(period.endMs + 600_000)
      for (const { content } of (await scene.run(period)).made) {
        for (const { meter, amount } of content.lines)
          if (meter !== null) sum += BigInt(amount.replace('.', ''))
      }
      await scene.use({ ...march, requests: 77 })
    }
    // 3 + 4 × 77 = 311 calls were billed, 100 of them free, at a cent.
    expect(sum).toBe(211n)
  })

  test('what was taken back makes the next invoice smaller, and what is left of it a credit', async () => {
    const charges: readonly Charge[] = [
      { id: 'calls', meter: 'calls', price: { model: 'per_unit', unit: '1' } },
    ]
    const scene = await invoiceScene({ charges, rollups: [{ ...march, requests: 50 }] })
    await scene.run()
    await scene.use({ ...march, requests: -20 }, { bucketMs: APRIL_2026.startMs, requests: 5 })
    scene.clock.set(APRIL_2026.endMs + 600_000)
    const [april] = (await scene.run(APRIL_2026)).made
    expect(april).toMatchObject({
      totalMinor: 0n,
      state: 'paid',
      content: { subtotal: '-15.00', carried: '15.00' },
    })
    expect(await scene.store.invoices.creditOf('acme', 'USD')).toBe(1_500n)

    await scene.use({ bucketMs: APRIL_2026.endMs, requests: 20 })
    scene.clock.set(Date.UTC(2026, 5, 1, 1))
    const may = { startMs: APRIL_2026.endMs, endMs: Date.UTC(2026, 5, 1) }
    expect((await scene.run(may)).made[0]).toMatchObject({
      totalMinor: 2_000n,
      creditedMinor: 1_500n,
      state: 'open',
    })
    expect(await scene.store.invoices.creditOf('acme', 'USD')).toBe(0n)
  })
})

test('a void invoice is made again only when its tenant is named, with a number of its own', async () => {
  const scene = await invoiceScene({ rollups: [{ ...march, requests: 110 }] })
  await scene.run()
  await voidInvoice(scene, { invoice: 'INV-2026-0001', reason: 'Wrong', actor: 'cli:test' })
  expect((await scene.run()).made).toEqual([])
  const [again] = (await scene.run(MARCH_2026, { tenantId: 'acme' })).made
  expect(again).toMatchObject({ number: 'INV-2026-0002', attempt: 2, totalMinor: 4_910n })
  expect((await scene.run(MARCH_2026, { tenantId: 'acme' })).made).toEqual([])
})

test('under review invoices stay drafts without numbers until they are sent', async () => {
  const scene = await invoiceScene({ rollups: [{ ...march, requests: 110 }] })
  const [draft] = (await scene.run(MARCH_2026, { review: true })).made
  expect(draft).toMatchObject({ state: 'draft', number: null, dueAtMs: null })
  expect(await scene.store.outbox.pending(10)).toEqual([])
  const sent = await sendDraft(scene, { invoice: draft?.id ?? '', actor: 'cli:test' })
  expect(sent).toMatchObject({ state: 'open', number: 'INV-2026-0001', totalMinor: 4_910n })
  expect(await scene.store.outbox.pending(10)).toMatchObject([{ kind: 'invoice.issued' }])
})

test('where periods begin with subscriptions, each tenant is billed from its own day to its own day', async () => {
  const scene = await invoiceScene({
    billing: { anchor: 'subscription' },
    tenants: [{}, { id: 'bolt' }],
    subscriptions: [
      { id: 'sub_1', startMs: Date.UTC(2026, 1, 15) },
      { id: 'sub_2', tenantId: 'bolt', startMs: Date.UTC(2026, 1, 20) },
    ],
    rollups: [
      { bucketMs: Date.UTC(2026, 2, 14), requests: 110 },
      { bucketMs: Date.UTC(2026, 2, 16), requests: 500 },
      { bucketMs: Date.UTC(2026, 2, 16), requests: 120, tenantId: 'bolt', subscriptionId: 'sub_2' },
    ],
  })
  const period = { startMs: Date.UTC(2026, 1, 15), endMs: Date.UTC(2026, 2, 15) }
  expect(scene.said(await scene.run(period))).toEqual([
    'acme INV-2026-0001: Pro: fee 0 49.00',
    'acme INV-2026-0001: Pro: calls 110 0.10',
  ])
  const other = { startMs: Date.UTC(2026, 1, 20), endMs: Date.UTC(2026, 2, 20) }
  expect(scene.said(await scene.run(other))).toEqual([
    'bolt INV-2026-0002: Pro: fee 0 49.00',
    'bolt INV-2026-0002: Pro: calls 120 0.20',
  ])
})
