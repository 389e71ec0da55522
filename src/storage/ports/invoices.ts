import type { BillingPeriodRow, Invoice, InvoiceEntry, InvoiceState } from '../../model/invoice.ts'
import type { Period } from '../../model/period.ts'

/** Invoices, what happened to them, and which periods are closed. Nothing is ever deleted. */
export interface InvoiceStore {
  /** All or none. Refused by the store when there is one with the same tenant, period and attempt. */
  insert(invoices: readonly Invoice[]): Promise<void>
  /** By id or by number. */
  find(idOrNumber: string): Promise<Invoice | undefined>
  /** By period, then tenant, then attempt. */
  list(filter: InvoiceFilter): Promise<readonly Invoice[]>
  /** The ids that are there, of these. */
  known(ids: readonly string[]): Promise<ReadonlySet<string>>
  /** Writes number, state, dates and sums; the content stays. */
  update(invoice: Invoice): Promise<void>
  /** Takes `count` numbers of a series that is counted from 1 on; returns the first. Inside a transaction: no gaps. */
  takeNumbers(series: string, count: number): Promise<number>
  /** False, and nothing written, when the invoice has an entry of this key. */
  insertEntry(entry: InvoiceEntry): Promise<boolean>
  /** In the order they were written. */
  entries(invoiceId: string): Promise<readonly InvoiceEntry[]>
  /** Those of many invoices, in the same order. */
  entriesOf(invoiceIds: readonly string[]): Promise<readonly InvoiceEntry[]>
  /** What a tenant has to its credit, in the smallest unit. */
  creditOf(tenantId: string, currency: string): Promise<bigint>
  /** Tenants with a credit that is not 0. */
  credits(currency: string): Promise<ReadonlyMap<string, bigint>>
  /** Oldest first. */
  closedPeriods(): Promise<readonly BillingPeriodRow[]>
  /** Closes a period, or writes down that its usage was looked at again. */
  closePeriod(row: BillingPeriodRow): Promise<void>
}

export interface InvoiceFilter {
  readonly tenantId?: string | undefined
  readonly states?: readonly InvoiceState[] | undefined
  /** Begins in this span. */
  readonly within?: Period | undefined
  /** Was due before. */
  readonly dueBeforeMs?: number | undefined
}
