import { GatezError } from '../../errors/gatez-error.ts'
import { isoTime } from '../../lib/iso-time.ts'
import type { BillPlace } from '../../metering/charge-lines.ts'
import { formatMinor } from '../../model/money.ts'
import { exactly, formatExactly, minus, ZERO } from '../../model/rational.ts'
import { type AdjustRequest, type Billed, chargeName } from './adjust-lines.ts'
import { type DraftLine, meterText } from './make-lines.ts'
import type { ProvenBill } from './period-bills.ts'

/**
 * The lines of a period, and behind them what other invoices say of it already, to be taken off: what came late, and was
 * billed or given back by a later one before this one was made.
 *
 * With it all invoices together come to what the period costs, to the cent: the later ones are about a difference, so that
 * they hold whatever this one is. `billed` is without the invoices that this one takes the place of.
 */
export function lessBilled(
  lines: readonly DraftLine[],
  { bill }: ProvenBill,
  { billed, place }: Pick<AdjustRequest, 'billed' | 'place'>,
): readonly DraftLine[] {
  return lines.flatMap((line) => {
    const before =
      line.kind === 'usage' ? billed.get(chargeName(line.subscriptionId, line.chargeId)) : undefined
    if (before === undefined || isNothing(before)) return [line]
    if (before.currency !== place.currency) refuseOtherCurrency(bill, before, place)
    const quantity = formatExactly(before.quantity)
    const amount = formatMinor(-before.minor, place.currency)
    const taken: DraftLine = {
      ...line,
      kind: 'adjustment',
      description: `${line.planName}: ${meterText(line.meter)} that a later invoice has`,
      period: bill.period,
      quantity: formatExactly(minus(ZERO, before.quantity)),
      events: -before.events,
      steps: [{ part: 'billed', quantity, amount }],
      exact: formatExactly(exactly(amount)),
      amount,
      minor: -before.minor,
    }
    return [line, taken]
  })
}

function isNothing({ quantity, minor }: Billed): boolean {
  return quantity.numerator === 0n && minor === 0n
}

/** Amounts of two currencies have no difference, and nobody knows at which rate they should. */
function refuseOtherCurrency(
  { tenantId, period }: ProvenBill['bill'],
  before: Billed,
  place: BillPlace,
): never {
  throw new GatezError(
    'unpriced-usage',
    `A later invoice of ${tenantId} has usage of the period from ${isoTime(period.startMs)} in ${before.currency}, and bills are in ${place.currency} now: set billing.currency to ${before.currency} for one run.`,
  )
}
