import { dayAt, daysOf, type Period, periodAt } from '../model/period.ts'
import type { BillingCycle } from '../model/plan.ts'
import { minus, plus, type Rational, ZERO } from '../model/rational.ts'
import type { Subscription } from '../model/tenant.ts'
import { prorateByTime, type Share } from './prorate.ts'

/**
 * What a fee with a cycle of its own costs in one billing period: $300 a year, say, where bills are monthly.
 *
 * Its cycles are counted from the day the tenant came to the plan. Each is billed whole, on the bill of the period in which
 * it begins; a subscription that begins inside of one (to other prices of the same plan) pays from then on. One that ends
 * inside of one gets the rest back, by days, on the bill of the period in which it ends. So all bills of a subscription add
 * up to the days it held. Undefined where nothing of it falls into the period.
 */
export function cycleFee(full: Rational, cycle: BillingCycle, place: CyclePlace): CycleFee | undefined {
  const { subscription, period, timezone } = place
  const { startMs, endMs, planSinceMs = startMs } = subscription
  const anchor = dayAt(planSinceMs, timezone)
  const cycleOf = (ms: number): Period => periodAt(cycle, timezone, ms, anchor)
  const parts: FeePart[] = []
  let atMs = Math.max(startMs, period.startMs)
  const untilMs = Math.min(endMs ?? period.endMs, period.endMs)
  while (atMs < untilMs) {
    const { startMs: beganMs, endMs: overMs } = cycleOf(atMs)
    const dueMs = Math.max(beganMs, startMs)
    if (dueMs >= period.startMs)
      parts.push(partOf(full, { startMs: dueMs, endMs: overMs }, cycleOf(atMs), timezone))
    atMs = overMs
  }
  if (endMs !== null && endMs > period.startMs && endMs <= period.endMs && endMs > startMs) {
    // The last moment it held: one that ends with its cycle gets nothing back.
    const last = cycleOf(endMs - 1)
    const rest = { startMs: endMs, endMs: last.endMs }
    if (endMs < last.endMs) {
      const { amount, ...part } = partOf(full, rest, last, timezone)
      parts.push({ ...part, amount: minus(ZERO, amount) })
    }
  }
  const [first] = parts
  if (first === undefined) return undefined
  const span = {
    startMs: Math.min(...parts.map((part) => part.span.startMs)),
    endMs: Math.max(...parts.map((part) => part.span.endMs)),
  }
  const amount = parts.map((part) => part.amount).reduce(plus, ZERO)
  return { amount, span, share: parts.length === 1 ? first.share : null }
}

export interface CyclePlace {
  readonly subscription: Pick<Subscription, 'startMs' | 'endMs' | 'planSinceMs'>
  /** The billing period. */
  readonly period: Period
  readonly timezone: string
}

/** What of a fee falls into a billing period. */
export interface CycleFee {
  /** Below 0 where more is given back than begins. */
  readonly amount: Rational
  /** What it is for. */
  readonly span: Period
  /** Days of it and days of its cycle, where it is about one. */
  readonly share: Share | null
}

interface FeePart {
  readonly amount: Rational
  readonly span: Period
  readonly share: Share
}

/** Until when the fees of a plan are paid: the end of the longest cycle that runs. Undefined where none has one of its own. */
export function paidUntilMs(
  charges: readonly { readonly per?: BillingCycle }[],
  subscription: CyclePlace['subscription'],
  { nowMs, timezone }: { readonly nowMs: number; readonly timezone: string },
): number | undefined {
  const { startMs, planSinceMs = startMs } = subscription
  const anchor = dayAt(planSinceMs, timezone)
  const ends = charges.flatMap(({ per }) =>
    per === undefined ? [] : [periodAt(per, timezone, nowMs, anchor).endMs],
  )
  return ends.length === 0 ? undefined : Math.max(...ends)
}

function partOf(full: Rational, span: Period, cycle: Period, timezone: string): FeePart {
  const share = { left: BigInt(daysOf(span, timezone)), whole: BigInt(daysOf(cycle, timezone)) }
  return { amount: prorateByTime(full, share), span, share }
}
