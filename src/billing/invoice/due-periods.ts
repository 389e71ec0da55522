import type { BillingTerms } from '../../metering/usage-amounts.ts'
import { type Period, periodAt } from '../../model/period.ts'
import type { ControlTables } from '../../storage/ports/control-store.ts'

/**
 * The billing periods that are over and not closed, oldest first: since the first subscription began.
 *
 * `closeAfterMs` is how long after its end a period may be closed.
 */
export async function duePeriods(
  store: Pick<ControlTables, 'invoices' | 'subscriptions'>,
  { billing, closeAfterMs, nowMs }: DueRequest,
): Promise<readonly Period[]> {
  const closed = new Set((await store.invoices.closedPeriods()).map(({ startMs }) => startMs))
  const firstMs = await store.subscriptions.firstStartMs()
  const due: Period[] = []
  if (firstMs === undefined) return due
  let period = periodAt(billing.period, billing.timezone, firstMs)
  while (period.endMs + closeAfterMs <= nowMs) {
    if (!closed.has(period.startMs)) due.push(period)
    period = periodAt(billing.period, billing.timezone, period.endMs)
  }
  return due
}

export interface DueRequest {
  readonly billing: BillingTerms
  readonly closeAfterMs: number
  readonly nowMs: number
}
