import { type BillingCalendar, billingPeriodAt, heldPlan } from '../../model/billing-calendar.ts'
import { type Period, periodName } from '../../model/period.ts'
import { runsIn, type Subscription } from '../../model/tenant.ts'
import type { InvoiceStore } from '../../storage/ports/invoices.ts'
import type { LedgerStore } from '../../storage/ports/ledger.ts'
import type { SubscriptionStore } from '../../storage/ports/subscriptions.ts'
import { isBilledIn } from './period-bills.ts'
import { eventsUnder } from './sealed-period.ts'

/**
 * The closed periods of a tenant, oldest first, which took events in since they were last billed: what the invoice of
 * `before` will adjust. None while an earlier invoice is still to be made, which will have it.
 *
 * Whoever looks at a page may ask this every few seconds: so it asks the store for one number for each of the last twelve
 * periods, and reads no seals. Every event that comes late adds to that number, one that takes back another as well. What
 * comes to older periods is seen by a run alone.
 */
export async function latePeriods(
  { invoices, ledger, subscriptions }: LateStores,
  { tenantId, before, billing }: LateRequest,
): Promise<readonly Period[]> {
  const held = (await subscriptions.list(tenantId)).filter(({ startMs }) => startMs < before.startMs)
  const closed = await invoices.closedPeriods()
  const last = lastPeriod(held, before, billing)
  if (last === undefined || !closed.some((row) => periodName(row) === periodName(last))) return []
  const own = closed.filter((row) => {
    return row.endMs <= before.startMs && held.some((each) => isOf(each, row, billing))
  })
  const late: Period[] = []
  for (const row of own.slice(-PERIODS_MAX)) {
    const events = await ledger.sealedEvents(row.startMs, row.endMs)
    if (events !== eventsUnder(row.seals)) late.push(row)
  }
  return late
}

export interface LateStores {
  readonly invoices: Pick<InvoiceStore, 'closedPeriods'>
  readonly ledger: Pick<LedgerStore, 'sealedEvents'>
  readonly subscriptions: Pick<SubscriptionStore, 'list'>
}

export interface LateRequest {
  readonly tenantId: string
  /** The period that runs. */
  readonly before: Period
  readonly billing: BillingCalendar
}

const PERIODS_MAX = 12

/** The last one of the tenant that is over when this one begins. */
function lastPeriod(
  held: readonly Subscription[],
  { startMs }: Period,
  billing: BillingCalendar,
): Period | undefined {
  const last = held.at(-1)
  if (last === undefined) return undefined
  const lastMs = Math.max(last.startMs, Math.min(last.endMs ?? startMs, startMs) - 1)
  return billingPeriodAt(billing, lastMs, heldPlan(last).anchorMs)
}

function isOf(subscription: Subscription, period: Period, billing: BillingCalendar): boolean {
  return runsIn(subscription, period) && isBilledIn(subscription, period, billing)
}
