import { type Access, record } from '../../access/access.ts'
import { checkedText } from '../../access/text.ts'
import { GatezError } from '../../errors/gatez-error.ts'
import { assert } from '../../lib/assert.ts'
import type { Invoice, InvoiceEntry } from '../../model/invoice.ts'
import { formatMinor } from '../../model/money.ts'
import type { ControlTables } from '../../storage/ports/control-store.ts'
import { findInvoice } from './find-invoice.ts'
import { owedOf } from './invoice-view.ts'
import { writtenAmount } from './written-amount.ts'

/**
 * Writes down a payment: a part of what is due, all of it, or more.
 *
 * What is more than due goes to the credit of the tenant, and the next invoice uses it. A payment with the reference of
 * one that was written down before changes nothing, so a bank statement can be read twice. What was paid in full takes a
 * suspension for non-payment back.
 */
export async function payInvoice({ store, clock }: Access, request: PayRequest): Promise<PaidInvoice> {
  const nowMs = clock.nowMs()
  const reference =
    request.reference === undefined ? undefined : checkedText('reference', request.reference, 200)
  return store.transaction(async (tables) => {
    const before = await findInvoice(tables, request.invoice)
    if (before.state === 'draft') refuse(before, 'is a draft: send it first')
    const entries = await tables.invoices.entries(before.id)
    const payments = entries.filter(({ kind }) => kind === 'payment')
    const known = payments.find(({ detail }) => reference !== undefined && detail.reference === reference)
    if (known !== undefined) return { invoice: repeated(before, known, request), isNew: false }

    const due = owedOf(before)
    const amountMinor =
      request.amount === undefined ? due : writtenAmount('amount', request.amount, before.currency)
    if (amountMinor === 0n) refuse(before, 'has nothing left to pay; name an amount to give credit')
    const applied = amountMinor < due ? amountMinor : due
    const paidMinor = before.paidMinor + applied
    const isPaid = applied === due && before.state !== 'void'
    const invoice: Invoice = { ...before, paidMinor, state: isPaid ? 'paid' : before.state }
    await tables.invoices.update(invoice)
    // A reference may be a number as well: each has keys of its own, and neither those of `payment:` that were given before.
    const key =
      reference === undefined ? `payment-number:${payments.length + 1}` : `payment-reference:${reference}`
    await insertNew(tables, {
      ...entryOf(before, nowMs, request.actor),
      kind: 'payment',
      key,
      amountMinor,
      creditMinor: amountMinor - applied,
      detail: { ...(reference !== undefined && { reference }) },
    })
    if (isPaid) await liftSuspension(tables, invoice, { nowMs, actor: request.actor })
    return { invoice, isNew: true }
  })
}

export interface PayRequest {
  /** Number or id. */
  readonly invoice: string
  /** All that is due if not given. */
  readonly amount?: string | undefined
  /** What the bank calls it. */
  readonly reference?: string | undefined
  readonly actor: string
}

export interface PaidInvoice {
  readonly invoice: Invoice
  /** False when a payment with this reference was there before. */
  readonly isNew: boolean
}

/** What all entries of an invoice have. */
export function entryOf(
  { id: invoiceId, tenantId, currency }: Invoice,
  atMs: number,
  actor: string,
): Pick<InvoiceEntry, 'invoiceId' | 'tenantId' | 'currency' | 'atMs' | 'actor'> {
  return { invoiceId, tenantId, currency, atMs, actor }
}

/**
 * Writes an entry that cannot be there yet. Asserts that it was not: sums of the invoice that no entry explains must not
 * outlive the transaction.
 */
export async function insertNew(tables: ControlTables, entry: InvoiceEntry): Promise<void> {
  assert(await tables.invoices.insertEntry(entry), `no entry has the key ${entry.key} yet`)
}

/** Lets a tenant call again that was suspended for this invoice, when no other one keeps it suspended. */
export async function liftSuspension(
  tables: ControlTables,
  invoice: Invoice,
  { nowMs, actor }: { readonly nowMs: number; readonly actor: string },
): Promise<void> {
  if (!(await suspends(tables, invoice))) return
  const others = await tables.invoices.list({
    tenantId: invoice.tenantId,
    states: ['overdue', 'uncollectible'],
  })
  for (const other of others) if (other.id !== invoice.id && (await suspends(tables, other))) return
  const tenant = await tables.tenants.find(invoice.tenantId)
  await tables.invoices.insertEntry({
    ...entryOf(invoice, nowMs, actor),
    ...{ kind: 'resumed', key: 'resumed', amountMinor: 0n, creditMinor: 0n, detail: {} },
  })
  if (tenant?.state !== 'unpaid') return
  await tables.tenants.setState(tenant.id, 'active')
  const subject = `tenant:${tenant.id}`
  const detail = { invoice: invoice.number }
  await record(tables, { atMs: nowMs, actor, action: 'tenant.resumed', subject, detail })
}

async function suspends(tables: ControlTables, { id }: Invoice): Promise<boolean> {
  const kinds = (await tables.invoices.entries(id)).map(({ kind }) => kind)
  return kinds.includes('suspended') && !kinds.includes('resumed')
}

function repeated(invoice: Invoice, known: InvoiceEntry, { amount, reference }: PayRequest): Invoice {
  const same = amount === undefined || writtenAmount('amount', amount, invoice.currency) === known.amountMinor
  if (same) return invoice
  const before = formatMinor(known.amountMinor, invoice.currency)
  throw new GatezError(
    'already-exists',
    `A payment of ${before} ${invoice.currency} with the reference ${JSON.stringify(reference)} is there already.`,
  )
}

function refuse({ number, id }: Invoice, what: string): never {
  throw new GatezError('wrong-state', `Invoice ${number ?? id} ${what}.`)
}
