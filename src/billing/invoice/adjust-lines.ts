import { GatezError } from '../../errors/gatez-error.ts'
import { assert } from '../../lib/assert.ts'
import { isoTime } from '../../lib/iso-time.ts'
import type { BillPlace } from '../../metering/charge-lines.ts'
import { chargeLines } from '../../metering/charge-lines.ts'
import type { PriceBook } from '../../metering/price-book.ts'
import type { Invoice, InvoiceLine } from '../../model/invoice.ts'
import { formatMinor, parseMinor } from '../../model/money.ts'
import { type Period, periodName } from '../../model/period.ts'
import { compare, exactly, formatExactly, minus } from '../../model/rational.ts'
import { viewPriceLine } from '../../pricing/quote.ts'
import { type BilledAmount, type BilledParts, billedBefore, more, withInvoice } from './billed-before.ts'
import { type DraftLine, meterText, refuseUnpriced } from './make-lines.ts'
import type { ProvenBill } from './period-bills.ts'

/**
 * What is still to be billed, or to be given back, of a period whose invoice is there: what the period comes to by all
 * usage known now, less what was billed. At the prices of that period: neither its plan version nor what the tenant had of
 * its own then can change any more.
 */
export async function adjustLines(
  prices: PriceBook,
  { bill, events, evidence }: ProvenBill,
  { billed, changed, place }: AdjustRequest,
): Promise<readonly DraftLine[]> {
  const charges = (await prices.charges(bill)) ?? []
  const plan = await prices.plan(bill.planId, bill.planVersion)
  const drafts: DraftLine[] = []
  for (const charge of charges) {
    if (charge.meter === null || charge.price.model === 'flat') continue
    const before = billed.get(chargeName(bill.subscriptionId, charge.id))
    if (before !== undefined && !changed.has(bill.tenantId)) continue
    const [line] = chargeLines(bill, [charge], place)
    assert(line !== undefined, 'a charge has a line')
    if (line.priced === null || line.minor === null) refuseUnpriced(bill, charge.id, line.problem)
    if (before !== undefined && before.currency !== place.currency) {
      if (compare(line.quantity, before.quantity) === 0) continue
      refuseOtherCurrency(bill, before, place)
    }
    const from = billedBefore({ quantity: line.quantity, minor: line.minor }, before)
    if (from === undefined) continue
    const minor = line.minor - from.minor
    const amountBefore = formatMinor(-from.minor, place.currency)
    const steps = line.priced.lines.map(viewPriceLine)
    const quantityBefore = formatExactly(from.quantity)
    drafts.push({
      kind: 'adjustment',
      description: `${plan?.name ?? bill.planId}: ${meterText(charge.meter)} of an earlier period`,
      chargeId: charge.id,
      meter: charge.meter,
      ...{ subscriptionId: bill.subscriptionId, planId: bill.planId, planVersion: bill.planVersion },
      planName: plan?.name ?? bill.planId,
      // Who asks may have more at hand of a period, which is none of what an invoice says.
      period: { startMs: bill.period.startMs, endMs: bill.period.endMs },
      quantity: formatExactly(minus(line.quantity, from.quantity)),
      events: events - from.events,
      price: charge.written,
      steps: [...steps, { part: 'billed', quantity: quantityBefore, amount: amountBefore }],
      days: null,
      exact: formatExactly(minus(line.priced.exact, exactly(formatMinor(from.minor, place.currency)))),
      amount: formatMinor(minor, place.currency),
      minor,
      evidence,
    })
  }
  return drafts
}

/** Amounts of two currencies have no difference, and nobody knows at which rate they should. */
function refuseOtherCurrency(
  { tenantId, period }: ProvenBill['bill'],
  before: Billed,
  place: BillPlace,
): never {
  throw new GatezError(
    'unpriced-usage',
    `Usage of ${tenantId} came late to the period from ${isoTime(period.startMs)}, which was billed in ${before.currency}, and bills are in ${place.currency} now: take it back by gatez usage void, or set billing.currency to ${before.currency} for one run.`,
  )
}

export interface AdjustRequest {
  readonly billed: ReadonlyMap<string, Billed>
  /** Tenants whose usage of the period is not all as it was billed. */
  readonly changed: ReadonlySet<string>
  readonly place: BillPlace
}

/**
 * The tenants of which some usage of a period is not as it was billed: all they used in it is to be priced anew, as the
 * parts of a period share what is included.
 */
export function changedTenants(
  bills: readonly ProvenBill[],
  billed: ReadonlyMap<string, Billed>,
): ReadonlySet<string> {
  const known = Map.groupBy(billed.values(), ({ subscriptionId }) => subscriptionId)
  const changed = bills.filter(({ bill, events, evidence }) => {
    const of = known.get(bill.subscriptionId)
    return of === undefined ? events > 0 : of.some((each) => each.evidence !== evidence)
  })
  return new Set(changed.map(({ bill }) => bill.tenantId))
}

/** What invoices say of one charge of one subscription in one period, added up. */
export interface Billed extends BilledParts {
  readonly subscriptionId: string
  /** Of the line that was made last. */
  readonly evidence: string | null
  readonly currency: string
}

/**
 * Adds up what invoices say of the usage of one period, by `chargeName`. Of several attempts the last one counts.
 *
 * `replaced` are those that another one takes the place of: what they adjusted is still to be billed.
 */
export function billedOf(
  invoices: readonly Invoice[],
  period: Period,
  replaced: readonly Invoice[] = [],
): ReadonlyMap<string, Billed> {
  const billed = new Map<string, Billed>()
  const gone = new Set(replaced.map(({ id }) => id))
  const last = lastAttempts(invoices.filter(({ id }) => !gone.has(id)))
  // In the order they were made: the evidence of the newest one says up to where all was billed.
  for (const invoice of last.toSorted((one, other) => one.createdAtMs - other.createdAtMs)) {
    const { currency, state } = invoice
    const byCharge = Map.groupBy(linesOf(invoice, period), (line) => {
      return chargeName(line.subscriptionId, line.chargeId)
    })
    for (const [name, lines] of byCharge) {
      const said = lines.map((line) => amountOf(line, currency)).reduce(more)
      const { subscriptionId = '', evidence = null } = lines.at(-1) ?? {}
      billed.set(name, {
        ...withInvoice(billed.get(name), said, state === 'void'),
        ...{ subscriptionId, evidence, currency },
      })
    }
  }
  // Evidence says that all of that usage was billed, which does not hold any more where a part was taken out.
  for (const line of replaced.flatMap((each) => linesOf(each, period))) {
    const name = chargeName(line.subscriptionId, line.chargeId)
    const before = billed.get(name)
    if (before !== undefined) billed.set(name, { ...before, evidence: null })
  }
  return billed
}

function amountOf({ quantity, amount, events }: InvoiceLine, currency: string): BilledAmount {
  return { quantity: exactly(quantity), minor: parseMinor(amount, currency), events }
}

/** What an invoice says of the usage of one period: its own, or an earlier one. */
function linesOf({ content, period: own }: Invoice, period: Period): readonly InvoiceLine[] {
  return content.lines.filter((line) => {
    if (line.kind === 'fee') return false
    return periodName(line.kind === 'adjustment' ? line.period : own) === periodName(period)
  })
}

/** Names one charge of one subscription. */
export function chargeName(subscriptionId: string, chargeId: string): string {
  return `${subscriptionId} ${chargeId}`
}

/** Of several invoices for the same tenant and period, the last one; in the order of periods. */
export function lastAttempts(invoices: readonly Invoice[]): readonly Invoice[] {
  const last = new Map<string, Invoice>()
  for (const invoice of invoices) {
    const name = `${invoice.tenantId} ${periodName(invoice.period)}`
    const before = last.get(name)
    if (before === undefined || before.attempt < invoice.attempt) last.set(name, invoice)
  }
  return [...last.values()].sort(
    ({ period: one }, { period: other }) => one.startMs - other.startMs || one.endMs - other.endMs,
  )
}
