import type { BillingTerms } from '../../metering/usage-amounts.ts'
import { billingPeriodAt, heldPlan } from '../../model/billing-calendar.ts'
import { type Period, periodName } from '../../model/period.ts'
import type { ControlTables } from '../../storage/ports/control-store.ts'

/**
 * The billing periods that are over and not closed, oldest first: since the first subscription began.
 *
 * Where periods begin with subscriptions, those of all of them. `closeAfterMs` is how long after its end a period may be
 * closed.
 */
export async function duePeriods(
  store: Pick<ControlTables, 'invoices' | 'subscriptions'>,
  { billing, closeAfterMs, nowMs }: DueRequest,
): Promise<readonly Period[]> {
  const firstMs = await store.subscriptions.firstStartMs()
  if (firstMs === undefined) return []
  const closed = new Set((await store.invoices.closedPeriods()).map(periodName))
  const due = new Map<string, Period>()
  for (const { startMs, endMs, anchorMs } of await spansBilled(store, { billing, firstMs, nowMs })) {
    let period = billingPeriodAt(billing, startMs, anchorMs)
    while (period.endMs + closeAfterMs <= nowMs && period.startMs < endMs) {
      if (!closed.has(periodName(period))) due.set(periodName(period), period)
      period = billingPeriodAt(billing, period.endMs, anchorMs)
    }
  }
  return [...due.values()].sort((one, other) => one.startMs - other.startMs || one.endMs - other.endMs)
}

export interface DueRequest {
  readonly billing: BillingTerms
  readonly closeAfterMs: number
  readonly nowMs: number
}

async function spansBilled(
  { subscriptions }: Pick<ControlTables, 'subscriptions'>,
  { billing, firstMs, nowMs }: Omit<DueRequest, 'closeAfterMs'> & { readonly firstMs: number },
): Promise<readonly (Period & { readonly anchorMs: number | null })[]> {
  if (billing.anchor !== 'subscription') return [{ startMs: firstMs, endMs: nowMs, anchorMs: null }]
  return (await subscriptions.during(firstMs, nowMs)).map((subscription) => {
    const { startMs, endMs } = subscription
    return { startMs, endMs: endMs ?? nowMs, anchorMs: heldPlan(subscription).anchorMs }
  })
}
