import { PriceBook } from '../../metering/price-book.ts'
import { billingPeriodAt, heldPlan } from '../../model/billing-calendar.ts'
import type { Invoice } from '../../model/invoice.ts'
import type { Period } from '../../model/period.ts'
import { adjustLines, billedOf, changedTenants } from './adjust-lines.ts'
import { latePeriods } from './late-periods.ts'
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

/** After any period. */
const FAR_MS = Date.UTC(9999, 0, 1)

async function adjustmentsOf(
  { store, billing }: InvoicingParts,
  { tenantId, period, prices }: PreviewedPeriod,
): Promise<readonly DraftLine[]> {
  const lines: DraftLine[] = []
  for (const earlier of await latePeriods(store, { tenantId, before: period, billing })) {
    const within = { startMs: earlier.startMs, endMs: FAR_MS }
    const billed = billedOf(await store.invoices.list({ tenantId, within }), earlier)
    const bills = await periodBills(store, { period: earlier, tenantId, billing, prices })
    const request = { billed, changed: changedTenants(bills, billed), place: billing }
    for (const proven of bills) lines.push(...(await adjustLines(prices, proven, request)))
  }
  return lines
}
