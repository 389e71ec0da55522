import { CALENDAR, dayAt, type Period, periodAt, wholePeriods } from './period.ts'
import type { BillingCycle } from './plan.ts'

/** When billing periods begin and end: how long they are, where days begin, and from which day they are counted. */
export interface BillingCalendar {
  readonly period: BillingCycle
  /** IANA. */
  readonly timezone: string
  readonly anchor: BillingAnchor
}

/**
 * `calendar`: with the months (days, weeks, years) of the calendar. `subscription`: for each tenant with the day its
 * subscriptions began. Else a day as `2001-01-15`: for all tenants so many periods before or after it.
 */
export type BillingAnchor = string

/** The billing period that holds a moment. `anchorMs` is that of the tenant's subscription, if it has one. */
export function billingPeriodAt(calendar: BillingCalendar, atMs: number, anchorMs: number | null): Period {
  return quotaPeriodAt(calendar, calendar.period, atMs, anchorMs)
}

/**
 * The period of a quota that holds a moment.
 *
 * One as long as a billing period is the billing period; others are those of the calendar.
 */
export function quotaPeriodAt(
  calendar: BillingCalendar,
  cycle: BillingCycle,
  atMs: number,
  anchorMs: number | null,
): Period {
  const anchor = cycle === calendar.period ? anchorDay(calendar, anchorMs) : CALENDAR
  return periodAt(cycle, calendar.timezone, atMs, anchor)
}

/** The billing periods that a span is made of; undefined when it begins or ends inside of one. */
export function billingPeriods(
  calendar: BillingCalendar,
  span: Period,
  anchorMs: number | null,
): readonly Period[] | undefined {
  return wholePeriods(span, calendar.period, calendar.timezone, anchorDay(calendar, anchorMs))
}

function anchorDay({ anchor, timezone }: BillingCalendar, anchorMs: number | null): string {
  if (anchor === 'calendar') return CALENDAR
  if (anchor !== 'subscription') return anchor
  return anchorMs === null ? CALENDAR : dayAt(anchorMs, timezone)
}
