import { PriceBook } from '../../metering/price-book.ts'
import { billingPeriodAt, heldPlan } from '../../model/billing-calendar.ts'
import type { Invoice } from '../../model/invoice.ts'
import { makeInvoice } from './make-invoice.ts'
import { makeLines } from './make-lines.ts'
import { periodBills } from './period-bills.ts'
import type { InvoicingParts } from './run-invoices.ts'
import { sealedPeriod } from './sealed-period.ts'

/** What a tenant's next invoice would say if its period ended now. Writes nothing. */
export async function previewInvoice(parts: InvoicingParts, tenantId: string): Promise<Invoice> {
  const { store, clock, billing, invoicing, billable } = parts
  const nowMs = clock.nowMs()
  const subscription = await store.subscriptions.activeAt(tenantId, nowMs)
  const period = billingPeriodAt(billing, nowMs, heldPlan(subscription).anchorMs)
  const prices = new PriceBook(store)
  const bills = await periodBills(store, { period, tenantId, billing, prices })
  const lines = await Promise.all(bills.map((bill) => makeLines(prices, bill, billing)))
  const tenant = await store.tenants.find(tenantId)
  const { currency, timezone } = billing
  return makeInvoice(
    { currency, timezone, invoicing, billable },
    {
      ...{
        tenantId,
        tenantName: tenant?.name ?? tenantId,
        customer: tenant?.customer,
        period,
        attempt: 1,
        nowMs,
      },
      lines: lines.flat(),
      evidence: await sealedPeriod(store.ledger, period),
    },
  )
}
