import { PriceBook } from '../../metering/price-book.ts'
import { billingPeriodAt, heldPlan } from '../../model/billing-calendar.ts'
import type { Invoice } from '../../model/invoice.ts'
import type { Period } from '../../model/period.ts'
import { adjustLines } from './adjust-lines.ts'
import { latePeriods } from './late-periods.ts'
import { lateUsage } from './late-usage.ts'
import { makeInvoice } from './make-invoice.ts'
import { type DraftLine, makeLines } from './make-lines.ts'
import { periodBills } from './period-bills.ts'
import type { InvoicingParts } from './run-invoices.ts'
import { sealedPeriod } from './sealed-period.ts'

/**
 * What a tenant's next invoice would say if its period ended now, with what it will adjust of the last twelve periods.
 * Writes nothing.
 */
export async function previewInvoice(parts: InvoicingParts, tenantId: string): Promise<Invoice> {
  const { store, clock, billing, invoicing, billable } = parts
  const nowMs = clock.nowMs()
  const subscription = await store.subscriptions.activeAt(tenantId, nowMs)
  const period = billingPeriodAt(billing, nowMs, heldPlan(subscription).anchorMs)
  const prices = new PriceBook(store)
  const bills = await periodBills(store, { period, tenantId, billing, prices })
  const lines = await Promise.all(bills.map((bill) => makeLines(prices, bill, billing)))
  const adjustments = await adjustmentsOf(parts, { tenantId, period, prices })
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
      lines: [...lines.flat(), ...adjustments],
      evidence: await sealedPeriod(store.ledger, period),
    },
  )
}

interface PreviewedPeriod {
  readonly tenantId: string
  readonly period: Period
  readonly prices: PriceBook
}

async function adjustmentsOf(
  { store, billing }: InvoicingParts,
  { tenantId, period, prices }: PreviewedPeriod,
): Promise<readonly DraftLine[]> {
  const lines: DraftLine[] = []
  for (const earlier of await latePeriods(store, { tenantId, before: period, billing })) {
    const { bills, against } = await lateUsage(store, { period: earlier, tenantId, billing, prices })
    for (const proven of bills) lines.push(...(await adjustLines(prices, proven, against)))
  }
  return lines
}
