import type { Period } from './period.ts'
import type { Charge } from './plan.ts'
import type { Customer } from './tenant.ts'

/**
 * A bill of one tenant for one period.
 *
 * What stands in `content` never changes once it is there. State and payments do; every such change is an
 * entry of the invoice as well.
 */
export interface Invoice {
  /** The same for the same tenant, period and attempt, whoever makes it. */
  readonly id: string
  /** As `INV-2026-0042`; null before it is issued. */
  readonly number: string | null
  readonly state: InvoiceState
  readonly tenantId: string
  readonly period: Period
  /** 1, or more after invoices of the same tenant and period were voided. */
  readonly attempt: number
  readonly currency: string
  readonly createdAtMs: number
  readonly issuedAtMs: number | null
  readonly dueAtMs: number | null
  /** Amounts are in the smallest unit of the currency. What the lines come to, with tax: 0 or more. */
  readonly totalMinor: bigint
  /** Taken off the total by credit notes, and by credit the tenant had. */
  readonly creditedMinor: bigint
  readonly paidMinor: bigint
  readonly content: InvoiceContent
}

export const INVOICE_STATES = ['draft', 'open', 'overdue', 'paid', 'uncollectible', 'void'] as const

export type InvoiceState = (typeof INVOICE_STATES)[number]

/** What an invoice says. Amounts are decimals with all digits of the currency. */
export interface InvoiceContent {
  readonly tenantName: string
  /** What else was known of the customer; not there when nothing was. */
  readonly customer?: Customer
  /** Where days and periods begin. */
  readonly timezone: string
  readonly issuer: Issuer | null
  /** Days after its date by which it is to be paid, and what else is said of payment. */
  readonly terms: { readonly days: number; readonly text: string | null }
  readonly lines: readonly InvoiceLine[]
  /** What the lines add up to. */
  readonly subtotal: string
  readonly taxMode: TaxMode
  readonly taxes: readonly InvoiceTax[]
  /** Of all rates. */
  readonly tax: string
  readonly total: string
  /** A sum below nothing, which went to the credit of the tenant: the total is 0 then. */
  readonly carried: string
  /** What is counted, one sentence for each meter on the lines. */
  readonly rules: readonly BillableRule[]
  readonly evidence: InvoiceEvidence
}

export type TaxMode = 'exclusive' | 'inclusive'

/** Who asks for money. */
export interface Issuer {
  readonly name: string
  readonly address: readonly string[]
  readonly taxId: string | null
  readonly email: string | null
  readonly website: string | null
  /** How and where to pay, in lines. */
  readonly payment: readonly string[]
  /** A last line of its own. */
  readonly note: string | null
}

export type LineKind = 'fee' | 'usage' | 'adjustment'

/** One line: what it is about, how it was priced, and what proves it. */
export interface InvoiceLine {
  /** From 1. */
  readonly line: number
  readonly kind: LineKind
  readonly description: string
  readonly chargeId: string
  readonly meter: string | null
  readonly subscriptionId: string
  readonly planId: string
  readonly planName: string
  readonly planVersion: number
  /** When the usage was, or what the fee is for. */
  readonly period: Period
  /** Of the meter; an adjustment has the difference, which may be negative. 0 of a fee. */
  readonly quantity: string
  /** Billable requests and events it was counted over. */
  readonly events: number
  /** The price, as it was written. */
  readonly price: Charge['price']
  readonly steps: readonly PriceStep[]
  /** Days the fee is for, of those of the whole period; null when it is for all of it. */
  readonly days: { readonly left: number; readonly whole: number; readonly method: string } | null
  /** Before rounding. */
  readonly exact: string
  readonly amount: string
  /** Proof of the usage; null of a fee. */
  readonly evidence: string | null
}

/** A row of how a line was priced: exact decimals, rates in percent. */
export interface PriceStep {
  readonly part: string
  readonly tier?: number
  readonly over?: string
  readonly up_to?: string | null
  readonly quantity?: string
  readonly unit?: string
  readonly rate?: string
  readonly flat?: string
  readonly amount: string
}

export interface InvoiceTax {
  readonly id: string
  readonly name: string
  /** In percent, as `20`. */
  readonly rate: string
  /** Ids of the charges it is on; not there = all. */
  readonly charges?: readonly string[]
  /** What it is reckoned on. */
  readonly net: string
  readonly amount: string
}

/** What counts for a meter, as it was when the invoice was made. */
export interface BillableRule {
  readonly meter: string
  readonly rule: string
}

/** The state of the ledger that an invoice was made of. */
export interface InvoiceEvidence {
  /** What the seals of the period came to. */
  readonly seals: string
  /** Events under those seals, of all tenants. */
  readonly events: number
}

/** Something that happened to an invoice, or to the credit of its tenant; never changed. */
export interface InvoiceEntry {
  readonly invoiceId: string
  readonly tenantId: string
  readonly currency: string
  readonly atMs: number
  readonly kind: EntryKind
  /** Unique for the invoice: the same thing is never written twice. */
  readonly key: string
  /** As far as it is about money. */
  readonly amountMinor: bigint
  /** What it adds to the credit of the tenant. */
  readonly creditMinor: bigint
  readonly actor: string
  readonly detail: Readonly<Record<string, string>>
}

export type EntryKind =
  | 'issued'
  | 'credit-used'
  | 'carried'
  | 'sent'
  | 'not-sent'
  | 'payment'
  | 'credit-note'
  | 'overdue'
  | 'reminded'
  | 'suspended'
  | 'resumed'
  | 'uncollectible'
  | 'paid'
  | 'void'

/** How far the billing of a period is. */
export interface BillingPeriodRow extends Period {
  readonly closedAtMs: number
  /** What the seals of the period came to when its usage was last looked at. */
  readonly seals: string
}
