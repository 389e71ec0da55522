import { canonicalJson } from '../lib/canonical-json.ts'
import { type Digest, digestOf } from '../lib/digest.ts'
import type { Invoice } from './invoice.ts'

/** What stands for all of an issued invoice that never changes again: all but its state and what was paid or credited. */
export function digestInvoice(invoice: Invoice): Digest {
  const { id, number, tenantId, period, attempt, currency, totalMinor, content } = invoice
  const { createdAtMs, issuedAtMs, dueAtMs } = invoice
  const times = [period.startMs, period.endMs, createdAtMs, issuedAtMs, dueAtMs]
  const head = [id, number, tenantId, attempt, currency, String(totalMinor), ...times]
  return digestOf(`${JSON.stringify(head)}\n${canonicalJson(content)}`)
}
