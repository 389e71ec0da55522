import type { Clock } from '../lib/clock.ts'
import { isoTime } from '../lib/iso-time.ts'
import { includedIn } from '../limits/call-counters.ts'
import { heldPlan, type QuotaRules, quotaPeriodAt } from '../model/billing-calendar.ts'
import { overridePlan } from '../model/overrides.ts'
import type { Quota } from '../model/plan.ts'
import { formatQuantity } from '../model/quantity.ts'
import { floorOf, formatExactly, isZero, over, rational, times } from '../model/rational.ts'
import type { Tenant } from '../model/tenant.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { quantityOf } from './meter-sums.ts'
import { QuotaUse, type UseStores } from './quota-use.ts'
import type { AggregationOf } from './roll-up.ts'

/**
 * How far the quotas of tenants are used in the periods that run now, by the ledger, and what was told of them.
 *
 * A quota is followed by the same sums that bill it: so it is what the report says, and what the alerts go by.
 */
export async function listQuotas(
  parts: ListQuotasParts,
  tenants: readonly Tenant[],
): Promise<readonly QuotaRow[]> {
  const { store, clock } = parts
  const nowMs = clock.nowMs()
  const plans = new Map((await store.plans.current()).map(({ plan }) => [plan.id, plan]))
  const rows: QuotaRow[] = []
  for (const tenant of tenants) {
    const subscriptions = await store.subscriptions.list(tenant.id)
    const active = await store.subscriptions.activeAt(tenant.id, nowMs)
    const shared = active === undefined ? undefined : plans.get(active.planId)
    if (active === undefined || shared === undefined) continue
    const plan = overridePlan(shared, tenant.overrides)
    const use = new QuotaUse(
      onlyLedger(store),
      { tenantId: tenant.id, subscriptions, notes: [] },
      parts.aggregationOf,
    )
    const told = plan.quotas.length === 0 ? [] : await store.quotas.told(tenant.id, 0)
    for (const quota of plan.quotas) {
      const period = quotaPeriodAt(parts.billing, quota.per, nowMs, heldPlan(active))
      const used = await use.of(quota, period)
      const included = includedIn(quota, period)
      rows.push({
        tenant_id: tenant.id,
        plan: plan.id,
        quota: quota.id,
        meter: quota.meter,
        used: formatQuantity(used),
        included: formatExactly(included),
        percent: isZero(included)
          ? null
          : floorOf(times(over(quantityOf(used), included), rational(100n))).toString(),
        on_exceed: onExceedText(quota),
        from: isoTime(period.startMs),
        to: isoTime(period.endMs),
        told: told
          .filter(
            ({ planId, quotaId, periodMs }) =>
              planId === plan.id && quotaId === quota.id && periodMs === period.startMs,
          )
          .map(({ threshold }) => threshold),
      })
    }
  }
  return rows
}

export interface ListQuotasParts {
  readonly store: Pick<ControlTables, 'ledger' | 'plans' | 'quotas' | 'subscriptions'>
  readonly clock: Clock
  readonly billing: QuotaRules
  readonly aggregationOf: AggregationOf
}

/** One quota of one tenant; the names are stable. */
export interface QuotaRow {
  readonly tenant_id: string
  readonly plan: string
  readonly quota: string
  readonly meter: string
  readonly used: string
  /** What holds for this tenant in this period. */
  readonly included: string
  /** A whole number, rounded down; null where nothing is included. */
  readonly percent: string | null
  /** `upgrade:` is followed by the plan. */
  readonly on_exceed: string
  readonly from: string
  readonly to: string
  /** Thresholds that were told of in this period, in percent. */
  readonly told: readonly number[]
}

function onExceedText({ onExceed, upgradeTo }: Quota): string {
  return upgradeTo === undefined ? onExceed : `${onExceed}:${upgradeTo}`
}

/** Looking writes nothing, and waits for nobody who does. */
function onlyLedger({ ledger }: ListQuotasParts['store']): UseStores {
  return { ledger, quotas: { used: async () => undefined, setUsed: async () => {} } }
}
