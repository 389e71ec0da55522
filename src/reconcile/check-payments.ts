import type { Invoice, InvoiceEntry, InvoiceState } from '../model/invoice.ts'
import { formatMinor, parseMinor } from '../model/money.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { type Difference, difference } from './difference.ts'

/** Holds the state of invoices, and what was paid and credited, against the entries that say what happened to them. */
export async function checkPayments(
  { invoices: store }: Pick<ControlTables, 'invoices'>,
  invoices: readonly Invoice[],
): Promise<readonly Difference[]> {
  const entries = Map.groupBy(
    await store.entriesOf(invoices.map(({ id }) => id)),
    ({ invoiceId }) => invoiceId,
  )
  return [
    ...invoices.flatMap((invoice) => differencesOf(invoice, entries.get(invoice.id) ?? [])),
    ...invoices.flatMap((invoice) => doubled(invoice, invoices)),
  ]
}

function differencesOf(invoice: Invoice, entries: readonly InvoiceEntry[]): readonly Difference[] {
  const { creditedMinor, paidMinor, state, content, currency, number, id, tenantId } = invoice
  const whats: string[] = []
  const compare = (what: string, here: bigint, there: bigint): void => {
    if (here === there) return
    whats.push(`${what} ${formatMinor(here, currency)}, its entries come to ${formatMinor(there, currency)}.`)
  }
  const isVoid = entries.some(({ kind }) => kind === 'void')
  const applied = (...kinds: readonly InvoiceEntry['kind'][]): bigint =>
    entries
      .filter(({ kind }) => kinds.includes(kind))
      .reduce((sum, { kind, amountMinor, creditMinor }) => {
        return sum + amountMinor - (kind === 'credit-used' ? 0n : creditMinor)
      }, 0n)
  compare('paid', paidMinor, applied('payment'))
  compare('credited', creditedMinor, isVoid ? 0n : applied('credit-used', 'credit-note'))
  const used = entries.filter(({ kind }) => kind === 'credit-used')
  for (const { amountMinor, creditMinor } of used) compare('used of its credit', -creditMinor, amountMinor)
  const carried = number === null ? 0n : parseMinor(content.carried, currency)
  const given = entries
    .filter(({ kind }) => kind === 'carried')
    .reduce((sum, each) => sum + each.creditMinor, 0n)
  compare('carried', carried, given)
  // What is paid after that is credit.
  const through = entries.slice(0, entries.findIndex(({ kind }) => kind === 'void') + 1)
  compare(
    'credit that it left',
    0n,
    through.reduce((sum, { creditMinor }) => sum + creditMinor, 0n),
  )
  const expected = stateOf(invoice, entries, isVoid)
  if (expected !== state) whats.push(`it is ${state}, its entries make it ${expected}.`)
  return whats.map((what) => difference('invoice', `${number ?? id}: ${what}`, { tenant_id: tenantId }))
}

function stateOf(
  { number, totalMinor, creditedMinor, paidMinor }: Invoice,
  entries: readonly InvoiceEntry[],
  isVoid: boolean,
): InvoiceState {
  if (isVoid) return 'void'
  if (number === null) return 'draft'
  if (totalMinor === creditedMinor + paidMinor) return 'paid'
  const kinds = new Set(entries.map(({ kind }) => kind))
  if (kinds.has('uncollectible')) return 'uncollectible'
  return kinds.has('overdue') ? 'overdue' : 'open'
}

/** Another one of the same tenant and period takes the place of one that is void, and of no other. */
function doubled(invoice: Invoice, all: readonly Invoice[]): readonly Difference[] {
  if (invoice.attempt === 1) return []
  const { tenantId, period, number, id } = invoice
  const before = all.filter((other) => {
    const isSame = other.tenantId === tenantId && other.period.startMs === period.startMs
    return isSame && other.attempt < invoice.attempt && other.state !== 'void'
  })
  if (before.length === 0) return []
  const what = `${number ?? id}: the period is billed already by ${before[0]?.number ?? before[0]?.id}.`
  return [difference('invoice', what, { tenant_id: tenantId })]
}
