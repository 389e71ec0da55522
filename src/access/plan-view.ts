import { isoTime } from '../lib/iso-time.ts'
import type { BillingCycle, Plan, PlanVersion } from '../model/plan.ts'

/** A plan in force as scripts and other programs read it. */
export interface PlanView {
  readonly id: string
  readonly name: string
  readonly version: number
  readonly support: string | null
  readonly routes: readonly string[] | 'all'
  readonly features: readonly string[]
  readonly keys: { readonly max: number | null; readonly approval: 'auto' | 'manual' }
  readonly limits: readonly LimitView[]
  readonly quotas: readonly QuotaView[]
  readonly charges: readonly ChargeView[]
  /** What happens while the shared counters are out of reach, where it is not `local`. */
  readonly on_store_failure?: Plan['onStoreFailure']
  /** Tenants on it now or later. */
  readonly subscribers: number
  readonly since: string
}

export interface LimitView {
  readonly id: string
  readonly counts: 'requests' | 'units' | 'concurrent'
  /** null = unlimited. */
  readonly amount: number | null
  /** `moment` when it counts concurrent calls, whose window is 0 ms long. */
  readonly per: string
  readonly window_ms: number
  readonly scope: string
}

export interface QuotaView {
  readonly id: string
  readonly meter: string
  readonly per: string
  readonly included: string
  readonly on_exceed: string
  /** The plan that `upgrade` moves to. */
  readonly upgrade_to?: string
}

export interface ChargeView {
  readonly id: string
  readonly meter: string | null
  readonly price: Readonly<Record<string, unknown>>
  /** How often a fee is due, where it is not with every bill. */
  readonly per?: BillingCycle
}

/** Shows a version of a plan and how many tenants are on the plan. */
export function viewPlan({ plan, version, createdAtMs }: PlanVersion, subscribers: number): PlanView {
  return {
    id: plan.id,
    name: plan.name,
    version,
    support: plan.support,
    routes: plan.routes,
    features: plan.features,
    keys: plan.keys,
    limits: plan.limits.map(({ windowMs, ...limit }) => ({ ...limit, window_ms: windowMs })),
    quotas: plan.quotas.map(({ onExceed, upgradeTo, ...quota }) => {
      return { ...quota, on_exceed: onExceed, ...(upgradeTo !== undefined && { upgrade_to: upgradeTo }) }
    }),
    charges: plan.charges,
    ...(plan.onStoreFailure !== undefined && { on_store_failure: plan.onStoreFailure }),
    subscribers,
    since: isoTime(createdAtMs),
  }
}
