import * as z from 'zod'
import { INVOICES_ISSUED } from '../billing/invoice/seal-invoices.ts'
import { DigestSum } from '../lib/digest.ts'
import type { Invoice } from '../model/invoice.ts'
import { digestInvoice } from '../model/invoice-digest.ts'
import type { Period } from '../model/period.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { type Difference, difference } from './difference.ts'

/**
 * Holds issued invoices against the audit log, which says of each group what it came to when it was issued: one that was
 * changed, removed or added since is found, and named where that can be told.
 *
 * `invoices` are those whose period begins in the span. Of what was issued before there were such entries nothing is known.
 */
export async function checkIssued(
  { audit }: Pick<ControlTables, 'audit'>,
  { span, invoices }: { readonly span: Period; readonly invoices: readonly Invoice[] },
): Promise<readonly Difference[]> {
  const entries = await audit.list({ action: INVOICES_ISSUED })
  const oldestMs = entries.at(-1)?.atMs ?? Number.POSITIVE_INFINITY
  const read = entries.map(({ detail }) => GROUP.safeParse(detail))
  const groups = read
    .flatMap(({ data }) => data ?? [])
    .filter(({ startMs }) => startMs >= span.startMs && startMs < span.endMs)
  const strangers = new Map<string, Invoice>()
  for (const invoice of invoices) {
    const { number, issuedAtMs } = invoice
    if (number !== null && (issuedAtMs ?? oldestMs) >= oldestMs) strangers.set(number, invoice)
  }
  const differences = groups.flatMap((group) => {
    const numbers = numbersOf(group)
    const found = numbers.flatMap((number) => strangers.get(number) ?? [])
    for (const number of numbers) strangers.delete(number)
    return groupDifferences(group, numbers, found)
  })
  const added = [...strangers.values()].map((each) => wrong(each, 'it is there, and was never issued.'))
  const broken = read.filter(({ success }) => !success).length
  if (broken > 0) {
    const what = `${broken} entries of the audit log about issued invoices are not as they were written.`
    differences.push(difference('invoice', what))
  }
  return [...differences, ...added]
}

function groupDifferences(
  group: Group,
  numbers: readonly string[],
  found: readonly Invoice[],
): readonly Difference[] {
  if (found.length < numbers.length) {
    const there = new Set(found.map(({ number }) => number))
    const gone = numbers.filter((number) => !there.has(number))
    return [difference('invoice', `${listed(gone)}: issued, and not there any more.`)]
  }
  const [now, then] = [new DigestSum(), DigestSum.parse(group.digests)]
  const digests = found.map(digestInvoice)
  for (const digest of digests) now.add(digest)
  if (now.text === then.text) return []
  const changed = found.filter((_, index) => {
    const digest = digests[index]
    return digest !== undefined && now.wasChanged(digest, then)
  })
  if (changed.length > 0)
    return changed.map((each) => wrong(each, 'it does not say what it said when it was issued.'))
  return [difference('invoice', `${listed(numbers)}: some do not say what they said when they were issued.`)]
}

const GROUP = z.object({
  first: z.string(),
  count: z.number(),
  startMs: z.number(),
  digests: z.string(),
})

type Group = z.infer<typeof GROUP>

function numbersOf({ first, count }: Group): readonly string[] {
  const cut = first.lastIndexOf('-') + 1
  const from = Number(first.slice(cut))
  return Array.from({ length: count }, (_, index) => {
    return first.slice(0, cut) + String(from + index).padStart(4, '0')
  })
}

function listed(numbers: readonly string[]): string {
  const [first, last] = [numbers[0], numbers.at(-1)]
  return numbers.length > 1 ? `${first} to ${last} (${numbers.length})` : `${first}`
}

function wrong({ number, id, tenantId }: Invoice, what: string): Difference {
  return difference('invoice', `${number ?? id}: ${what}`, { tenant_id: tenantId })
}
