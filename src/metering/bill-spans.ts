import type { BillingCalendar } from '../model/billing-calendar.ts'
import type { Period } from '../model/period.ts'
import type { Proration } from '../model/proration.ts'
import type { Rational } from '../model/rational.ts'
import type { Subscription } from '../model/tenant.ts'
import { type SpanTerms, type SubscriptionSpan, subscriptionSpans } from '../pricing/subscription-spans.ts'
import { heldPeriod } from './charge-lines.ts'
import type { UsageOfSubscription } from './ledger-usage.ts'
import { meterFemtos, quantityOf } from './meter-sums.ts'
import type { Terms } from './price-book.ts'

/** How parts of periods are reckoned where nothing is said. */
const DEFAULT_PRORATION: Proration = { fee: 'days', quota: 'carry' }

/**
 * Gives each bill its part of the fees and allowances of its period, which `chargeLines` goes by.
 *
 * A tenant's bills of one period are looked at together: what one plan left or used says what the next includes.
 * All bills of that tenant and period must be among them. Those of subscriptions that are not known stay without.
 */
export async function withSpans<Bill extends UsageOfSubscription>(
  bills: readonly Bill[],
  prices: TermsBook,
  billing: SpanRules,
): Promise<readonly (Bill & { readonly span?: SubscriptionSpan })[]> {
  const groups = Map.groupBy(bills, ({ period, tenantId }) => `${period.startMs} ${tenantId}`)
  const spans = new Map<Bill, SubscriptionSpan>()
  for (const group of groups.values()) {
    const found = await spansOf(group, prices, billing)
    for (const bill of group) {
      const span = found.find(({ subscription }) => subscription.id === bill.subscriptionId)
      if (span !== undefined) spans.set(bill, span)
    }
  }
  return bills.map((bill) => {
    const span = spans.get(bill)
    return span === undefined ? bill : { ...bill, span }
  })
}

/** Finds what a plan costs and includes for a tenant in a period. */
export interface TermsBook {
  terms(of: Terms & { readonly period: Period }): Promise<SpanTerms | undefined>
}

export interface SpanRules extends BillingCalendar {
  /** `DEFAULT_PRORATION` if not given. */
  readonly proration?: Proration
}

async function spansOf(
  bills: readonly UsageOfSubscription[],
  prices: TermsBook,
  billing: SpanRules,
): Promise<readonly SubscriptionSpan[]> {
  const known = bills.flatMap(({ subscription }) => subscription ?? [])
  const period = bills[0]?.period
  if (period === undefined || known.length === 0) return []
  const terms = new Map<string, SpanTerms | undefined>()
  for (const bill of bills) terms.set(bill.subscriptionId, await prices.terms(bill))
  return subscriptionSpans({
    period,
    subscriptions: known,
    termsOf: ({ id }) => terms.get(id),
    usedOf: ({ id }, meter) => usedOf(bills, id, meter),
    timezone: billing.timezone,
    proration: billing.proration ?? DEFAULT_PRORATION,
  })
}

function usedOf(bills: readonly UsageOfSubscription[], id: Subscription['id'], meter: string): Rational {
  const bill = bills.find(({ subscriptionId }) => subscriptionId === id)
  if (bill === undefined) return quantityOf(0n)
  const parts = [...bill.keys.values()].flatMap((used) => [...used.values()])
  return quantityOf(meterFemtos(meter, parts, heldPeriod(bill)))
}
