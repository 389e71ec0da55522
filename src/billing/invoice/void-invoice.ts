import type { Access } from '../../access/access.ts'
import { checkedText, REASON_LENGTH_MAX } from '../../access/text.ts'
import { GatezError } from '../../errors/gatez-error.ts'
import type { Invoice } from '../../model/invoice.ts'
import { findInvoice } from './find-invoice.ts'
import { entryOf, insertNew, liftSuspension } from './pay-invoice.ts'

/**
 * Takes an invoice back, as if it had never been: nobody has to pay it, its number stays taken.
 *
 * Only where nothing was paid: what was paid is given back by a credit note. Voiding twice changes nothing. Its usage is
 * billed again when the tenant is named in `invoices run`, and never by itself.
 */
export async function voidInvoice({ store, clock }: Access, request: VoidRequest): Promise<Invoice> {
  const nowMs = clock.nowMs()
  const reason = checkedText('reason', request.reason, REASON_LENGTH_MAX)
  return store.transaction(async (tables) => {
    const before = await findInvoice(tables, request.invoice)
    if (before.state === 'void') return before
    const entries = await tables.invoices.entries(before.id)
    if (before.paidMinor > 0n || entries.some(({ kind }) => kind === 'payment' || kind === 'credit-note')) {
      throw new GatezError(
        'wrong-state',
        `Invoice ${before.number ?? before.id} has payments or credit notes: gatez invoices credit gives the rest back.`,
      )
    }
    // Credit that it used comes back, credit that it gave goes.
    const creditMinor = -entries.reduce((sum, entry) => sum + entry.creditMinor, 0n)
    const invoice: Invoice = { ...before, state: 'void', creditedMinor: 0n }
    await tables.invoices.update(invoice)
    await insertNew(tables, {
      ...entryOf(before, nowMs, request.actor),
      ...{ kind: 'void', key: 'void', amountMinor: 0n, creditMinor, detail: { reason } },
    })
    await liftSuspension(tables, invoice, { nowMs, actor: request.actor })
    return invoice
  })
}

export interface VoidRequest {
  /** Number or id. */
  readonly invoice: string
  readonly reason: string
  readonly actor: string
}
