import { countersOf } from '../limits/call-counters.ts'
import type { PeriodFinder } from '../limits/period-finder.ts'
import type { HeldPlan } from '../model/billing-calendar.ts'
import type { Plan } from '../model/plan.ts'
import { type CounterStore, leftOf } from '../storage/ports/counters.ts'

/** What is left of one limit or quota. */
export interface CounterLeft {
  readonly id: string
  readonly kind: 'limit' | 'quota'
  readonly limit: number
  readonly used: number
  readonly remaining: number
  readonly resetsAtMs: number
}

/**
 * What a tenant has left of the limits and quotas of its plan, by the counters that refuse: what is shown is what is
 * enforced. Those of single keys and routes are left out.
 */
export async function limitsLeft(
  { counters, periodOf }: LimitsLeftParts,
  { tenantId, plan, held, nowMs }: LimitsAsked,
): Promise<readonly CounterLeft[]> {
  const whole = { ...plan, limits: plan.limits.filter(({ scope }) => scope === 'tenant') }
  const call = { tenantId, keyId: '', routeId: '', cost: 1 }
  const asked = countersOf(whole, call, (cycle) => periodOf(cycle, nowMs, held))
  if (asked.length === 0) return []
  const { remaining, resetAtMs } = await counters.peek(asked, nowMs)
  return asked.map((counter, index) => ({
    ...{ id: counter.id, kind: counter.kind === 'quota' ? 'quota' : 'limit', limit: counter.allowance },
    used: counter.amount - (remaining[index] ?? 0),
    remaining: leftOf(counter, remaining[index] ?? 0),
    resetsAtMs: resetAtMs[index] ?? nowMs,
  }))
}

export interface LimitsLeftParts {
  readonly counters: Pick<CounterStore, 'peek'>
  readonly periodOf: PeriodFinder
}

export interface LimitsAsked {
  readonly tenantId: string
  readonly plan: Plan
  readonly held: HeldPlan
  readonly nowMs: number
}
