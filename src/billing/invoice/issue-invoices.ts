import { hash } from 'node:crypto'
import { Temporal } from 'temporal-polyfill'
import { failPoint } from '../../lib/fail-point.ts'
import type { Invoice } from '../../model/invoice.ts'
import { parseMinor } from '../../model/money.ts'
import type { ControlTables } from '../../storage/ports/control-store.ts'
import { INVOICE_ISSUED } from '../message-kinds.ts'
import { sealInvoices } from './seal-invoices.ts'

/**
 * Issues drafts inside a transaction: each gets the next number of its year, its dates, and what credit there is.
 *
 * Numbers are taken with the invoices they stand on or not at all, so there is never a gap, whatever dies when. What an
 * invoice says is sent later: a message for it waits in the outbox. Invoices that are not there yet are added.
 */
export async function issueInvoices(
  tables: ControlTables,
  drafts: readonly Invoice[],
  { nowMs, isNew, credits, actor }: IssueRequest,
): Promise<readonly Invoice[]> {
  const [first] = drafts
  if (first === undefined) return []
  const year = yearOf(nowMs, first.content.timezone)
  const number = await tables.invoices.takeNumbers(`INV-${year}`, drafts.length)
  failPoint('invoices-numbered')
  const dueAt = dueDates(nowMs)
  const issued = drafts.map((draft, index): Invoice => {
    const credit = larger(credits.get(draft.tenantId) ?? 0n, 0n)
    const creditedMinor = credit < draft.totalMinor ? credit : draft.totalMinor
    return {
      ...draft,
      number: `INV-${year}-${String(number + index).padStart(4, '0')}`,
      state: creditedMinor === draft.totalMinor ? 'paid' : 'open',
      issuedAtMs: nowMs,
      dueAtMs: dueAt(draft.content),
      creditedMinor,
    }
  })
  if (isNew) await tables.invoices.insert(issued)
  else for (const invoice of issued) await tables.invoices.update(invoice)
  failPoint('invoices-inserted')
  for (const invoice of issued) await writeCredits(tables, invoice, { nowMs, actor })
  await sealInvoices(tables, issued, { nowMs, actor })
  await tables.outbox.insertAll(issued.map((invoice) => issuedMessage(invoice, nowMs)))
  failPoint('invoices-queued')
  return issued
}

export interface IssueRequest {
  readonly nowMs: number
  /** Whether the drafts are not in the store yet. */
  readonly isNew: boolean
  /** What tenants have to their credit. */
  readonly credits: ReadonlyMap<string, bigint>
  readonly actor: string
}

async function writeCredits(
  tables: ControlTables,
  invoice: Invoice,
  { nowMs, actor }: { readonly nowMs: number; readonly actor: string },
): Promise<void> {
  const { id: invoiceId, tenantId, currency, creditedMinor } = invoice
  const entry = { invoiceId, tenantId, currency, atMs: nowMs, actor, detail: {} }
  if (creditedMinor > 0n) {
    const used = { key: 'credit-used', amountMinor: creditedMinor, creditMinor: -creditedMinor }
    await tables.invoices.insertEntry({ ...entry, kind: 'credit-used', ...used })
  }
  const carried = parseMinor(invoice.content.carried, currency)
  if (carried > 0n) {
    const added = { key: 'carried', amountMinor: carried, creditMinor: carried }
    await tables.invoices.insertEntry({ ...entry, kind: 'carried', ...added })
  }
}

function issuedMessage({ id, tenantId, number }: Invoice, nowMs: number) {
  const body = { invoice_id: id, tenant_id: tenantId, number }
  return {
    id: `msg_${hash('sha256', `issued\n${id}`).slice(0, 20)}`,
    kind: INVOICE_ISSUED,
    body,
    createdAtMs: nowMs,
  }
}

function yearOf(ms: number, timezone: string): number {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timezone).year
}

/** The end of the day by which what is issued now is to be paid; reckoned once for each length of time. */
function dueDates(nowMs: number): (content: Invoice['content']) => number {
  const known = new Map<string, number>()
  return ({ terms, timezone }) => {
    const name = `${terms.days} ${timezone}`
    const dueAtMs = known.get(name) ?? endOfDay(nowMs, terms.days, timezone)
    known.set(name, dueAtMs)
    return dueAtMs
  }
}

function endOfDay(ms: number, days: number, timezone: string): number {
  const day = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timezone).toPlainDate()
  return day.add({ days: days + 1 }).toZonedDateTime(timezone).epochMilliseconds
}

function larger(one: bigint, other: bigint): bigint {
  return one > other ? one : other
}
