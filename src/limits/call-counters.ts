import type { Period } from '../model/period.ts'
import type { BillingCycle, Limit, OnStoreFailure, Plan, Quota } from '../model/plan.ts'
import { Counter, LOG_LIMIT } from '../storage/ports/counters.ts'

/** Whose call it is, as far as limits care. */
export interface LimitedCall {
  readonly tenantId: string
  readonly keyId: string
  readonly routeId: string
  /** What the route costs in `units`. */
  readonly cost: number
}

/**
 * The counters a call must find room in: one for each limit and each blocking quota of its plan.
 *
 * Names are those of design 5: `rl:{tenant}:{route}:{window}` with `*` for the tenant's own scope and
 * `key.<id>` for a key's. Unlimited ones and those that the call does not use are left out.
 */
export function countersOf(
  plan: Plan,
  call: LimitedCall,
  periodOf: (cycle: BillingCycle) => Period,
): Counter[] {
  const counters: Counter[] = []
  for (const limit of plan.limits) {
    const cost = limit.counts === 'units' ? call.cost : 1
    if (limit.amount !== null && cost > 0)
      counters.push(windowCounter(limit, limit.amount, cost, call, plan.onStoreFailure))
  }
  for (const quota of plan.quotas) {
    const cost = quota.meter === 'units' ? call.cost : 1
    if (quota.onExceed === 'block' && cost > 0)
      counters.push(quotaCounter(quota, cost, call, periodOf, plan.onStoreFailure))
  }
  return counters
}

/** The counter of one limit, for a call that takes `cost` of it. */
export function windowCounter(
  limit: Limit,
  amount: number,
  cost: number,
  call: LimitedCall,
  onStoreFailure?: OnStoreFailure,
): Counter {
  const isConcurrent = limit.counts === 'concurrent'
  return new Counter({
    tenantId: call.tenantId,
    name: `rl:{${call.tenantId}}:${scopeName(limit, call)}:${limit.id}`,
    kind: isConcurrent ? 'concurrent' : amount > LOG_LIMIT ? 'steps' : 'log',
    id: limit.id,
    amount,
    cost,
    windowMs: limit.windowMs,
    onStoreFailure,
  })
}

/** The counter of one quota in the period that holds now. A part of a unit never opens a call. */
export function quotaCounter(
  quota: Quota,
  cost: number,
  call: LimitedCall,
  periodOf: (cycle: BillingCycle) => Period,
  onStoreFailure?: OnStoreFailure,
): Counter {
  const period = periodOf(quota.per)
  return new Counter({
    tenantId: call.tenantId,
    name: `q:{${call.tenantId}}:${quota.id}`,
    kind: 'quota',
    id: quota.id,
    amount: Math.floor(Number(quota.included)),
    cost,
    windowMs: 0,
    periodStartMs: period.startMs,
    periodEndMs: period.endMs,
    onStoreFailure,
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
