import { type BillingCalendar, billingPeriods, heldPlan } from '../model/billing-calendar.ts'
import type { Period } from '../model/period.ts'
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
