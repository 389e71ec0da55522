import { GatezError } from '../../errors/gatez-error.ts'
import { type BillPlace, type ChargeLine, chargeLines } from '../../metering/charge-lines.ts'
import type { PriceBook } from '../../metering/price-book.ts'
import type { InvoiceLine } from '../../model/invoice.ts'
import { formatMinor } from '../../model/money.ts'
import { formatExactly, ZERO } from '../../model/rational.ts'
import { viewPriceLine } from '../../pricing/quote.ts'
import type { ProvenBill } from './period-bills.ts'

/**
 * The lines of one subscription in one period: one for each charge of its plan, priced exactly, rounded once each.
 *
 * Throws `unpriced-usage` where a price has no answer: an invoice that leaves usage out must not come to be.
 */
export async function makeLines(
  prices: PriceBook,
  { bill, events, evidence }: ProvenBill,
  place: BillPlace,
): Promise<readonly DraftLine[]> {
  const { tenantId, planId, planVersion, subscriptionId } = bill
  const [plan, charges] = [await prices.plan(planId, planVersion), await prices.charges(bill)]
  if (plan === undefined || charges === undefined) {
    const why = `version ${planVersion} of plan ${planId} is not in the store`
    throw new GatezError('unpriced-usage', `Usage of ${tenantId} has no price: ${why}.`)
  }
  return chargeLines(bill, charges, place).map((line) => {
    const { charge, priced, minor, problem } = line
    if (priced === null || minor === null) refuseUnpriced(bill, charge.id, problem)
    const isFee = charge.meter === null || charge.price.model === 'flat'
    return {
      kind: isFee ? ('fee' as const) : ('usage' as const),
      description: isFee ? `${plan.name}: ${charge.id}` : `${plan.name}: ${meterText(charge.meter)}`,
      chargeId: charge.id,
      meter: isFee ? null : charge.meter,
      subscriptionId,
      planId,
      planName: plan.name,
      planVersion,
      period: feeSpan(line, bill) ?? spanOf(bill),
      quantity: formatExactly(line.quantity),
      events: isFee ? 0 : events,
      price: charge.written,
      steps: priced.lines.map(viewPriceLine),
      days: daysOf(line, bill),
      exact: exactOf(line, bill),
      amount: formatMinor(minor, place.currency),
      minor,
      evidence: isFee ? null : evidence,
    }
  })
}

/** A line before it has its place on an invoice. */
export interface DraftLine extends Omit<InvoiceLine, 'line'> {
  readonly minor: bigint
}

/** A meter in words: `bytes_out` is `bytes out`. */
export function meterText(meter: string | null): string {
  return (meter ?? '').replaceAll('_', ' ')
}

function daysOf({ days, charge }: ChargeLine, { span }: ProvenBill['bill']): InvoiceLine['days'] {
  const method = span?.fees.find(({ chargeId }) => chargeId === charge.id)?.method ?? 'days'
  if (days === null && method !== 'trial') return null
  const { left, whole } = days ?? { left: 1, whole: 1 }
  return { left: Number(left), whole: Number(whole), method }
}

/** What a fee with a cycle of its own is for. */
function feeSpan({ charge }: ChargeLine, { span }: ProvenBill['bill']): InvoiceLine['period'] | undefined {
  return span?.fees.find(({ chargeId }) => chargeId === charge.id)?.cycle?.span
}

/** Before rounding; a fraction, as `1078/31`, where no decimal says it. */
function exactOf({ priced, charge }: ChargeLine, { span }: ProvenBill['bill']): string {
  const fee = span?.fees.find(({ chargeId }) => chargeId === charge.id)
  return formatExactly(fee?.amount ?? priced?.exact ?? ZERO)
}

/** The part of the period in which the subscription held. */
function spanOf({ period, subscription }: ProvenBill['bill']): InvoiceLine['period'] {
  if (subscription === undefined) return period
  return {
    startMs: Math.max(period.startMs, subscription.startMs),
    endMs: Math.min(period.endMs, subscription.endMs ?? period.endMs),
  }
}

/** Throws that a price has no answer, and why. */
export function refuseUnpriced(
  { tenantId, planId }: ProvenBill['bill'],
  chargeId: string,
  problem: string | null,
): never {
  const why = `charge ${chargeId} of plan ${planId}: ${problem ?? 'has no price'}`
  throw new GatezError('unpriced-usage', `Usage of ${tenantId} has no price: ${why}.`)
}
