import { describe, expect, test } from 'vitest'
import { voidInvoice } from '../../../src/billing/invoice/void-invoice.ts'
import { checkInvoices } from '../../../src/reconcile/check-invoices.ts'
import { adjustmentLines } from '../../support/adjustment-lines.ts'
import { APRIL_2026, type InvoiceScene, invoiceScene, MARCH_2026 } from '../../support/invoice-scene.ts'

const DAY_MS = 86_400_000
const HALF_MS = MARCH_2026.startMs + 15 * DAY_MS
const first = { bucketMs: MARCH_2026.startMs + DAY_MS }
const second = { bucketMs: HALF_MS + DAY_MS, subscriptionId: 'sub_2' }
const ofBolt = { tenantId: 'bolt', keyId: 'key_2' }
const inParts = { planSinceMs: Date.UTC(2026, 0, 1) }

/** Acme and bolt with 60 calls before 16 March and 80 after it, when prices changed; billed: 100 of them are included. */
async function billedInParts(): Promise<InvoiceScene> {
  const scene = await invoiceScene({
    charges: [{ id: 'calls', meter: 'calls', price: { model: 'per_unit', unit: '1', included: '100' } }],
    tenants: [{}, { id: 'bolt' }],
    subscriptions: [
      { id: 'sub_1', endMs: HALF_MS },
      { id: 'sub_2', startMs: HALF_MS, ...inParts },
      { id: 'sub_3', tenantId: 'bolt', endMs: HALF_MS },
      { id: 'sub_4', tenantId: 'bolt', startMs: HALF_MS, ...inParts },
    ],
    rollups: [
      { ...first, requests: 60 },
      { ...second, requests: 80 },
      { ...first, ...ofBolt, subscriptionId: 'sub_3', requests: 60 },
      { ...second, ...ofBolt, subscriptionId: 'sub_4', requests: 80 },
    ],
  })
  const { made } = await scene.run()
  expect(made.map(({ content }) => content.lines.map(({ amount }) => amount))).toEqual([
    ['0.00', '40.00'],
    ['0.00', '40.00'],
  ])
  return scene
}

/** `subscription quantity amount` of what April adjusts, by tenant; reconcile agrees with all of it. */
async function adjusted(scene: InvoiceScene): Promise<readonly string[]> {
  const lines = await adjustmentLines(scene, APRIL_2026)
  return lines.map(({ subscriptionId, quantity, amount }) => `${subscriptionId} ${quantity} ${amount}`)
}

describe('usage that comes late to one part of a period', () => {
  test('is priced with what it takes of the allowance that a later part shares', async () => {
    const scene = await billedInParts()
    await scene.use({ ...first, requests: 30 })
    expect(await adjusted(scene)).toEqual(['sub_1 30 0.00', 'sub_2 0 30.00'])
  })

  test('gives back to a later part what was taken back of an earlier one', async () => {
    const scene = await billedInParts()
    await scene.use({ ...first, requests: -30 })
    expect(await adjusted(scene)).toEqual(['sub_1 -30 0.00', 'sub_2 0 -30.00'])
  })

  test('changes nothing of an earlier part, and nothing of who used nothing more', async () => {
    const scene = await billedInParts()
    await scene.use({ ...second, requests: 5 })
    expect(await adjusted(scene)).toEqual(['sub_2 5 5.00'])
  })

  test('is billed once where the invoice of the period is made again afterwards', async () => {
    const scene = await billedInParts()
    await scene.use({ ...first, requests: 30 })
    await adjusted(scene)
    await voidInvoice(scene, { invoice: 'INV-2026-0001', reason: 'Wrong', actor: 'cli:test' })
    const { made } = await scene.run(MARCH_2026, { tenantId: 'acme' })
    expect(made[0]?.content.lines.map(({ amount }) => amount)).toEqual(['0.00', '0.00', '70.00', '-30.00'])
    const found = await checkInvoices(scene.store, { span: MARCH_2026, billing: scene.billing })
    expect(found).toMatchObject({ waiting: 0, differences: [] })
  })
})
