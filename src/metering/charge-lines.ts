import { splitMinor, toMinor } from '../model/money.ts'
import { daysOf, type Period } from '../model/period.ts'
import type { Rational } from '../model/rational.ts'
import { ZERO } from '../model/rational.ts'
import type { Subscription } from '../model/tenant.ts'
import { dueMinor, type PricedUsage, priceUsage, unpriceable } from '../pricing/price-usage.ts'
import { prorateByTime } from '../pricing/prorate.ts'
import type { SubscriptionSpan } from '../pricing/subscription-spans.ts'
import { type HeldPeriod, type MeterSums, meterFemtos, quantityOf } from './meter-sums.ts'
import type { PricedCharge } from './price-book.ts'

/**
 * Prices what one subscription used in one billing period: a line for each charge of its plan. A fee with a cycle of its
 * own has one where something of it falls into the period.
 *
 * A fee (model flat) is billed for the part of the period that the subscription holds, and what is included is what
 * `span` says (`withSpans`); without one, by days, and all of it. What is metered is priced as a
 * whole, rounded once, then shared over keys by their quantity (largest remainder) and within a key over whatever the
 * report shows: so a key has the same amount in every report, and all parts add up to the line. What belongs to no
 * key, as a fee, or the price of no use at all, is the share of nobody.
 */
export function chargeLines(
  usage: SubscriptionUsage,
  charges: readonly PricedCharge[],
  place: BillPlace,
): readonly ChargeLine[] {
  return charges.flatMap((charge) => {
    if (charge.meter !== null && charge.price.model !== 'flat') {
      return [meteredLine(usage, inSpan(usage, charge), charge.meter, place)]
    }
    return isDue(usage, charge) ? [feeLine(usage, charge, place)] : []
  })
}

/** What one subscription used in one billing period. */
export interface SubscriptionUsage {
  readonly period: Period
  /** When it holds; undefined when nothing is known of it but its usage. */
  readonly subscription: Pick<Subscription, 'startMs' | 'endMs'> | undefined
  /** Key → what the report shows → what was used. */
  readonly keys: ReadonlyMap<string, ReadonlyMap<string | null, MeterSums>>
  /** Its part of fees and allowances, where it is one of several subscriptions of the period. */
  readonly span?: SubscriptionSpan
}

export interface BillPlace {
  readonly currency: string
  /** Where days begin. */
  readonly timezone: string
}

/** The part of its period in which a subscription held; all of it where nothing is known of the subscription. */
export function heldPeriod({ period, subscription }: Omit<SubscriptionUsage, 'keys'>): HeldPeriod {
  if (subscription === undefined) return { held: period, period }
  const startMs = Math.max(period.startMs, subscription.startMs)
  return { held: { startMs, endMs: Math.min(period.endMs, subscription.endMs ?? period.endMs) }, period }
}

/** One line of a bill. */
export interface ChargeLine {
  readonly charge: PricedCharge
  /** What the meter counted; 0 of a fee. */
  readonly quantity: Rational
  /** How the price was reached; null when the price has no answer, and `problem` says why. */
  readonly priced: PricedUsage | null
  /**
   * Of what `priced` says, the part that is billed: days held and days of the period (milliseconds where fees are
   * prorated by seconds); null when it is all. `span` says by which method.
   */
  readonly days: { readonly left: bigint; readonly whole: bigint } | null
  /** In the smallest unit of the currency; null when there is no price. */
  readonly minor: bigint | null
  readonly problem: string | null
  /** What the report shows → its part; null → what belongs to no key. They add up to `minor`. */
  readonly shares: ReadonlyMap<string | null, bigint>
}

function isDue({ span }: SubscriptionUsage, { id, per }: PricedCharge): boolean {
  const fee = span?.fees.find(({ chargeId }) => chargeId === id)
  return per === undefined || (fee !== undefined && fee.cycle !== null)
}

function feeLine(usage: SubscriptionUsage, charge: PricedCharge, place: BillPlace): ChargeLine {
  const priced = priceUsage(charge.price, { quantity: ZERO })
  const fee = usage.span?.fees.find(({ chargeId }) => chargeId === charge.id)
  const days = usage.span?.share ?? heldDays(usage, place.timezone)
  const minor = toMinor(fee?.amount ?? prorateByTime(priced.exact, days), place.currency)
  const held = fee?.cycle === undefined ? days : fee.cycle?.share
  const part = held === undefined || held === null || held.left === held.whole ? null : held
  return {
    charge,
    quantity: ZERO,
    priced,
    days: part,
    minor,
    problem: null,
    shares: new Map([[null, minor]]),
  }
}

/** The charge with what is included in this part of the period. */
function inSpan({ span }: SubscriptionUsage, charge: PricedCharge): PricedCharge {
  const metered = span?.metered.find(({ chargeId }) => chargeId === charge.id)
  return metered === undefined ? charge : { ...charge, price: metered.price }
}

function heldDays(usage: SubscriptionUsage, timezone: string) {
  const whole = BigInt(daysOf(usage.period, timezone))
  if (usage.subscription === undefined) return { left: 0n, whole }
  const { held } = heldPeriod(usage)
  return { left: BigInt(held.startMs >= held.endMs ? 0 : daysOf(held, timezone)), whole }
}

function meteredLine(
  usage: SubscriptionUsage,
  charge: PricedCharge,
  meter: string,
  place: BillPlace,
): ChargeLine {
  const parts = partsOf(usage, meter)
  const all = [...usage.keys.values()].flatMap((used) => [...used.values()])
  const quantity = quantityOf(meterFemtos(meter, all, heldPeriod(usage)))
  const line = { charge, quantity, days: null }
  const problem = unpriceable(charge.price, { quantity })
  if (problem !== undefined) {
    const shares = new Map(parts.flatMap(({ groups }) => groups.map(([name]) => [name, 0n])))
    return { ...line, priced: null, minor: null, problem: `quantity ${problem}`, shares }
  }
  const priced = priceUsage(charge.price, { quantity })
  const minor = dueMinor(priced, place.currency)
  return { ...line, priced, minor, problem: null, shares: share(minor, parts) }
}

/** A key with what it used of a meter, in all and by what the report shows. */
interface KeyPart {
  readonly femtos: bigint
  readonly groups: readonly (readonly [string | null, bigint])[]
}

/** In the order of their names, so that who gets the odd cent does not depend on how the ledger was read. */
function partsOf(usage: SubscriptionUsage, meter: string): readonly KeyPart[] {
  const place = heldPeriod(usage)
  return sorted(usage.keys).map(([, used]) => {
    const groups = sorted(used).map(([name, sums]) => [name, meterFemtos(meter, [sums], place)] as const)
    return { femtos: meterFemtos(meter, [...used.values()], place), groups }
  })
}

function share(minor: bigint, parts: readonly KeyPart[]): ReadonlyMap<string | null, bigint> {
  const used = parts.filter(({ femtos, groups }) => femtos > 0n && groups.some(([, part]) => part > 0n))
  if (used.length === 0) return new Map([[null, minor]])
  const shares = new Map<string | null, bigint>()
  const ofKeys = splitMinor(
    minor,
    used.map(({ femtos }) => femtos),
  )
  for (const [index, { groups }] of used.entries()) {
    const ofGroups = splitMinor(
      ofKeys[index] ?? 0n,
      // What a group gave back lowers its key, and has no part in what that owes.
      groups.map(([, femtos]) => (femtos > 0n ? femtos : 0n)),
    )
    for (const [position, [name]] of groups.entries()) {
      shares.set(name, (shares.get(name) ?? 0n) + (ofGroups[position] ?? 0n))
    }
  }
  return shares
}

function sorted<Name extends string | null, Value>(
  map: ReadonlyMap<Name, Value>,
): readonly (readonly [Name, Value])[] {
  return [...map].sort(([one], [other]) => ((one ?? '') < (other ?? '') ? -1 : 1))
}
