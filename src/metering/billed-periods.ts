import { type BillingCalendar, billingPeriodAt, billingPeriods, heldPlan } from '../model/billing-calendar.ts'
import { type Period, periodAt } from '../model/period.ts'
import type { Subscription } from '../model/tenant.ts'

/**
 * The billing periods that a span is made of; undefined when it begins or ends inside of one.
 *
 * Where periods begin with each tenant's subscription, those of all tenants have none in common: name one, by its
 * `subscriptions` in the span, of which the last says where its periods begin.
 */
export function billedPeriods(
  billing: BillingCalendar,
  span: Period,
  subscriptions: readonly Subscription[] | undefined,
): readonly Period[] | undefined {
  if (billing.anchor === 'subscription' && subscriptions === undefined) return undefined
  return billingPeriods(billing, span, heldPlan(subscriptions?.at(-1)).anchorMs)
}

/** The billing periods that a span of whole days lies in; undefined when a day is cut, or where tenants have none in common. */
export function periodsAround(
  billing: BillingCalendar,
  span: Period,
  subscriptions: readonly Subscription[] | undefined,
): readonly Period[] | undefined {
  if (billing.anchor === 'subscription' && subscriptions === undefined) return undefined
  const isMidnight = (ms: number): boolean => periodAt('day', billing.timezone, ms).startMs === ms
  if (!isMidnight(span.startMs) || !isMidnight(span.endMs)) return undefined
  const { anchorMs } = heldPlan(subscriptions?.at(-1))
  const { startMs } = billingPeriodAt(billing, span.startMs, anchorMs)
  const { endMs } = billingPeriodAt(billing, span.endMs - 1, anchorMs)
  return billingPeriods(billing, { startMs, endMs }, anchorMs)
}
