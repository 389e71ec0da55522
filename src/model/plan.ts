/** What a plan allows and costs. A plan as written in `gatez.yaml`, after defaults are filled in. */
export interface Plan {
  readonly id: string
  readonly name: string
  /** What help its subscribers get, in the operator's words. */
  readonly support: string | null
  /** Ids of the routes it opens, or all of them. */
  readonly routes: readonly string[] | 'all'
  /** Ids of the features it includes. */
  readonly features: readonly string[]
  readonly keys: KeyRules
  readonly limits: readonly Limit[]
  readonly quotas: readonly Quota[]
  readonly charges: readonly Charge[]
  /** What happens while the counts that nodes share are out of reach; not there = `local`. */
  readonly onStoreFailure?: OnStoreFailure
}

/** `local`: each node lets its share of every limit through; `closed`: no call passes; `open`: every call does. */
export type OnStoreFailure = 'local' | 'closed' | 'open'

export interface KeyRules {
  /** How many keys a tenant may hold (approved and active); null = any number. */
  readonly max: number | null
  readonly approval: 'auto' | 'manual'
}

/**
 * A sliding window, never more than `amount` in any trailing `windowMs`; or, when it counts `concurrent`
 * calls, never more than `amount` in flight at any moment.
 */
export interface Limit {
  /** Unique in the plan; `<scope>-<per>` unless named. Counts belong to (scope, id). */
  readonly id: string
  /** `requests` counts 1, `units` the cost of the route, `concurrent` what is in flight. */
  readonly counts: 'requests' | 'units' | 'concurrent'
  /** null = unlimited: the limit is shown, never enforced. */
  readonly amount: number | null
  /** 0 when it counts `concurrent` calls. */
  readonly windowMs: number
  /** As written: `minute`, `day`, `10s` …; `moment` when it counts `concurrent` calls. */
  readonly per: string
  readonly scope: LimitScope
}

/** Whose calls share one counter. `route` is one tenant on one route, `key-route` one key on one route. */
export type LimitScope = 'tenant' | 'key' | 'route' | 'key-route'

/** An allowance of one meter per billing period and tenant. */
export interface Quota {
  /** Unique in the plan; `<meter>-<per>` unless named. */
  readonly id: string
  readonly meter: string
  readonly per: BillingCycle
  /** A decimal string. */
  readonly included: string
  /**
   * What happens to a call for which nothing is left. `block` answers 429. The others let it pass: `bill` because it
   * has a price, `notify` because a message is enough, `upgrade` because the tenant moves to the plan `upgradeTo`.
   */
  readonly onExceed: 'block' | 'bill' | 'notify' | 'upgrade'
  /** Id of a plan; there with `upgrade` only. */
  readonly upgradeTo?: string
}

export type BillingCycle = 'day' | 'week' | 'month' | 'year'

/** One line of the bill: a price for a meter, or a fee without one. Priced by `src/pricing`. */
export interface Charge {
  readonly id: string
  readonly meter: string | null
  readonly price: Readonly<Record<string, unknown>>
  /** How often a fee is due, counted from the day a tenant came to the plan; not there = with every bill. */
  readonly per?: BillingCycle
}

/** A plan as stored: `version` counts up from 1 with each change. */
export interface PlanVersion {
  readonly plan: Plan
  readonly version: number
  /** SHA-256 of the plan's canonical JSON, hex. */
  readonly hash: string
  readonly createdAtMs: number
}
