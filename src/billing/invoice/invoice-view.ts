import { type CustomerView, viewCustomer } from '../../access/customer.ts'
import { isoTime, isoTimeOrNull } from '../../lib/iso-time.ts'
import type {
  Invoice,
  InvoiceEntry,
  InvoiceLine,
  InvoiceState,
  InvoiceTax,
  Issuer,
  PriceStep,
} from '../../model/invoice.ts'
import { formatMinor } from '../../model/money.ts'

/** An invoice as one row of a list; the names are stable. Amounts are decimals, times ISO 8601 in UTC. */
export interface InvoiceRowView {
  readonly id: string
  readonly number: string | null
  readonly state: InvoiceState
  readonly tenant_id: string
  readonly tenant_name: string
  readonly period_start: string
  readonly period_end: string
  /** Where its days begin. */
  readonly timezone: string
  readonly issued_at: string | null
  /** The moment after the last day on which it can be paid in time. */
  readonly due_at: string | null
  readonly currency: string
  readonly subtotal: string
  readonly tax: string
  readonly total: string
  readonly credited: string
  readonly paid: string
  readonly due: string
}

/** All of an invoice; the names are stable. */
export interface InvoiceView extends InvoiceRowView {
  readonly attempt: number
  readonly created_at: string
  readonly issuer: IssuerView | null
  /** What was known of the customer beside its name; null when nothing. */
  readonly customer: CustomerView | null
  readonly terms: { readonly days: number; readonly text: string | null }
  readonly lines: readonly InvoiceLineView[]
  readonly tax_mode: 'exclusive' | 'inclusive'
  readonly taxes: readonly InvoiceTax[]
  readonly carried: string
  readonly billable_rules: readonly { readonly meter: string; readonly rule: string }[]
  readonly evidence: { readonly seals: string; readonly events: number }
  /** What happened to it, oldest first. */
  readonly entries: readonly InvoiceEntryView[]
}

export interface IssuerView {
  readonly name: string
  readonly address: readonly string[]
  readonly tax_id: string | null
  readonly email: string | null
  readonly website: string | null
  readonly payment: readonly string[]
  readonly note: string | null
}

export interface InvoiceLineView {
  readonly line: number
  readonly kind: InvoiceLine['kind']
  readonly description: string
  readonly charge_id: string
  readonly meter: string | null
  readonly subscription_id: string
  readonly plan_id: string
  readonly plan_name: string
  readonly plan_version: number
  readonly period_start: string
  readonly period_end: string
  readonly quantity: string
  readonly events: number
  /** The price, as it was written. */
  readonly price: InvoiceLine['price']
  readonly tiers: readonly PriceStep[]
  readonly days: InvoiceLine['days']
  readonly exact: string
  readonly amount: string
  readonly evidence: string | null
}

export interface InvoiceEntryView {
  readonly at: string
  readonly kind: InvoiceEntry['kind']
  readonly amount: string
  readonly credit: string
  readonly actor: string
  readonly detail: Readonly<Record<string, string>>
}

/** Shows an invoice as one row. */
export function viewInvoiceRow(invoice: Invoice): InvoiceRowView {
  const { content, currency, period } = invoice
  return {
    id: invoice.id,
    number: invoice.number,
    state: invoice.state,
    tenant_id: invoice.tenantId,
    tenant_name: content.tenantName,
    period_start: isoTime(period.startMs),
    period_end: isoTime(period.endMs),
    timezone: content.timezone,
    issued_at: isoTimeOrNull(invoice.issuedAtMs),
    due_at: isoTimeOrNull(invoice.dueAtMs),
    currency,
    subtotal: content.subtotal,
    tax: content.tax,
    total: content.total,
    credited: formatMinor(invoice.creditedMinor, currency),
    paid: formatMinor(invoice.paidMinor, currency),
    due: formatMinor(dueOf(invoice), currency),
  }
}

/** Shows all of an invoice, and what happened to it. */
export function viewInvoice(invoice: Invoice, entries: readonly InvoiceEntry[]): InvoiceView {
  const { content } = invoice
  return {
    ...viewInvoiceRow(invoice),
    attempt: invoice.attempt,
    created_at: isoTime(invoice.createdAtMs),
    issuer: content.issuer === null ? null : viewIssuer(content.issuer),
    customer: viewCustomer(content.customer),
    terms: content.terms,
    lines: content.lines.map(viewLine),
    tax_mode: content.taxMode,
    taxes: content.taxes,
    carried: content.carried,
    billable_rules: content.rules,
    evidence: content.evidence,
    entries: entries.map(viewEntry),
  }
}

/** What is still to be paid, in the smallest unit; 0 of what nobody has to pay. */
export function dueOf({ state, totalMinor, creditedMinor, paidMinor }: Invoice): bigint {
  if (state === 'void' || state === 'uncollectible') return 0n
  const due = totalMinor - creditedMinor - paidMinor
  return due > 0n ? due : 0n
}

/** What would still be due if nobody had given up: a payment or a credit note of an uncollectible invoice goes there first. */
export function owedOf(invoice: Invoice): bigint {
  return dueOf(invoice.state === 'uncollectible' ? { ...invoice, state: 'open' } : invoice)
}

function viewIssuer({ taxId, ...issuer }: Issuer): IssuerView {
  return { ...issuer, tax_id: taxId }
}

function viewLine(line: InvoiceLine): InvoiceLineView {
  return {
    line: line.line,
    kind: line.kind,
    description: line.description,
    charge_id: line.chargeId,
    meter: line.meter,
    subscription_id: line.subscriptionId,
    plan_id: line.planId,
    plan_name: line.planName,
    plan_version: line.planVersion,
    period_start: isoTime(line.period.startMs),
    period_end: isoTime(line.period.endMs),
    quantity: line.quantity,
    events: line.events,
    price: line.price,
    tiers: line.steps,
    days: line.days,
    exact: line.exact,
    amount: line.amount,
    evidence: line.evidence,
  }
}

function viewEntry(entry: InvoiceEntry): InvoiceEntryView {
  return {
    at: isoTime(entry.atMs),
    kind: entry.kind,
    amount: formatMinor(entry.amountMinor, entry.currency),
    credit: formatMinor(entry.creditMinor, entry.currency),
    actor: entry.actor,
    detail: entry.detail,
  }
}
