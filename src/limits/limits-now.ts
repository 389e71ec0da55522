import type { Clock } from '../lib/clock.ts'
import { isoTime } from '../lib/iso-time.ts'
import { overridePlan } from '../model/overrides.ts'
import type { Tenant } from '../model/tenant.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import type { CounterStore } from '../storage/ports/counters.ts'
import { windowCounter } from './call-counters.ts'

/** How full a limit of a tenant is now; names are stable. */
export interface LimitNow {
  readonly tenant_id: string
  readonly limit: string
  /** `requests`, `units` or `concurrent`. */
  readonly counts: string
  readonly amount: number
  readonly used: number
  /** When a used-up limit opens again. */
  readonly resets_at: string
}

/**
 * How full the limits of tenants are, by the very counters that refuse: what is shown is what is enforced.
 *
 * Of the limits that all calls of a tenant share; those of single keys and routes are left out, and so is what
 * has no limit.
 */
export async function limitsNow(
  { store, counters, clock }: LimitsNowParts,
  tenants: readonly Tenant[],
): Promise<readonly LimitNow[]> {
  const nowMs = clock.nowMs()
  const plans = new Map((await store.plans.current()).map(({ plan }) => [plan.id, plan]))
  const rows: LimitNow[] = []
  for (const tenant of tenants) {
    const active = await store.subscriptions.activeAt(tenant.id, nowMs)
    const shared = active === undefined ? undefined : plans.get(active.planId)
    if (shared === undefined) continue
    const call = { tenantId: tenant.id, keyId: '', routeId: '', cost: 1 }
    const limited = overridePlan(shared, tenant.overrides).limits.flatMap((limit) =>
      limit.scope === 'tenant' && limit.amount !== null
        ? [{ limit, amount: limit.amount, counter: windowCounter(limit, limit.amount, 1, call) }]
        : [],
    )
    if (limited.length === 0) continue
    const decision = await counters.peek(
      limited.map(({ counter }) => counter),
      nowMs,
    )
    for (const [index, { limit, amount }] of limited.entries()) {
      const used = amount - (decision.remaining[index] ?? amount)
      const resetsAt = isoTime(decision.resetAtMs[index] ?? nowMs)
      const what = { tenant_id: tenant.id, limit: limit.id, counts: limit.counts }
      rows.push({ ...what, amount, used, resets_at: resetsAt })
    }
  }
  return rows
}

export interface LimitsNowParts {
  readonly store: Pick<ControlTables, 'plans' | 'subscriptions'>
  readonly counters: Pick<CounterStore, 'peek'>
  readonly clock: Clock
}
