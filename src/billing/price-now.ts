import { withSpans } from '../metering/bill-spans.ts'
import { chargeLines } from '../metering/charge-lines.ts'
import { LedgerUsage } from '../metering/ledger-usage.ts'
import { PriceBook } from '../metering/price-book.ts'
import type { BillingTerms } from '../metering/usage-amounts.ts'
import { billingPeriodAt, heldPlan } from '../model/billing-calendar.ts'
import type { Meter } from '../model/meter.ts'
import { formatMinor } from '../model/money.ts'
import type { Period } from '../model/period.ts'
import { formatExactly, plus, type Rational, rational, ZERO } from '../model/rational.ts'
import type { Price } from '../pricing/price.ts'
import { priceUsage, unpriceable } from '../pricing/price-usage.ts'
import type { ControlStore } from '../storage/ports/control-store.ts'
import { additiveMeters, forecastOfLine } from './forecast.ts'

/**
 * What a tenant stands at in the billing period that runs: what it spent, what it will have spent if it goes on so,
 * and what the next unit of each meter costs, by the tier it has reached.
 *
 * By the same lines that a bill is made of. The forecast is that of `revenue`, line by line.
 */
export async function standingOf(
  { store, billing, meters: declared, nowMs }: StandingParts,
  tenantId: string,
): Promise<BillStanding> {
  const subscriptions = await store.subscriptions.list(tenantId)
  const active = subscriptions.find(
    ({ startMs, endMs }) => startMs <= nowMs && (endMs === null || endMs > nowMs),
  )
  const period = billingPeriodAt(billing, nowMs, heldPlan(active).anchorMs)
  const usage = new LedgerUsage([period], subscriptions)
  const span = { fromMs: period.startMs, toMs: period.endMs, tenantId }
  for await (const rollup of store.ledger.rollups(span)) usage.add(rollup, '')
  for (const level of await store.ledger.levels({ beforeMs: period.startMs, tenantId })) usage.addLevel(level)
  const prices = new PriceBook(store)
  const bills = await withSpans(usage.bills(), prices, billing)
  const isAdditive = additiveMeters(declared)
  let [spent, forecast] = [0n, 0n]
  const meters: MeterPrice[] = []
  for (const bill of bills) {
    const charges = (await prices.charges(bill)) ?? []
    const isActive = bill.subscriptionId === active?.id
    for (const line of chargeLines(bill, charges, billing)) {
      spent += line.minor ?? 0n
      forecast += forecastOfLine(line, bill, { nowMs, isAdditive, currency: billing.currency })
      const metered = bill.span?.metered.find(({ chargeId }) => chargeId === line.charge.id)
      const price = metered?.price ?? line.charge.price
      if (!isActive || line.charge.meter === null || price.model === 'flat') continue
      meters.push({ meter: line.charge.meter, price, used: line.quantity })
    }
  }
  const { currency } = billing
  return {
    period,
    spent: formatMinor(spent, currency),
    forecast: formatMinor(forecast > spent ? forecast : spent, currency),
    meters,
  }
}

/** What so many more units cost at this moment, exactly; null where the price has no answer. */
export function priceOfMore({ price, used }: MeterPrice, units: number): string | null {
  const more = { quantity: rational(BigInt(units)), previous: used, isLast: false }
  return unpriceable(price, more) === undefined ? formatExactly(priceUsage(price, more).exact) : null
}

/** Adds decimals as `priceOfMore` writes them, exactly. */
export function sumOfPrices(parts: readonly { readonly line: MeterPrice; readonly units: number }[]): string {
  const sum = parts.reduce((total, { line: { price, used }, units }) => {
    const more = { quantity: rational(BigInt(units)), previous: used, isLast: false }
    return unpriceable(price, more) === undefined ? plus(total, priceUsage(price, more).exact) : total
  }, ZERO)
  return formatExactly(sum)
}

export interface StandingParts {
  readonly store: ControlStore
  readonly billing: BillingTerms
  readonly nowMs: number
  /** Those that the file declares. */
  readonly meters: readonly Meter[]
}

export interface BillStanding {
  readonly period: Period
  /** Decimals in the currency. */
  readonly spent: string
  readonly forecast: string
  /** Of the plan that is active. */
  readonly meters: readonly MeterPrice[]
}

/** A meter that costs something, with what was used of it. */
export interface MeterPrice {
  readonly meter: string
  readonly price: Price
  readonly used: Rational
}
