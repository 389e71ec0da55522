import { hash } from 'node:crypto'
import { GatezError } from '../../errors/gatez-error.ts'
import type { Invoice } from '../../model/invoice.ts'
import { INVOICE_ISSUED } from '../message-kinds.ts'
import { findInvoice } from './find-invoice.ts'
import { issueInvoices } from './issue-invoices.ts'
import type { InvoicingParts } from './run-invoices.ts'

/** Issues a draft, or sends an invoice that was issued before once more. Void ones are refused. */
export async function sendDraft({ store, clock }: InvoicingParts, request: SendRequest): Promise<Invoice> {
  const nowMs = clock.nowMs()
  return store.transaction(async (tables) => {
    const before = await findInvoice(tables, request.invoice)
    if (before.state === 'void') {
      throw new GatezError(
        'wrong-state',
        `Invoice ${before.number ?? before.id} is void: there is nothing to send.`,
      )
    }
    if (before.state !== 'draft') {
      const key = `${before.id}\n${nowMs}`
      await tables.outbox.insert({
        id: `msg_${hash('sha256', `again\n${key}`).slice(0, 20)}`,
        kind: INVOICE_ISSUED,
        body: { invoice_id: before.id, tenant_id: before.tenantId, number: before.number },
        createdAtMs: nowMs,
      })
      return before
    }
    const credit = await tables.invoices.creditOf(before.tenantId, before.currency)
    const credits = new Map([[before.tenantId, credit]])
    const { actor } = request
    const [issued = before] = await issueInvoices(tables, [before], { nowMs, isNew: false, credits, actor })
    return issued
  })
}

export interface SendRequest {
  /** Number or id. */
  readonly invoice: string
  readonly actor: string
}
