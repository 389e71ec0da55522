import { expect, test } from 'vitest'
import { overrideTenant } from '../../src/access/override-tenant.ts'
import { suspendTenant } from '../../src/access/suspend-tenant.ts'
import { dun } from '../../src/billing/dunning.ts'
import { payInvoice } from '../../src/billing/invoice/pay-invoice.ts'
import { holdSpendCaps } from '../../src/billing/spend-caps.ts'
import { tenantRefusal } from '../../src/gateway/tenant-refusal.ts'
import { type InvoiceScene, invoiceScene, MARCH_2026 } from '../support/invoice-scene.ts'

const actor = 'cli:test'
const override = (scene: InvoiceScene, more: object) =>
  overrideTenant(scene, { tenant: 'acme', knownFeatures: [], actor, ...more })
const look = async (scene: InvoiceScene) =>
  (await holdSpendCaps(scene)).map(({ isCapped, spent }) => [isCapped, spent])
const stateOf = async (scene: InvoiceScene) => (await scene.store.tenants.find('acme'))?.state

/** Acme in the middle of March: 49.00, and a cent for each call above 100. */
async function inMarch(requests: number): Promise<InvoiceScene> {
  const scene = await invoiceScene({ rollups: [{ bucketMs: MARCH_2026.startMs, requests }] })
  scene.clock.set(MARCH_2026.startMs + 10 * 86_400_000)
  return scene
}

test('who reaches its cap is stopped with 402, told of once, and goes on in the next period', async () => {
  const scene = await inMarch(199)
  expect((await override(scene, { spendCap: '50.00' })).spend_cap).toBe('50.00')
  expect(await look(scene)).toEqual([])
  expect(await scene.store.tenants.hasSpendCaps()).toBe(true)
  await scene.use({ bucketMs: MARCH_2026.startMs + 86_400_000, requests: 1 })
  expect(await look(scene)).toEqual([[true, '50.00']])
  expect(await stateOf(scene)).toBe('capped')
  expect(tenantRefusal('capped')).toMatchObject({ code: 'spend-cap-reached', status: 402 })
  expect(await look(scene)).toEqual([])
  expect(await scene.store.outbox.pending(9, ['spend-cap.reached'])).toMatchObject([
    { body: { tenant_id: 'acme', cap: '50.00', spent: '50.00' } },
  ])
  scene.clock.set(MARCH_2026.endMs)
  expect(await look(scene)).toEqual([[false, '49.00']])
  expect(await stateOf(scene)).toBe('active')
})

test('a cap that is raised or taken back lets the tenant call again', async () => {
  const scene = await inMarch(300)
  await override(scene, { spendCap: '50' })
  expect(await look(scene)).toEqual([[true, '51.00']])
  await override(scene, { spendCap: '60' })
  expect(await look(scene)).toEqual([[false, '51.00']])
  await override(scene, { spendCap: '51' })
  expect(await look(scene)).toEqual([[true, '51.00']])
  expect(await override(scene, { unset: ['spend-cap'] })).not.toHaveProperty('spend_cap')
  expect(await scene.store.tenants.hasSpendCaps(), 'until it is let on').toBe(true)
  expect(await look(scene)).toEqual([[false, '51.00']])
  expect(await scene.store.tenants.hasSpendCaps()).toBe(false)
})

test('what the operator did goes before a cap', async () => {
  const scene = await inMarch(300)
  await override(scene, { spendCap: '50' })
  await suspendTenant(scene, { tenant: 'acme', actor })
  expect(await look(scene)).toEqual([])
  expect(await stateOf(scene)).toBe('suspended')
})

test('an invoice that is not paid goes before a cap: a higher cap does not let the tenant on, the payment does', async () => {
  const scene = await invoiceScene({ rollups: [{ bucketMs: MARCH_2026.startMs, requests: 100 }] })
  await scene.run()
  await override(scene, { spendCap: '40' })
  expect(await look(scene)).toEqual([[true, '49.00']])
  scene.clock.advance(16 * 86_400_000)
  await dun({ ...scene, steps: [{ afterDays: 1, action: 'suspend' }] })
  expect(await stateOf(scene)).toBe('unpaid')
  await override(scene, { spendCap: '1000' })
  expect(await look(scene)).toEqual([])
  expect(await stateOf(scene)).toBe('unpaid')
  await payInvoice(scene, { invoice: 'INV-2026-0001', actor })
  expect(await stateOf(scene)).toBe('active')
})

test.each(['', '-1', '1e3', 'NaN', '1.23456', '$5'])(
  'a cap of %s is refused, with an example',
  async (text) => {
    const scene = await invoiceScene()
    await expect(override(scene, { spendCap: text })).rejects.toMatchObject({
      message: expect.stringContaining('as 250.00'),
    })
  },
)
