import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { askedPeriod, refuseOpen } from '../../../src/billing/invoice/asked-period.ts'
import { previewInvoice } from '../../../src/billing/invoice/preview-invoice.ts'
import { sendDraft } from '../../../src/billing/invoice/send-draft.ts'
import { untilShipped } from '../../../src/billing/invoice/shipped.ts'
import { voidInvoice } from '../../../src/billing/invoice/void-invoice.ts'
import { INVOICE_ISSUED } from '../../../src/billing/message-kinds.ts'
import { Spool } from '../../../src/metering/spool.ts'
import { storesIn } from '../../support/control-store.ts'
import { APRIL_2026, invoiceScene, MARCH_2026 } from '../../support/invoice-scene.ts'
import { tempDir } from '../../support/temp-dir.ts'

const ONCE = { closedMs: MARCH_2026.endMs + 300_000, nowMs: MARCH_2026.endMs + 310_000, triesMax: 1 }

const monthly = { currency: 'USD', timezone: 'UTC', period: 'month' } as const

test('an open period is refused, with the moment from which it can be billed', () => {
  const fiveMinutes = 300_000
  expect(() => refuseOpen(MARCH_2026, fiveMinutes, MARCH_2026.endMs + fiveMinutes)).not.toThrow()
  expect(() => refuseOpen(MARCH_2026, fiveMinutes, MARCH_2026.endMs + fiveMinutes - 1)).toThrow(
    expect.objectContaining({
      code: 'period-open',
      message: expect.stringContaining('from 2026-04-01T00:05:00.000Z on'),
    }),
  )
})

test('a period is named by its month, or by a day of it', () => {
  const asked = (written: object, billing: object = {}) =>
    askedPeriod({ held: [], ...written }, { ...monthly, ...billing }, 0)
  expect(asked({ month: '2026-03' })).toEqual(MARCH_2026)
  expect(asked({ on: '2026-04-17' })).toEqual(APRIL_2026)
  expect(asked({ on: '2026-04-17' }, { period: 'week' }).startMs).toBe(Date.UTC(2026, 3, 13))
  expect(() => asked({ month: '2026-03' }, { period: 'week' })).toThrow(/--on 2026-03-01/)
  expect(() => asked({ month: '2026-03', on: '2026-03-02' })).toThrow(/--month goes without --on/)
  expect(() => asked({ month: '2026-03' }, { anchor: 'subscription' })).toThrow(/name one with --tenant/)
})

test('a period of who left and came back is one of those it had then', () => {
  const plan = { tenantId: 'acme', planId: 'pro', planVersion: 1 }
  const on = (month: number, day: number): number => Date.UTC(2026, month, day, 14)
  const held = [
    { ...plan, id: 'sub_1', startMs: on(0, 1), endMs: on(2, 10) },
    { ...plan, id: 'sub_2', startMs: on(2, 20), endMs: null },
  ]
  const asked = (written: object) => {
    const { startMs, endMs } = askedPeriod({ held, ...written }, { ...monthly, anchor: 'subscription' }, 0)
    return [startMs, endMs].map((ms) => new Date(ms).toISOString().slice(0, 10))
  }
  expect(asked({ on: '2026-02-17' })).toEqual(['2026-02-01', '2026-03-01'])
  expect(asked({ on: '2026-03-19' })).toEqual(['2026-03-01', '2026-04-01'])
  expect(asked({ on: '2026-03-20' })).toEqual(['2026-03-20', '2026-04-20'])
  expect(asked({ on: '2026-05-01' })).toEqual(['2026-04-20', '2026-05-20'])
  expect(asked({ on: '2025-12-24' })).toEqual(['2025-12-01', '2026-01-01'])
  expect(asked({ month: '2026-03' })).toEqual(['2026-03-01', '2026-04-01'])
})

test.each(['2026-02-30', 'yesterday', '', '2026-03-01T06:01Z'])(
  '%j is no day: what is said names --on',
  (on) => {
    expect(() => askedPeriod({ on, held: [] }, monthly, 0)).toThrow(
      expect.objectContaining({ code: 'invalid-parameter', message: expect.stringMatching(/^--on is /) }),
    )
  },
)

test.each([
  {
    written: { month: '0000-01' },
    says: '--month is "0000-01", more than 50 years ago: name one from 1976-04 on.',
  },
  { written: { month: '1976-03' }, says: '--month is "1976-03", more than 50 years ago' },
  {
    written: { on: '0000-01-31' },
    says: '--on is "0000-01-31", more than 50 years ago: name one from 1976-04-01 on.',
  },
  { written: { on: '1976-03-31T23:45Z' }, says: '--on is "1976-03-31T23:45Z", more than 50 years ago' },
])('$written is refused, naming flag, value and what can be billed', ({ written, says }) => {
  const nowMs = APRIL_2026.startMs + 20 * 86_400_000
  expect(() => askedPeriod({ ...written, held: [] }, monthly, nowMs)).toThrow(
    expect.objectContaining({ code: 'invalid-parameter', message: expect.stringContaining(says) }),
  )
  const first = { startMs: Date.UTC(1976, 3, 1), endMs: Date.UTC(1976, 4, 1) }
  expect(askedPeriod({ month: '1976-04', held: [] }, monthly, nowMs)).toEqual(first)
  expect(askedPeriod({ on: '1976-04-01', held: [] }, monthly, nowMs)).toEqual(first)
})

test('while events lie in the spool of a gateway that is gone, no invoice is made without them', async () => {
  const { store } = await invoiceScene()
  const config = storesIn(tempDir())
  await untilShipped(store, config, ONCE)
  const { dataDir } = config.stores
  mkdirSync(dataDir)
  writeFileSync(join(dataDir, 'node'), 'node-9\n')
  const spool = new Spool({ path: join(dataDir, 'spool.db'), durability: 'process', epoch: 1 })
  spool.append([{ lines: Buffer.from('x\nx\nx\n'), count: 3 }], 0)
  spool.close()
  await expect(untilShipped(store, config, ONCE)).rejects.toMatchObject({
    code: 'events-not-shipped',
    message: expect.stringMatching(/^3 events/),
  })
  await store.ledger.apply([], { nodeId: 'node-9', epoch: 1, afterSeq: 0, throughSeq: 3 })
  await untilShipped(store, config, ONCE)
})

test('where nodes share the store, every one that runs has to have said that its events are in the ledger', async () => {
  const { store } = await invoiceScene()
  const config = storesIn(tempDir())
  const { closedMs, nowMs } = ONCE
  const shared = { ledger: store.ledger, nodes: store.nodes, isShared: true }
  for (const nodeId of ['busy', 'done', 'ended', 'killed']) await store.nodes.startEpoch(nodeId, 0)
  await store.nodes.startEpoch('new', nowMs - 1_000)
  await store.nodes.shipped('busy', closedMs - 1)
  await store.nodes.shipped('done', closedMs)
  await store.nodes.stopped('ended', closedMs - 60_000)
  await store.nodes.shipped('killed', nowMs - 20 * 60_000)
  await expect(untilShipped(shared, config, ONCE)).rejects.toMatchObject({
    code: 'events-not-shipped',
    message: expect.stringMatching(/busy \(2026-04-01T00:04:59.999Z\), new \(never\)\.$/),
  })
  await store.nodes.shipped('busy', closedMs)
  await store.nodes.shipped('new', nowMs)
  await untilShipped(shared, config, ONCE)
  // A node that starts again has something to say again.
  await store.nodes.startEpoch('ended', nowMs)
  await expect(untilShipped(shared, config, ONCE)).rejects.toThrow(/ended/)
  await untilShipped({ ...shared, isShared: false }, config, ONCE)
})

test('a preview of usage that has no price says so', async () => {
  const price = { model: 'stairstep', tiers: [{ up_to: '200', flat: '75' }] }
  const scene = await invoiceScene({
    charges: [{ id: 'calls', meter: 'calls', price }],
    rollups: [{ bucketMs: APRIL_2026.startMs, requests: 201 }],
  })
  await expect(previewInvoice(scene, 'acme')).rejects.toMatchObject({
    code: 'unpriced-usage',
    message: expect.stringContaining('charge calls of plan pro: quantity comes to 201'),
  })
})

test.each([
  { review: false, which: 'an invoice' },
  { review: true, which: 'a draft' },
])('$which that is void is not sent, and no mail of it waits', async ({ review }) => {
  const scene = await invoiceScene()
  const [made] = (await scene.run(MARCH_2026, { review })).made
  const invoice = made?.number ?? made?.id ?? ''
  await voidInvoice(scene, { invoice, reason: 'Wrong', actor: 'cli:test' })
  const waiting = await scene.store.outbox.pending(10, [INVOICE_ISSUED])
  await expect(sendDraft(scene, { invoice, actor: 'cli:test' })).rejects.toMatchObject({
    code: 'wrong-state',
    message: `Invoice ${invoice} is void: there is nothing to send.`,
  })
  expect(await scene.store.outbox.pending(10, [INVOICE_ISSUED])).toEqual(waiting)
})
