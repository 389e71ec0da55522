import { type ChargeLine, heldPeriod, type SubscriptionUsage } from '../metering/charge-lines.ts'
import { BUILT_IN_METERS, type Meter } from '../model/meter.ts'
import { rational, times } from '../model/rational.ts'
import { dueMinor, priceUsage, unpriceable } from '../pricing/price-usage.ts'

/** What a minute says of a month is nothing: the pace is that of an hour at least. */
const PACE_MS_MIN = 3_600_000

/**
 * What a line of a bill comes to when the rest of its time is like the time so far, in minor units.
 *
 * Fees stay as they are, and so do meters that are no sums, and prices that have no answer for more. The only forecast:
 * what operators are shown of a tenant is what the tenant is shown.
 */
export function forecastOfLine(
  { charge, quantity, minor }: ChargeLine,
  bill: Omit<SubscriptionUsage, 'keys'>,
  { nowMs, isAdditive, currency }: ForecastParts,
): bigint {
  if (minor === null || charge.meter === null || charge.price.model === 'flat') return minor ?? 0n
  const { held } = heldPeriod(bill)
  const wholeMs = held.endMs - held.startMs
  const goneMs = Math.min(Math.max(nowMs - held.startMs, PACE_MS_MIN), wholeMs)
  if (goneMs <= 0 || !isAdditive(charge.meter)) return minor
  const scaled = times(quantity, rational(BigInt(wholeMs), BigInt(goneMs)))
  if (unpriceable(charge.price, { quantity: scaled }) !== undefined) return minor
  return dueMinor(priceUsage(charge.price, { quantity: scaled }), currency)
}

export interface ForecastParts {
  readonly nowMs: number
  /** Whether what a meter counts adds up: twice the time is twice as much. */
  readonly isAdditive: (meter: string) => boolean
  readonly currency: string
}

/** Says which meters add up, by what the file declares. */
export function additiveMeters(meters: readonly Meter[]): (meter: string) => boolean {
  const additive = new Set<string>(BUILT_IN_METERS)
  for (const { id, aggregation } of meters) if (['sum', 'count'].includes(aggregation)) additive.add(id)
  return (meter) => additive.has(meter)
}
