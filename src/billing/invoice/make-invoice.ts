import { hash } from 'node:crypto'
import type { InvoiceConfig } from '../../config/invoice-config.ts'
import type { BillableRule, Invoice, InvoiceEvidence, InvoiceLine } from '../../model/invoice.ts'
import { formatMinor } from '../../model/money.ts'
import type { Period } from '../../model/period.ts'
import type { Customer } from '../../model/tenant.ts'
import type { DraftLine } from './make-lines.ts'
import { taxLines } from './tax-lines.ts'

/**
 * Makes the draft of an invoice from its lines: sums, taxes, and everything it quotes.
 *
 * Pure: the same lines and rules give the same invoice, with the same id, whoever makes it. Lines that come to less than
 * nothing make a total of 0, and the rest is carried to the credit of the tenant when the invoice is issued.
 */
export function makeInvoice(rules: InvoiceRules, request: InvoiceRequest): Invoice {
  const { tenantId, tenantName, customer, period, attempt, lines, nowMs } = request
  const { currency, timezone, invoicing } = rules
  const subtotal = lines.reduce((sum, { minor }) => sum + minor, 0n)
  const mode = invoicing.tax?.mode ?? 'exclusive'
  const rates = customer === undefined || customer.taxExempt === null ? invoicing.tax : null
  const { taxes, taxMinor } = taxLines(lines, rates, currency)
  const sum = mode === 'exclusive' ? subtotal + taxMinor : subtotal
  const total = sum > 0n ? sum : 0n
  const money = (minor: bigint): string => formatMinor(minor, currency)
  return {
    id: invoiceId(tenantId, period, attempt),
    number: null,
    state: 'draft',
    ...{ tenantId, period, attempt, currency },
    createdAtMs: nowMs,
    issuedAtMs: null,
    dueAtMs: null,
    totalMinor: total,
    creditedMinor: 0n,
    paidMinor: 0n,
    content: {
      tenantName,
      ...(customer !== undefined && { customer }),
      timezone,
      issuer: invoicing.issuer,
      terms: invoicing.terms,
      lines: lines.map(toLine),
      subtotal: money(subtotal),
      taxMode: mode,
      taxes,
      tax: money(taxMinor),
      total: money(total),
      carried: money(total - sum),
      rules: rulesOn(lines, rules.billable),
      evidence: request.evidence,
    },
  }
}

/** The id of a tenant's invoice for a period. */
export function invoiceId(tenantId: string, { startMs, endMs }: Period, attempt: number): string {
  return `inv_${hash('sha256', `${tenantId}\n${startMs}\n${endMs}\n${attempt}`).slice(0, 20)}`
}

/** What holds for all invoices of an installation. */
export interface InvoiceRules {
  readonly currency: string
  readonly timezone: string
  readonly invoicing: Pick<InvoiceConfig, 'issuer' | 'tax' | 'terms'>
  /** Says what counts for a meter. */
  readonly billable: (meter: string) => string
}

export interface InvoiceRequest {
  readonly tenantId: string
  readonly tenantName: string
  readonly customer: Customer | undefined
  readonly period: Period
  readonly attempt: number
  readonly lines: readonly DraftLine[]
  readonly evidence: InvoiceEvidence
  readonly nowMs: number
}

function toLine(draft: DraftLine, index: number): InvoiceLine {
  const { minor: _, ...line } = draft
  return { line: index + 1, ...line }
}

function rulesOn(lines: readonly DraftLine[], billable: (meter: string) => string): readonly BillableRule[] {
  const meters = new Set(lines.flatMap(({ meter }) => meter ?? []))
  return [...meters].map((meter) => ({ meter, rule: billable(meter) }))
}
