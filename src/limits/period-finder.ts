import { type HeldPlan, type QuotaPeriod, type QuotaRules, quotaPeriodAt } from '../model/billing-calendar.ts'
import type { BillingCycle } from '../model/plan.ts'

/**
 * Finds the periods of quotas, working each out once while all tenants share them: calendars are slow.
 *
 * Where they differ by tenant, each caller keeps its own until it ends.
 */
export function periodFinder(billing: QuotaRules): PeriodFinder {
  const isShared = (billing.anchor ?? 'calendar') !== 'subscription'
  const byPlan = (billing.proration?.quota ?? 'carry') !== 'carry'
  const found = new Map<string, QuotaPeriod>()
  return (cycle, atMs, held = NOBODY) => {
    const known = found.get(cycle)
    const isKnown = known !== undefined && atMs >= known.startMs && atMs < known.endMs
    const begins = byPlan && isKnown && (held.planSinceMs ?? 0) > known.startMs
    if (isKnown && !begins) return known
    const period = quotaPeriodAt(billing, cycle, atMs, held)
    if (isShared && period.isSincePlan !== true) found.set(cycle, period)
    return period
  }
}

const NOBODY = { anchorMs: null, planSinceMs: null }

/** Finds the period of a quota that holds a moment, for who holds a plan since then. */
export type PeriodFinder = (cycle: BillingCycle, atMs: number, held?: HeldPlan) => QuotaPeriod
