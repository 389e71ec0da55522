import type { CustomerView } from '../../access/customer.ts'
import type { Invoice, InvoiceEntry, InvoiceLine } from '../../model/invoice.ts'
import { parseMinor } from '../../model/money.ts'
import type { Customer } from '../../model/tenant.ts'
import type { InvoiceEntryView, InvoiceLineView, InvoiceView } from './invoice-view.ts'

/**
 * The invoice that `viewInvoice` showed, and what happened to it: what came through the control API reads as if it came
 * from the store.
 */
export function readInvoiceView(view: InvoiceView): {
  readonly invoice: Invoice
  readonly entries: readonly InvoiceEntry[]
} {
  const { currency } = view
  const invoice: Invoice = {
    id: view.id,
    number: view.number,
    state: view.state,
    tenantId: view.tenant_id,
    period: { startMs: Date.parse(view.period_start), endMs: Date.parse(view.period_end) },
    attempt: view.attempt,
    currency,
    createdAtMs: Date.parse(view.created_at),
    issuedAtMs: momentOf(view.issued_at),
    dueAtMs: momentOf(view.due_at),
    totalMinor: parseMinor(view.total, currency),
    creditedMinor: parseMinor(view.credited, currency),
    paidMinor: parseMinor(view.paid, currency),
    content: {
      tenantName: view.tenant_name,
      ...(view.customer !== null && { customer: customerOf(view.customer) }),
      timezone: view.timezone,
      issuer: issuerOf(view),
      terms: view.terms,
      lines: view.lines.map(readLine),
      subtotal: view.subtotal,
      taxMode: view.tax_mode,
      taxes: view.taxes,
      tax: view.tax,
      total: view.total,
      carried: view.carried,
      rules: view.billable_rules,
      evidence: view.evidence,
    },
  }
  return { invoice, entries: view.entries.map((entry, index) => readEntry(invoice, entry, index)) }
}

function customerOf({ address, tax_id: taxId, tax_exempt: taxExempt }: CustomerView): Customer {
  return { address, taxId, taxExempt }
}

function issuerOf({ issuer }: InvoiceView): Invoice['content']['issuer'] {
  if (issuer === null) return null
  const { tax_id: taxId, ...rest } = issuer
  return { ...rest, taxId }
}

function readLine(view: InvoiceLineView): InvoiceLine {
  return {
    line: view.line,
    kind: view.kind,
    description: view.description,
    chargeId: view.charge_id,
    meter: view.meter,
    subscriptionId: view.subscription_id,
    planId: view.plan_id,
    planName: view.plan_name,
    planVersion: view.plan_version,
    period: { startMs: Date.parse(view.period_start), endMs: Date.parse(view.period_end) },
    quantity: view.quantity,
    events: view.events,
    price: view.price,
    steps: view.tiers,
    days: view.days,
    exact: view.exact,
    amount: view.amount,
    evidence: view.evidence,
  }
}

/** The key of an entry is shown nowhere; its place stands for it. */
function readEntry({ id, tenantId, currency }: Invoice, view: InvoiceEntryView, index: number): InvoiceEntry {
  return {
    ...{ invoiceId: id, tenantId, currency, atMs: Date.parse(view.at), kind: view.kind },
    ...{ key: String(index), actor: view.actor, detail: view.detail },
    amountMinor: parseMinor(view.amount, currency),
    creditMinor: parseMinor(view.credit, currency),
  }
}

function momentOf(time: string | null): number | null {
  return time === null ? null : Date.parse(time)
}
