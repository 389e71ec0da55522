import { canonicalJson } from '../../lib/canonical-json.ts'
import { DigestSum, digestOf } from '../../lib/digest.ts'
import { type TermsBook, withSpans } from '../../metering/bill-spans.ts'
import { LedgerUsage, type UsageOfSubscription } from '../../metering/ledger-usage.ts'
import type { BillingTerms } from '../../metering/usage-amounts.ts'
import { type BillingCalendar, billingPeriodAt, heldPlan } from '../../model/billing-calendar.ts'
import type { Period } from '../../model/period.ts'
import type { Subscription } from '../../model/tenant.ts'
import type { SubscriptionSpan } from '../../pricing/subscription-spans.ts'
import type { LedgerStore, Rollup } from '../../storage/ports/ledger.ts'
import type { SubscriptionStore } from '../../storage/ports/subscriptions.ts'

/**
 * What every tenant used in one billing period, by subscription, with proof: the ledger read once.
 *
 * Sorted by tenant, then by when the subscription began. Memory grows with subscriptions and keys, not with usage.
 */
export async function periodBills(stores: BillStores, request: BillRequest): Promise<readonly ProvenBill[]> {
  const { period, tenantId, billing, prices } = request
  const all = await stores.subscriptions.during(period.startMs, period.endMs)
  const subscriptions = all.filter((each) => {
    return (tenantId === undefined || each.tenantId === tenantId) && isBilledIn(each, period, billing)
  })
  const usage = new LedgerUsage([period], subscriptions)
  const isOurs = billing.anchor === 'subscription' ? new Set(subscriptions.map(({ id }) => id)) : undefined
  const proofs = new Map<string, Proof>()
  const filter = { fromMs: period.startMs, toMs: period.endMs, ...(tenantId !== undefined && { tenantId }) }
  for await (const rollup of stores.ledger.rollups(filter)) {
    if (!rollup.billable || rollup.subscriptionId === '') continue
    if (isOurs?.has(rollup.subscriptionId) === false) continue
    usage.add(rollup, '')
    const proof = proofs.get(rollup.subscriptionId) ?? new Proof()
    proofs.set(rollup.subscriptionId, proof)
    proof.add(rollup)
  }
  const before = { beforeMs: period.startMs, ...(tenantId !== undefined && { tenantId }) }
  const tenants = new Set(subscriptions.map((each) => each.tenantId))
  for (const level of await stores.ledger.levels(before)) {
    if (isOurs === undefined || tenants.has(level.tenantId)) usage.addLevel(level)
  }
  const bills = await withSpans(usage.bills(), prices, billing)
  return bills.map((bill) => {
    const proof = proofs.get(bill.subscriptionId) ?? new Proof()
    return { bill, events: proof.events, evidence: proof.text }
  })
}

export interface BillStores {
  readonly ledger: Pick<LedgerStore, 'rollups' | 'levels'>
  readonly subscriptions: Pick<SubscriptionStore, 'during'>
}

export interface BillRequest {
  /** A billing period; where they begin with subscriptions, only those are looked at that have this one. */
  readonly period: Period
  readonly billing: BillingTerms
  readonly prices: TermsBook
  /** The one tenant that is asked for; undefined for all. */
  readonly tenantId?: string | undefined
}

/** Usage, and what proves it. */
export interface ProvenBill {
  readonly bill: BillOfSubscription
  /** Billable requests and events. */
  readonly events: number
  /** What the rollups come to: equal for equal rollups only, in whatever order they were read. */
  readonly evidence: string
}

/** What one subscription used, with its part of fees and allowances. */
export type BillOfSubscription = UsageOfSubscription & { readonly span?: SubscriptionSpan }

/** Whether a subscription that holds at some moment of a period has it for its billing period. */
export function isBilledIn(subscription: Subscription, period: Period, billing: BillingCalendar): boolean {
  if (billing.anchor !== 'subscription') return true
  const atMs = Math.max(period.startMs, subscription.startMs)
  const own = billingPeriodAt(billing, atMs, heldPlan(subscription).anchorMs)
  return own.startMs === period.startMs && own.endMs === period.endMs
}

class Proof {
  events = 0
  readonly #sum = new DigestSum()

  get text(): string {
    return this.#sum.text
  }

  add(rollup: Rollup): void {
    this.events += rollup.requests
    this.#sum.add(digestOf(canonicalJson(rollup)))
  }
}
