import { billedOf, chargeName, lastAttempts } from '../billing/invoice/adjust-lines.ts'
import { billedBefore, waitsForRemake } from '../billing/invoice/billed-before.ts'
import { makeLines } from '../billing/invoice/make-lines.ts'
import { type ProvenBill, periodBills } from '../billing/invoice/period-bills.ts'
import { sealedPeriod } from '../billing/invoice/sealed-period.ts'
import { PriceBook } from '../metering/price-book.ts'
import type { BillingTerms } from '../metering/usage-amounts.ts'
import type { Invoice } from '../model/invoice.ts'
import { formatMinor, parseMinor } from '../model/money.ts'
import { FAR_MS, type Period, periodName } from '../model/period.ts'
import { exactly, formatExactly, ZERO } from '../model/rational.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { checkIssued } from './check-issued.ts'
import { checkPayments } from './check-payments.ts'
import { type Difference, difference } from './difference.ts'
import { InvoicedFigures } from './invoiced-figures.ts'

/**
 * Holds every invoice of the span against the ledger: is each charge billed, by all invoices together, with the quantity
 * and the amount that the ledger has now, and do lines and taxes add up to the total?
 *
 * What the ledger took in since what was late was last billed is no difference: the next invoice adjusts it. `waiting`
 * counts the charges for which that is still to come.
 */
export async function checkInvoices(
  control: ControlTables,
  { span, billing }: CheckRequest,
): Promise<CheckedInvoices> {
  // Before the invoices: a run that goes on meanwhile must not seem to have billed what its invoices are not seen to.
  const closed = new Map((await control.invoices.closedPeriods()).map((row) => [periodName(row), row.seals]))
  const all = await control.invoices.list({ within: { startMs: span.startMs, endMs: FAR_MS } })
  const inSpan = all.filter(({ period, state }) => period.startMs < span.endMs && state !== 'void')
  const differences = inSpan.flatMap(sumsDifferences)
  const begun = all.filter(({ period }) => period.startMs < span.endMs)
  differences.push(...(await checkIssued(control, { span, invoices: begun })))
  differences.push(...(await checkPayments(control, begun)))
  const figures = new InvoicedFigures()
  const periods = new Map(inSpan.map(({ period }) => [periodName(period), period]))
  let waiting = 0
  for (const period of periods.values()) {
    const shown = period.endMs <= span.endMs ? figures : undefined
    const lookedAt = closed.get(periodName(period))
    const found = await checkPeriod(control, { period, billing, invoices: all, figures: shown, lookedAt })
    differences.push(...found.differences)
    waiting += found.waiting
  }
  return { invoices: inSpan.length, waiting, differences, figures }
}

export interface CheckRequest {
  readonly span: Period
  readonly billing: BillingTerms
}

export interface CheckedInvoices {
  /** How many were looked at. */
  readonly invoices: number
  /** Charges with usage that the next invoice will adjust. */
  readonly waiting: number
  readonly differences: readonly Difference[]
  /** Of invoices whose period lies in the span. */
  readonly figures: InvoicedFigures
}

async function checkPeriod(
  control: ControlTables,
  { period, billing, invoices, figures, lookedAt }: PeriodCheck,
): Promise<Omit<CheckedInvoices, 'invoices' | 'figures'>> {
  const prices = new PriceBook(control)
  const { seals } = await sealedPeriod(control.ledger, period)
  const own = lastAttempts(invoices).filter((each) => periodName(each.period) === periodName(period))
  const byTenant = new Map(own.filter(({ state }) => state !== 'void').map((each) => [each.tenantId, each]))
  const billed = billedOf(invoices, period)
  const differences: Difference[] = []
  let waiting = 0
  for (const proven of await periodBills(control, { period, billing, prices })) {
    const invoice = byTenant.get(proven.bill.tenantId)
    if (invoice === undefined) continue
    // Every event that comes later changes the seals; without one the same usage must give the same bill.
    const waits = seals !== invoice.content.evidence.seals && seals !== lookedAt
    const check = { billed, billing, prices, figures, waits }
    for (const what of await billDifferences(proven, check)) {
      if (waits) waiting += 1
      else differences.push(invoiceDifference(invoice, what))
    }
  }
  return { differences, waiting }
}

interface PeriodCheck {
  readonly period: Period
  readonly billing: BillingTerms
  readonly invoices: readonly Invoice[]
  readonly figures: InvoicedFigures | undefined
  /** What its seals came to when what came late to it was last billed; '' or undefined if it never was. */
  readonly lookedAt: string | undefined
}

async function billDifferences(
  proven: ProvenBill,
  { billed, billing, prices, figures, waits }: BillCheck,
): Promise<readonly string[]> {
  const lines = await makeLines(prices, proven, billing)
  return lines.flatMap(({ kind, chargeId, subscriptionId, meter, quantity, minor }) => {
    if (kind === 'fee' || meter === null) return []
    const before = billed.get(chargeName(subscriptionId, chargeId))
    const { tenantId, period } = proven.bill
    const from = billedBefore({ quantity: exactly(quantity), minor }, before)
    figures?.add({
      ...{ tenantId, meter, subscriptionId, periodStartMs: period.startMs },
      // What a void invoice has is billed when that is made again.
      waits: waits || (from === undefined && before !== undefined && waitsForRemake(before)),
      ...{ billed: before?.quantity ?? ZERO, inLedger: exactly(quantity) },
    })
    if (before === undefined) return [`charge ${chargeId} has ${quantity} in the ledger and is not billed.`]
    if (from === undefined) return []
    const [said, amount] = [formatExactly(from.quantity), formatMinor(from.minor, billing.currency)]
    const is = formatMinor(minor, billing.currency)
    return [`charge ${chargeId}: billed ${said} for ${amount}, the ledger has ${quantity} for ${is}.`]
  })
}

interface BillCheck {
  readonly billed: ReturnType<typeof billedOf>
  readonly billing: BillingTerms
  readonly prices: PriceBook
  readonly figures: InvoicedFigures | undefined
  readonly waits: boolean
}

/** Whether an invoice adds up in itself. */
function sumsDifferences(invoice: Invoice): readonly Difference[] {
  const { content, currency, totalMinor } = invoice
  const minor = (amount: string): bigint => parseMinor(amount, currency)
  const sum = (amounts: readonly { readonly amount: string }[]): bigint =>
    amounts.reduce((total, { amount }) => total + minor(amount), 0n)
  const [lines, taxes] = [sum(content.lines), sum(content.taxes)]
  const whole = content.taxMode === 'exclusive' ? lines + taxes : lines
  const isRight =
    lines === minor(content.subtotal) &&
    taxes === minor(content.tax) &&
    totalMinor === minor(content.total) &&
    whole === totalMinor - minor(content.carried)
  return isRight ? [] : [invoiceDifference(invoice, 'its lines and taxes do not add up to its total.')]
}

function invoiceDifference({ number, id, tenantId }: Invoice, what: string): Difference {
  return difference('invoice', `${number ?? id}: ${what}`, { tenant_id: tenantId })
}
