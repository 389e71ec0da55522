import { CALENDAR, dayAt, daysOf, type Period, periodAt, wholePeriods } from './period.ts'
import type { BillingCycle } from './plan.ts'
import type { Proration } from './proration.ts'
import type { Subscription } from './tenant.ts'

/** When billing periods begin and end: how long they are, where days begin, and from which day they are counted. */
export interface BillingCalendar {
  readonly period: BillingCycle
  /** IANA. */
  readonly timezone: string
  /** With the calendar if not given. */
  readonly anchor?: BillingAnchor
}

/**
 * `calendar`: with the months (days, weeks, years) of the calendar. `subscription`: for each tenant with the day its
 * subscriptions began. Else a day as `2001-01-15`: for all tenants so many periods before or after it.
 */
export type BillingAnchor = string

/** The billing period that holds a moment. `anchorMs` is that of the tenant's subscription, if it has one. */
export function billingPeriodAt(calendar: BillingCalendar, atMs: number, anchorMs: number | null): Period {
  return periodAt(calendar.period, calendar.timezone, atMs, anchorDay(calendar, anchorMs))
}

/**
 * The period of a quota that holds a moment, as far as its uses count.
 *
 * One as long as a billing period is the billing period; others are those of the calendar. For who came to the plan
 * inside of it `carry` counts from its beginning, `fresh` and `prorate` from then on.
 */
export function quotaPeriodAt(
  rules: QuotaRules,
  cycle: BillingCycle,
  atMs: number,
  held: HeldPlan,
): QuotaPeriod {
  const { timezone } = rules
  const method = rules.proration?.quota ?? 'carry'
  const anchor = cycle === rules.period ? anchorDay(rules, held.anchorMs) : CALENDAR
  const period = periodAt(cycle, timezone, atMs, anchor)
  const sinceMs = held.planSinceMs ?? period.startMs
  if (method === 'carry' || sinceMs <= period.startMs || sinceMs >= period.endMs) return period
  const counted = { startMs: sinceMs, endMs: period.endMs, isSincePlan: true as const }
  if (method === 'fresh') return counted
  const share = { left: BigInt(daysOf(counted, timezone)), whole: BigInt(daysOf(period, timezone)) }
  return { ...counted, share }
}

/** Since when the tenant of a subscription has had plans, and this one. */
export function heldPlan(subscription: Subscription | undefined): HeldPlan {
  if (subscription === undefined) return { anchorMs: null, planSinceMs: null }
  const { startMs, anchorMs = startMs, planSinceMs = startMs } = subscription
  return { anchorMs, planSinceMs }
}

/** The period of a quota. */
export interface QuotaPeriod extends Period {
  /** It began when the tenant came to the plan: what was used before is not counted. */
  readonly isSincePlan?: true
  /** The part of the allowance that holds: days left of the days of the period; not there = all of it. */
  readonly share?: { readonly left: bigint; readonly whole: bigint }
}

/** When quotas begin anew, and what holds of them after a change of plan. */
export interface QuotaRules extends BillingCalendar {
  /** `carry` if not given. */
  readonly proration?: Pick<Proration, 'quota'>
}

/** Since when a tenant has had plans, and this one, without a break; null without one. */
export interface HeldPlan {
  readonly anchorMs: number | null
  readonly planSinceMs: number | null
}

/** The billing periods that a span is made of; undefined when it begins or ends inside of one. */
export function billingPeriods(
  calendar: BillingCalendar,
  span: Period,
  anchorMs: number | null,
): readonly Period[] | undefined {
  return wholePeriods(span, calendar.period, calendar.timezone, anchorDay(calendar, anchorMs))
}

function anchorDay({ anchor = 'calendar', timezone }: BillingCalendar, anchorMs: number | null): string {
  if (anchor === 'calendar') return CALENDAR
  if (anchor !== 'subscription') return anchor
  return anchorMs === null ? CALENDAR : dayAt(anchorMs, timezone)
}
