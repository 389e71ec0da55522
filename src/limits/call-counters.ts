import type { QuotaPeriod } from '../model/billing-calendar.ts'
import type { BillingCycle, Limit, Plan, Quota } from '../model/plan.ts'
import { exactly, floorOf, type Rational } from '../model/rational.ts'
import { prorateAllowance } from '../pricing/allowance.ts'
import { Counter, LOG_LIMIT, NEVER_REFUSES } from '../storage/ports/counters.ts'

/** Whose call it is, as far as limits care. */
export interface LimitedCall {
  readonly tenantId: string
  readonly keyId: string
  readonly routeId: string
  /** What the route costs in `units`. */
  readonly cost: number
}

/**
 * The counters of a call: one for each limit and each quota of calls or units of its plan.
 *
 * Names are those of design 5: `rl:{tenant}:{route}:{window}` with `*` for the tenant's own scope and
 * `key.<id>` for a key's. Unlimited ones and those that the call does not use are left out. A quota that does not
 * block counts as the others do and never refuses.
 */
export function countersOf(
  plan: Plan,
  call: LimitedCall,
  periodOf: (cycle: BillingCycle) => QuotaPeriod,
): Counter[] {
  const counters: Counter[] = []
  for (const limit of plan.limits) {
    const cost = limit.counts === 'units' ? call.cost : 1
    if (limit.amount !== null && cost > 0) counters.push(windowCounter(limit, limit.amount, cost, call))
  }
  for (const quota of plan.quotas) {
    const cost = quota.meter === 'units' ? call.cost : 1
    if (isCounted(quota) && cost > 0) counters.push(quotaCounter(quota, cost, call, periodOf))
  }
  return counters
}

/** The counter of one limit, for a call that takes `cost` of it. */
export function windowCounter(limit: Limit, amount: number, cost: number, call: LimitedCall): Counter {
  const isConcurrent = limit.counts === 'concurrent'
  return new Counter({
    tenantId: call.tenantId,
    name: `rl:{${call.tenantId}}:${scopeName(limit, call)}:${limit.id}`,
    kind: isConcurrent ? 'concurrent' : amount > LOG_LIMIT ? 'steps' : 'log',
    id: limit.id,
    amount,
    cost,
    windowMs: limit.windowMs,
  })
}

/** What a quota includes in a period: the part of it that holds. */
export function includedIn({ included }: Pick<Quota, 'included'>, { share }: QuotaPeriod): Rational {
  const whole = exactly(included)
  return share === undefined ? whole : prorateAllowance(whole, share)
}

/** Whether what a call takes of a quota is known before it goes through: that of others is in the ledger only. */
export function isCounted({ meter }: Quota): boolean {
  return meter === 'calls' || meter === 'units'
}

/** The counter of one quota in the period that holds now. A part of a unit never opens a call. */
export function quotaCounter(
  quota: Quota,
  cost: number,
  call: LimitedCall,
  periodOf: (cycle: BillingCycle) => QuotaPeriod,
): Counter {
  const period = periodOf(quota.per)
  const allowance = Number(floorOf(includedIn(quota, period)))
  const blocks = quota.onExceed === 'block'
  return new Counter({
    tenantId: call.tenantId,
    name: `q:{${call.tenantId}}:${quota.id}`,
    kind: 'quota',
    id: quota.id,
    amount: blocks ? allowance : NEVER_REFUSES,
    allowance: blocks ? allowance : Math.min(allowance, NEVER_REFUSES - 1),
    cost,
    windowMs: 0,
    periodStartMs: period.startMs,
    periodEndMs: period.endMs,
  })
}

function scopeName(limit: Limit, call: LimitedCall): string {
  switch (limit.scope) {
    case 'tenant':
      return '*'
    case 'key':
      return `key.${call.keyId}`
    case 'route':
      return call.routeId
    case 'key-route':
      return `key.${call.keyId}.${call.routeId}`
  }
}
