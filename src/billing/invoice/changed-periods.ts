import { type BillingCalendar, billingPeriodAt, heldPlan } from '../../model/billing-calendar.ts'
import type { BillingPeriodRow, Invoice } from '../../model/invoice.ts'
import { FAR_MS, type Period, periodName } from '../../model/period.ts'
import type { Subscription } from '../../model/tenant.ts'
import type { LedgerStore } from '../../storage/ports/ledger.ts'
import type { SubscriptionStore } from '../../storage/ports/subscriptions.ts'
import { isBilledIn } from './period-bills.ts'
import { sealedPeriod } from './sealed-period.ts'

/**
 * The closed periods before another one of which something may still be to bill: the ledger took something in since their
 * usage was last billed, or an invoice that is made again adjusted them.
 *
 * Where periods begin with subscriptions, a tenant is adjusted in periods of its own, so that it gets no invoice for that
 * of another; who has none left, in any. Periods in which nobody can be adjusted now are left out.
 */
export async function changedPeriods(
  { ledger, subscriptions }: ChangedStores,
  { closed, before, replaced, billing }: ChangedRequest,
): Promise<readonly ChangedPeriod[]> {
  const adjusted = adjustedPeriods(replaced)
  const closedNames = new Set(closed.map(periodName))
  const changed: ChangedPeriod[] = []
  for (const row of closed) {
    if (row.endMs > before.startMs) continue
    const { seals } = await sealedPeriod(ledger, row)
    if (seals === row.seals && !adjusted.has(periodName(row))) continue
    if (billing.anchor !== 'subscription') {
      changed.push({ ...row, seals, tenants: undefined, isForAll: true })
      continue
    }
    const since = await subscriptions.during(row.startMs, FAR_MS)
    const waiting = waitingTenants(since, { before, billing, closedNames })
    const all = new Set(
      since.filter((each) => isBilledIn(each, row, billing)).map(({ tenantId }) => tenantId),
    )
    const tenants = new Set([...all].filter((tenantId) => !waiting.has(tenantId)))
    const isForAll = tenants.size === all.size
    if (isForAll || tenants.size > 0) changed.push({ ...row, seals, tenants, isForAll })
  }
  return changed
}

export interface ChangedStores {
  readonly ledger: Pick<LedgerStore, 'seals'>
  readonly subscriptions: Pick<SubscriptionStore, 'during'>
}

export interface ChangedRequest {
  readonly closed: readonly BillingPeriodRow[]
  /** The period that is billed now. */
  readonly before: Period
  /** Invoices that another one takes the place of. */
  readonly replaced: readonly Invoice[]
  readonly billing: BillingCalendar
}

/** An earlier period with what its seals come to now. */
export interface ChangedPeriod extends BillingPeriodRow {
  /** Who is adjusted now; undefined for everybody. */
  readonly tenants: ReadonlySet<string> | undefined
  /** Nobody is left who is adjusted later. */
  readonly isForAll: boolean
}

function adjustedPeriods(invoices: readonly Invoice[]): ReadonlySet<string> {
  const lines = invoices.flatMap(({ content }) => content.lines)
  return new Set(lines.filter(({ kind }) => kind === 'adjustment').map(({ period }) => periodName(period)))
}

/** Tenants for which this is not their period, and one of their own is still to be billed. */
function waitingTenants(
  subscriptions: readonly Subscription[],
  { before, billing, closedNames }: WaitingRequest,
): ReadonlySet<string> {
  const waiting = new Set<string>()
  const own = new Set<string>()
  for (const each of subscriptions) {
    const { tenantId, startMs, endMs } = each
    if ((endMs ?? FAR_MS) > before.startMs && isBilledIn(each, before, billing)) own.add(tenantId)
    const { anchorMs } = heldPlan(each)
    const isOver =
      endMs !== null &&
      closedNames.has(periodName(billingPeriodAt(billing, Math.max(startMs, endMs - 1), anchorMs)))
    if (!isOver) waiting.add(tenantId)
  }
  return new Set([...waiting].filter((tenantId) => !own.has(tenantId)))
}

interface WaitingRequest extends Pick<ChangedRequest, 'before' | 'billing'> {
  readonly closedNames: ReadonlySet<string>
}
