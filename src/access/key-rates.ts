import type { Plan } from '../model/plan.ts'

/** What a plan lets through, in the two numbers other systems know a key by. */
export interface KeyRates {
  /** Requests a minute; without a limit a minute, those of the plan's shortest window. null = unlimited. */
  readonly rate_limit: number | null
  /** Calls a month that its quota includes; null when no quota counts them. */
  readonly monthly_quota: number | null
}

/** Reads them off a plan. Of several limits with one window the smallest holds. */
export function ratesOf(plan: Plan | undefined): KeyRates {
  const limits = (plan?.limits ?? [])
    .filter((limit) => limit.counts === 'requests' && (limit.scope === 'tenant' || limit.scope === 'key'))
    .toSorted(
      (one, other) =>
        one.windowMs - other.windowMs ||
        (one.amount ?? Number.POSITIVE_INFINITY) - (other.amount ?? Number.POSITIVE_INFINITY),
    )
  const limit = limits.find(({ windowMs }) => windowMs === MINUTE_MS) ?? limits[0]
  const quota = plan?.quotas.find(({ meter, per }) => meter === 'calls' && per === 'month')
  return {
    rate_limit: limit?.amount ?? null,
    monthly_quota: quota === undefined ? null : Number(quota.included),
  }
}

const MINUTE_MS = 60_000
