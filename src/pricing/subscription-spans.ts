import { assert } from '../lib/assert.ts'
import { daysOf, type Period } from '../model/period.ts'
import type { BillingCycle, Quota } from '../model/plan.ts'
import type { Proration } from '../model/proration.ts'
import { exactly, isZero, larger, minus, plus, type Rational, rational, ZERO } from '../model/rational.ts'
import type { Subscription } from '../model/tenant.ts'
import { allowanceOf, prorateAllowance, withAllowance } from './allowance.ts'
import { type CycleFee, cycleFee } from './fee-cycles.ts'
import type { Price } from './price.ts'
import { priceUsage } from './price-usage.ts'
import { creditByConsumption, prorateByTime, type Share } from './prorate.ts'

/**
 * The subscriptions of one tenant in one billing period, each with its part of the fees and of what is included.
 *
 * Oldest first; those that never began, or not in the period, are left out. Pure: reports, previews and invoices ask
 * it and agree. For a period that is over it says what it came to; for one to come, with `usedOf` nothing, what is
 * billed in advance, and the difference of the two is what a change in between costs or gives back.
 *
 * A subscription of the whole period has its whole fee and allowance, whatever the methods. Of a fee whose plan was
 * held for some days only the parts add up to no more than one whole fee where the fee did not change (`days`,
 * `seconds`). Amounts are exact; round once, on the line.
 */
export function subscriptionSpans(request: SpansRequest): readonly SubscriptionSpan[] {
  const spans: SubscriptionSpan[] = []
  const held = request.subscriptions
    .map((subscription) => ({ subscription, held: heldIn(request.period, subscription) }))
    .filter((each) => each.held.startMs < each.held.endMs)
    .sort((one, other) => one.held.startMs - other.held.startMs)
  for (const [index, each] of held.entries()) {
    const terms = request.termsOf(each.subscription)
    if (terms === undefined) continue
    const place = { ...each, terms, before: held.slice(0, index), next: held[index + 1]?.subscription }
    spans.push(spanOf(place, request))
  }
  return spans
}

export interface SpansRequest {
  readonly period: Period
  /** Of one tenant, in any order. */
  readonly subscriptions: readonly Subscription[]
  /**
   * What the plan of a subscription costs and includes, with what the tenant has in its place; undefined of a version
   * that is not in the store: such a subscription is left out.
   */
  readonly termsOf: (subscription: Subscription) => SpanTerms | undefined
  /** What was used of a meter in the period under a subscription. Asked by `carry` and `consumption` only. */
  readonly usedOf: (subscription: Subscription, meter: string) => Rational
  /** Where days begin. */
  readonly timezone: string
  readonly proration: Proration
}

/** What a plan costs and includes, as far as spans care. */
export interface SpanTerms {
  readonly charges: readonly SpanCharge[]
  readonly quotas: readonly Pick<Quota, 'meter' | 'included'>[]
}

export interface SpanCharge {
  readonly id: string
  readonly meter: string | null
  readonly price: Price
  /** How often a fee is due, where it is not with every bill. */
  readonly per?: BillingCycle
}

/** One subscription in one billing period. */
export interface SubscriptionSpan {
  readonly subscription: Subscription
  /** The part of the period in which it held. */
  readonly held: Period
  readonly isTrial: boolean
  /** The part of the period it holds: days, or milliseconds where `proration.fee` is `seconds`. */
  readonly share: Share
  /** Charges of model flat, and those without a meter, in the order of the plan. */
  readonly fees: readonly SpanFee[]
  /** All other charges, in the order of the plan. */
  readonly metered: readonly SpanMetered[]
}

export interface SpanFee {
  readonly chargeId: string
  /** Of a whole period. */
  readonly full: Rational
  /** What of it this span costs. */
  readonly amount: Rational
  readonly method: 'whole' | 'days' | 'seconds' | 'consumption' | 'trial'
  /** Of a fee with a cycle of its own: what falls into this period, or null when nothing does. */
  readonly cycle?: CycleFee | null
}

export interface SpanMetered {
  readonly chargeId: string
  readonly meter: string
  /** What a whole period includes: `included`, and a first tier that is free. */
  readonly full: Rational
  /** What this span includes. */
  readonly included: Rational
  readonly method: 'whole' | Proration['quota'] | 'trial'
  /** The price of the charge with exactly that included, and its minimum by the share: price what the span used with it. */
  readonly price: Price
}

interface Held {
  readonly subscription: Subscription
  readonly held: Period
}

/** A span among the others of its period. */
interface SpanPlace extends Held {
  readonly terms: SpanTerms
  /** Those before it, oldest first. */
  readonly before: readonly Held[]
  readonly next: Subscription | undefined
}

function heldIn(period: Period, { startMs, endMs }: Subscription): Period {
  return {
    startMs: Math.max(period.startMs, startMs),
    endMs: Math.min(period.endMs, endMs ?? period.endMs),
  }
}

function spanOf(place: SpanPlace, request: SpansRequest): SubscriptionSpan {
  const { subscription, held, terms } = place
  const share = { left: lengthOf(held, request), whole: lengthOf(request.period, request) }
  const isFee = ({ meter, price }: SpanCharge): boolean => meter === null || price.model === 'flat'
  return {
    subscription,
    held,
    isTrial: subscription.isTrial === true,
    share,
    fees: terms.charges.filter(isFee).map((charge) => feeOf(charge, share, place, request)),
    metered: terms.charges
      .filter((charge) => !isFee(charge))
      .map((charge) => meteredOf(charge, share, place, request)),
  }
}

/** Days of the zone, or milliseconds. */
function lengthOf(span: Period, { timezone, proration }: SpansRequest): bigint {
  if (proration.fee === 'seconds') return BigInt(span.endMs - span.startMs)
  return BigInt(span.startMs >= span.endMs ? 0 : daysOf(span, timezone))
}

function feeOf(
  { id, price, per }: SpanCharge,
  share: Share,
  place: SpanPlace,
  request: SpansRequest,
): SpanFee {
  const full = priceUsage(price, { quantity: ZERO }).exact
  const fee = { chargeId: id, full }
  if (place.subscription.isTrial === true) return { ...fee, amount: ZERO, method: 'trial' }
  if (per !== undefined) {
    const cycle = cycleFee(full, per, { ...request, subscription: place.subscription }) ?? null
    return { ...fee, cycle, amount: cycle?.amount ?? ZERO, method: 'days' }
  }
  if (isWhole(place.held, request.period)) return { ...fee, amount: full, method: 'whole' }
  const { proration } = request
  if (proration.fee !== 'consumption') {
    return { ...fee, amount: prorateByTime(full, share), method: proration.fee }
  }
  return leavesEarly(place, request.period)
    ? { ...fee, amount: consumedOf(full, share, place, request), method: 'consumption' }
    : { ...fee, amount: prorateByTime(full, share), method: 'days' }
}

function isWhole(held: Period, period: Period): boolean {
  return held.startMs === period.startMs && held.endMs === period.endMs
}

/** Whether the tenant left the plan; moving to other prices of the same plan is no leaving. */
function leavesEarly({ subscription, held, next }: SpanPlace, period: Period): boolean {
  return held.endMs < period.endMs && (next === undefined || next.planId !== subscription.planId)
}

/** What was paid from its beginning to the end of the period, less what is given back at its end. */
function consumedOf(full: Rational, share: Share, place: SpanPlace, request: SpansRequest): Rational {
  const { held, subscription, terms } = place
  const toEnd = lengthOf({ startMs: held.startMs, endMs: request.period.endMs }, request)
  const paid = prorateByTime(full, { left: toEnd, whole: share.whole })
  if (toEnd === 0n) return paid
  const time = { left: toEnd - share.left, whole: toEnd }
  let credit = prorateByTime(paid, time)
  for (const [meter, allowance] of allowancesOf(terms)) {
    const used = { quantity: request.usedOf(subscription, meter), allowance }
    const ofMeter = creditByConsumption(paid, { time, used })
    credit = minus(credit, larger(ZERO, minus(credit, ofMeter)))
  }
  return minus(paid, credit)
}

/** What a whole period includes of each meter, by its quotas and its charges. */
function allowancesOf({ charges, quotas }: SpanTerms): ReadonlyMap<string, Rational> {
  const allowances = new Map<string, Rational>()
  const add = (meter: string, allowance: Rational): void => {
    if (!isZero(allowance)) allowances.set(meter, larger(allowances.get(meter) ?? ZERO, allowance))
  }
  for (const { meter, price } of charges) if (meter !== null) add(meter, allowanceOf(price))
  for (const { meter, included } of quotas) add(meter, exactly(included))
  return allowances
}

function meteredOf(
  { id, meter, price }: SpanCharge,
  share: Share,
  place: SpanPlace,
  request: SpansRequest,
): SpanMetered {
  assert(meter !== null, 'a charge that is no fee has a meter')
  const full = allowanceOf(price)
  const metered = { chargeId: id, meter, full }
  if (place.subscription.isTrial === true) {
    const free = { ...price, discount: rational(1n), minimum: ZERO }
    return { ...metered, included: full, method: 'trial', price: free }
  }
  if (isWhole(place.held, request.period)) return { ...metered, included: full, method: 'whole', price }
  const included = includedOf(meter, full, place, request)
  const minimum = prorateByTime(price.minimum, share)
  return {
    ...metered,
    included,
    method: request.proration.quota,
    price: { ...withAllowance(price, included), minimum },
  }
}

/** Subscriptions to one plan without a break share what it includes, in any version. */
function includedOf(meter: string, full: Rational, place: SpanPlace, request: SpansRequest): Rational {
  const { subscription, before } = place
  const ofPlan = before.filter(({ subscription: each }) => planSince(each) === planSince(subscription))
  const firstMs = Math.min(place.held.startMs, ...ofPlan.map(({ held }) => held.startMs))
  const { quota } = request.proration
  const all = quota === 'prorate' ? prorateAllowance(full, leftFrom(firstMs, request)) : full
  const earlier = quota === 'carry' ? before : ofPlan
  const used = earlier
    .filter(({ subscription: each }) => each.isTrial !== true)
    .map(({ subscription: each }) => request.usedOf(each, meter))
    .reduce(plus, ZERO)
  return larger(ZERO, minus(all, used))
}

function leftFrom(startMs: number, { period, timezone }: SpansRequest): Share {
  const left = { startMs, endMs: period.endMs }
  return { left: BigInt(daysOf(left, timezone)), whole: BigInt(daysOf(period, timezone)) }
}

function planSince({ planId, planSinceMs, startMs }: Subscription): string {
  return `${planId} ${planSinceMs ?? startMs}`
}
