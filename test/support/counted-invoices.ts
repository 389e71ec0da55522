import { billableRule } from '../../src/billing/invoice/billable-rule.ts'
import { creditInvoice } from '../../src/billing/invoice/credit-invoice.ts'
import { payInvoice } from '../../src/billing/invoice/pay-invoice.ts'
import { runInvoices } from '../../src/billing/invoice/run-invoices.ts'
import { ManualClock } from '../../src/lib/clock.ts'
import { openControlStore } from '../../src/storage/open.ts'
import { CALLS, FEE } from './billing-scene.ts'
import { plan, storesIn, subscription, tenant } from './control-store.ts'
import { MARCH_2026, PLAIN_INVOICING } from './invoice-scene.ts'

/** The terms of the stores of `fillStores`. */
export const COUNTED_BILLING = {
  currency: 'USD',
  timezone: 'UTC',
  period: 'month',
  anchor: 'calendar',
  proration: { fee: 'days', quota: 'carry' },
} as const

/** Puts the tenants of `fillStores` on a plan and makes their invoices of March; some are paid, in part, or credited. */
export async function invoiceCounted(folder: string, tenants = 5): Promise<void> {
  const clock = new ManualClock(MARCH_2026.endMs + 600_000)
  await using store = await openControlStore(storesIn(folder), clock)
  const charges = [FEE, CALLS, { id: 'tokens', meter: 'tokens', price: { model: 'per_unit', unit: '0.002' } }]
  await store.plans.insertVersion(plan({ id: 'pro', name: 'Pro', charges }), 'pro', 0, 0)
  for (let number = 0; number < tenants; number += 1) {
    const id = `tenant-${number}`
    await store.tenants.insert(tenant({ id, name: id }))
    const since = { tenantId: id, planId: 'pro', startMs: Date.UTC(2026, 0, 1) }
    await store.subscriptions.insert(subscription({ id: `sub_${number}`, ...since }))
  }
  const parts = { store, clock, billing: COUNTED_BILLING, invoicing: PLAIN_INVOICING }
  const actor = 'cli:test'
  const request = { period: MARCH_2026, review: false, actor }
  await runInvoices({ ...parts, billable: billableRule([]) }, request)
  await payInvoice({ store, clock }, { invoice: 'INV-2026-0001', actor })
  await payInvoice({ store, clock }, { invoice: 'INV-2026-0002', amount: '5', reference: 'bank 7', actor })
  await creditInvoice({ store, clock }, { invoice: 'INV-2026-0003', amount: '2.50', reason: 'sorry', actor })
}
