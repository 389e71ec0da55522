import { describe, expect, test } from 'vitest'
import { previewInvoice } from '../../../src/billing/invoice/preview-invoice.ts'
import { voidInvoice } from '../../../src/billing/invoice/void-invoice.ts'
import type { Invoice } from '../../../src/model/invoice.ts'
import type { Period } from '../../../src/model/period.ts'
import { APRIL_2026, type InvoiceScene, invoiceScene, MARCH_2026 } from '../../support/invoice-scene.ts'

const DAY_MS = 86_400_000
const march = { bucketMs: MARCH_2026.startMs + DAY_MS }
const april = { bucketMs: APRIL_2026.startMs + DAY_MS }
const bolt = { tenantId: 'bolt', subscriptionId: 'sub_2', keyId: 'key_2' }

/** A dollar a call, and no fee. */
const charges = [{ id: 'calls', meter: 'calls', price: { model: 'per_unit', unit: '1' } }] as const

/** Acme and bolt with 100 calls in March, billed; on 10 April each has made 7 more. */
async function marchBilled(): Promise<InvoiceScene> {
  const scene = await invoiceScene({
    charges,
    tenants: [{}, { id: 'bolt' }],
    subscriptions: [{ id: 'sub_1' }, { id: 'sub_2', tenantId: 'bolt' }],
    rollups: [
      { ...march, requests: 100 },
      { ...march, ...bolt, requests: 100 },
    ],
  })
  await scene.run()
  await scene.use({ ...april, requests: 7 }, { ...april, ...bolt, requests: 7 })
  scene.clock.set(APRIL_2026.startMs + 9 * DAY_MS)
  return scene
}

/** `description quantity amount` of the lines. */
function said({ content }: Invoice): readonly string[] {
  return content.lines.map(({ description, quantity, amount }) => `${description} ${quantity} ${amount}`)
}

describe('the preview of an invoice', () => {
  test('has the adjustments that the invoice will have, of its tenant alone', async () => {
    const scene = await marchBilled()
    await scene.use({ ...march, requests: 30 })
    const preview = await previewInvoice(scene, 'acme')
    expect(said(preview)).toEqual(['Pro: calls 7 7.00', 'Pro: calls of an earlier period 30 30.00'])
    expect(preview.content.total).toBe('37.00')
    expect(said(await previewInvoice(scene, 'bolt'))).toEqual(['Pro: calls 7 7.00'])
    scene.clock.set(APRIL_2026.endMs + 600_000)
    const { made } = await scene.run(APRIL_2026)
    expect(made[0]?.content.lines).toEqual(preview.content.lines)
    expect(said(await previewInvoice(scene, 'acme'))).toEqual(['Pro: calls 0 0.00'])
  })

  test('has what came after a void invoice, and not what that one had: nobody made it again', async () => {
    const scene = await marchBilled()
    await voidInvoice(scene, { invoice: 'INV-2026-0001', reason: 'Wrong', actor: 'cli:test' })
    await scene.use({ ...march, requests: 30 })
    expect(said(await previewInvoice(scene, 'acme'))[1]).toBe('Pro: calls of an earlier period 30 30.00')
  })

  test('has none while an earlier invoice is still to be made: that one will have them', async () => {
    const scene = await marchBilled()
    await scene.use({ ...march, requests: 30 })
    scene.clock.set(APRIL_2026.endMs + 60_000)
    expect(said(await previewInvoice(scene, 'acme'))).toEqual(['Pro: calls 0 0.00'])
    await scene.run(APRIL_2026)
    await scene.use({ ...march, requests: 3 }, { ...april, requests: 2 })
    expect(said(await previewInvoice(scene, 'acme')).toSorted()).toEqual([
      'Pro: calls 0 0.00',
      'Pro: calls of an earlier period 2 2.00',
      'Pro: calls of an earlier period 3 3.00',
    ])
  })

  test('says why there can be no invoice, where what came late has no price', async () => {
    const scene = await marchBilled()
    await scene.use({ ...march, requests: 30 })
    Object.assign(scene.billing, { currency: 'JPY' })
    await expect(previewInvoice(scene, 'acme')).rejects.toMatchObject({
      ...{ code: 'unpriced-usage', message: expect.stringContaining('was billed in USD') },
    })
  })

  test('knows the periods of its tenant where each has its own, also those of an earlier subscription', async () => {
    const first: Period = { startMs: Date.UTC(2026, 0, 10), endMs: Date.UTC(2026, 1, 10) }
    const other: Period = { startMs: Date.UTC(2026, 0, 15), endMs: Date.UTC(2026, 1, 15) }
    const scene = await invoiceScene({
      charges,
      billing: { anchor: 'subscription' },
      tenants: [{}, { id: 'bolt' }],
      subscriptions: [
        { id: 'sub_1', startMs: first.startMs, endMs: Date.UTC(2026, 1, 5) },
        { id: 'sub_3', startMs: Date.UTC(2026, 1, 20) },
        { id: 'sub_2', tenantId: 'bolt', startMs: other.startMs },
      ],
      rollups: [{ bucketMs: first.startMs, requests: 10 }],
    })
    scene.clock.set(Date.UTC(2026, 1, 25))
    await scene.run(first)
    await scene.run(other)
    await scene.use(
      { bucketMs: first.startMs + DAY_MS, requests: 3 },
      { ...bolt, bucketMs: other.startMs, requests: 5 },
    )
    expect(said(await previewInvoice(scene, 'acme'))[1]).toBe('Pro: calls of an earlier period 3 3.00')
    expect(said(await previewInvoice(scene, 'bolt'))[1]).toBe('Pro: calls of an earlier period 5 5.00')
  })

  test('looks at the twelve periods before, so that a page which asks every few seconds costs little', async () => {
    const scene = await invoiceScene({ charges, billing: { period: 'day' } })
    const day = (index: number): Period => {
      const startMs = MARCH_2026.startMs + index * DAY_MS
      return { startMs, endMs: startMs + DAY_MS }
    }
    for (let index = 0; index < 13; index += 1) await scene.run(day(index))
    scene.clock.set(day(13).startMs + 600_000)
    await scene.use({ bucketMs: day(0).startMs, requests: 5 })
    expect(said(await previewInvoice(scene, 'acme'))).toHaveLength(1)
    await scene.use({ bucketMs: day(1).startMs, requests: 3 })
    expect(said(await previewInvoice(scene, 'acme'))[1]).toBe('Pro: calls of an earlier period 3 3.00')
  })
})
