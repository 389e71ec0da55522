import type { Generated } from 'kysely'
import type { EntryKind, InvoiceState } from '../../model/invoice.ts'

/** The tables of invoices, and of leases. */
export interface InvoiceTables {
  readonly invoices: InvoiceRow
  readonly invoice_entries: InvoiceEntryRow
  readonly number_series: NumberSeriesRow
  readonly billing_periods: BillingPeriodTableRow
  readonly leases: LeaseRow
}

/** An invoice. Sums are whole numbers of the smallest unit of the currency, kept as exact decimals. */
export interface InvoiceRow {
  readonly id: string
  readonly number: string | null
  readonly state: InvoiceState
  readonly tenant_id: string
  readonly period_start_ms: number
  readonly period_end_ms: number
  readonly attempt: number
  readonly currency: string
  readonly created_at_ms: number
  readonly issued_at_ms: number | null
  readonly due_at_ms: number | null
  readonly total: string
  readonly credited: string
  readonly paid: string
  /** JSON. */
  readonly content: string
}

export interface InvoiceEntryRow {
  readonly sequence: Generated<number>
  readonly invoice_id: string
  readonly tenant_id: string
  readonly currency: string
  readonly at_ms: number
  readonly kind: EntryKind
  readonly entry_key: string
  readonly amount: string
  readonly credit: string
  readonly actor: string
  /** JSON. */
  readonly detail: string
}

export interface NumberSeriesRow {
  readonly series: string
  readonly last_number: number
}

export interface BillingPeriodTableRow {
  readonly start_ms: number
  readonly end_ms: number
  readonly closed_at_ms: number
  readonly seals: string
}

export interface LeaseRow {
  readonly name: string
  readonly holder: string
  readonly until_ms: number
}
