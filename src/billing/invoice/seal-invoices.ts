import { record } from '../../access/access.ts'
import { assert } from '../../lib/assert.ts'
import { DigestSum } from '../../lib/digest.ts'
import type { Invoice } from '../../model/invoice.ts'
import { digestInvoice } from '../../model/invoice-digest.ts'
import type { ControlTables } from '../../storage/ports/control-store.ts'

/** Entries of the audit log that hold what issued invoices come to. */
export const INVOICES_ISSUED = 'invoices.issued'

/**
 * Writes into the chained audit log which invoices were issued together and what stands for all they say.
 *
 * So `gatez reconcile` finds one that was changed, removed or added by hand afterwards. They are of one period and their
 * numbers follow each other.
 */
export async function sealInvoices(
  tables: ControlTables,
  issued: readonly Invoice[],
  { nowMs, actor }: { readonly nowMs: number; readonly actor: string },
): Promise<void> {
  const [first, last] = [issued[0], issued.at(-1)]
  assert(first !== undefined && last !== undefined, 'there is something to seal')
  const digests = new DigestSum()
  for (const invoice of issued) digests.add(digestInvoice(invoice))
  const { startMs, endMs } = first.period
  const detail = { first: first.number, last: last.number, count: issued.length, startMs, endMs }
  await record(tables, {
    ...{ atMs: nowMs, actor, action: INVOICES_ISSUED, subject: 'invoices' },
    detail: { ...detail, digests: digests.text },
  })
}
