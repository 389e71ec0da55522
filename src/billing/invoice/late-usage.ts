import type { PriceBook } from '../../metering/price-book.ts'
import type { BillingTerms } from '../../metering/usage-amounts.ts'
import type { Invoice } from '../../model/invoice.ts'
import { FAR_MS, type Period } from '../../model/period.ts'
import type { InvoiceStore } from '../../storage/ports/invoices.ts'
import { type AdjustRequest, billedOf, changedTenants } from './adjust-lines.ts'
import { type BillStores, type ProvenBill, periodBills } from './period-bills.ts'

/** What was used in an earlier period as it is now, and what `adjustLines` holds against it: what invoices have of it. */
export async function lateUsage(
  stores: BillStores & { readonly invoices: InvoiceStore },
  { period, tenantId, billing, prices, replaced = [] }: LateUsageRequest,
): Promise<LateUsage> {
  // Where periods are billed out of order, one that begins later may have adjusted this one already.
  const within = { startMs: period.startMs, endMs: FAR_MS }
  const billed = billedOf(await stores.invoices.list({ tenantId, within }), period, replaced)
  const bills = await periodBills(stores, { period, tenantId, billing, prices })
  return { bills, against: { billed, changed: changedTenants(bills, billed), place: billing } }
}

export interface LateUsageRequest {
  readonly period: Period
  /** All of them where none is named. */
  readonly tenantId: string | undefined
  readonly billing: BillingTerms
  readonly prices: PriceBook
  /** Invoices that another one takes the place of. */
  readonly replaced?: readonly Invoice[]
}

export interface LateUsage {
  readonly bills: readonly ProvenBill[]
  readonly against: AdjustRequest
}
