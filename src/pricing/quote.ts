import { GatezError } from '../errors/gatez-error.ts'
import { formatMinor } from '../model/money.ts'
import type { QuoteRequest } from '../model/quote.ts'
import { compare, exactly, formatExactly, type Rational, rational, times } from '../model/rational.ts'
import type { PriceLine, PricePart } from './price-line.ts'
import { dueMinor, priceUsage, unpriceable } from './price-usage.ts'
import { readPrice } from './read-price.ts'

/**
 * Answers what a quantity costs at a price: the amount, rounded once, and how it was reached, exactly.
 *
 * Throws `invalid-parameter` where the price has no answer: above the last band of a stairstep, or a price of
 * single events for a sum.
 */
export function quote(request: QuoteRequest): Quote {
  const price = readPrice(request.price)
  const usage = {
    quantity: exactly(request.quantity),
    previous: request.previousQuantity === null ? undefined : exactly(request.previousQuantity),
    events: request.events?.map(exactly),
  }
  const problem = unpriceable(price, usage)
  if (problem !== undefined) {
    throw new GatezError('invalid-parameter', `case ${request.id}: quantity ${problem}.`)
  }
  const priced = priceUsage(price, usage)
  const amount = formatMinor(dueMinor(priced, request.currency), request.currency)
  const { expect } = request
  return {
    id: request.id,
    ...(request.note !== null && { note: request.note }),
    amount,
    currency: request.currency,
    exact: formatExactly(priced.exact),
    ...(expect !== null && { expect, agrees: compare(exactly(expect), exactly(amount)) === 0 }),
    lines: priced.lines.map(viewPriceLine),
  }
}

/** What something costs; the names are stable. */
export interface Quote {
  readonly id: string
  readonly note?: string
  /** With all digits of the currency, as `286.00`. */
  readonly amount: string
  readonly currency: string
  /** Before rounding, as `286`. */
  readonly exact: string
  /** What the case says it is, and whether that is so. */
  readonly expect?: string
  readonly agrees?: boolean
  /** Their amounts are exact and add up to `exact`. */
  readonly lines: readonly QuoteLine[]
}

/** A row of how the price was reached: decimals, and rates in percent. */
export interface QuoteLine {
  readonly part: PricePart
  readonly tier?: number
  readonly over?: string
  readonly up_to?: string | null
  readonly quantity?: string
  readonly unit?: string
  readonly rate?: string
  readonly flat?: string
  readonly amount: string
}

/** A row of how a price was reached, as decimals. */
export function viewPriceLine({
  part,
  tier,
  over,
  upTo,
  quantity,
  unit,
  rate,
  flat,
  amount,
}: PriceLine): QuoteLine {
  return {
    part,
    ...(tier !== undefined && { tier }),
    ...(over !== undefined && { over: formatExactly(over) }),
    ...(upTo !== undefined && { up_to: upTo === null ? null : formatExactly(upTo) }),
    ...(quantity !== undefined && { quantity: formatExactly(quantity) }),
    ...(unit !== undefined && { unit: formatExactly(unit) }),
    ...(rate !== undefined && { rate: percentText(rate) }),
    ...(flat !== undefined && { flat: formatExactly(flat) }),
    amount: formatExactly(amount),
  }
}

function percentText(rate: Rational): string {
  return formatExactly(times(rate, rational(100n)))
}
