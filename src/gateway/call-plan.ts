import { countersOf } from '../limits/call-counters.ts'
import type { PeriodFinder } from '../limits/period-finder.ts'
import { encodeCaller } from '../metering/event.ts'
import type { Route } from '../model/api.ts'
import type { Grant } from '../model/grant.ts'
import { overridePlan } from '../model/overrides.ts'
import type { Counter } from '../storage/ports/counters.ts'
import { policyHeader } from './headers.ts'
import type { Refusal } from './refusal.ts'
import type { MatchedRoute } from './router.ts'
import { PlanInForce, type Rules } from './rules.ts'

/** What the plan of a key says of one call. */
export interface CallPlan {
  readonly matched: MatchedRoute
  readonly caller: Caller
  /** Set when the call is never admitted: suspended, no plan, gated. */
  readonly refusal: Refusal | undefined
  readonly limits: CounterSet
}

/** The counters of a call, and what can be said of them before any is asked. */
export interface CounterSet {
  readonly counters: readonly Counter[]
  /** Whether one of them is a quota, which is given back when the call is not billed. */
  readonly hasQuota: boolean
  /** Whether one of them counts calls in flight, and is released when the call ends. */
  readonly hasConcurrent: boolean
  /** The value of `RateLimit-Policy`. */
  readonly policy: string
  /** When the billing period of a quota ends, and the set with it. */
  readonly validUntilMs: number
}

/**
 * Who calls, with everything that is the same for all calls of one key, worked out once.
 *
 * Thrown away when the key, its tenant or any plan changes.
 */
export class Caller {
  /** undefined on routes without authentication. */
  readonly grant: Grant | undefined
  readonly plan: PlanInForce | undefined
  /** The fields that tell the upstream who calls: name, value … */
  readonly identity: readonly string[]
  /** Whether usage is ever billed: test keys and open routes never are. */
  readonly billed: boolean
  /** The part of every event that names the caller (metering/event.ts). */
  readonly origin: string
  readonly #sets = new Map<string | number, CounterSet>()

  constructor(grant: Grant | undefined, rules: Rules) {
    this.grant = grant
    this.plan = grant === undefined ? undefined : planOf(grant, rules)
    this.identity = grant === undefined ? [] : identityFields(grant, this.plan?.plan.features ?? [])
    this.billed = grant !== undefined && grant.keyMode === 'live'
    this.origin = originOf(grant)
  }

  /** What the plan says of a call at `nowMs`. */
  planCall(matched: MatchedRoute, rules: Rules, nowMs: number, periodOf: PeriodFinder): CallPlan {
    const { route } = matched
    const { grant, plan } = this
    if (grant === undefined) return { matched, caller: this, refusal: undefined, limits: NO_LIMITS }
    const refusal = rules.gate(grant, plan, route)
    const limits =
      plan === undefined || grant.tenantState !== 'active'
        ? NO_LIMITS
        : this.#countersFor(grant, plan, route, nowMs, periodOf)
    return { matched, caller: this, refusal, limits }
  }

  #countersFor(
    grant: Grant,
    plan: PlanInForce,
    route: Route,
    nowMs: number,
    periodOf: PeriodFinder,
  ): CounterSet {
    // Most plans count all routes alike: one set serves them.
    const name = plan.countsByRoute ? route.id : plan.countsUnits ? route.cost : ''
    const known = this.#sets.get(name)
    if (known !== undefined && known.validUntilMs > nowMs) return known
    const call = { tenantId: grant.tenantId, keyId: grant.keyId, routeId: route.id, cost: route.cost }
    const counters = countersOf(plan.plan, call, (cycle) => periodOf(cycle, nowMs, grant))
    const periodEnds = counters.flatMap((counter) => (counter.kind === 'quota' ? [counter.periodEndMs] : []))
    const set: CounterSet = {
      counters,
      hasQuota: periodEnds.length > 0,
      hasConcurrent: counters.some(({ kind }) => kind === 'concurrent'),
      policy: policyHeader(counters),
      validUntilMs: Math.min(Number.POSITIVE_INFINITY, ...periodEnds),
    }
    this.#sets.set(name, set)
    return set
  }
}

/** The plan in force for the tenant of a key, with what the tenant has beside it. */
function planOf(grant: Grant, rules: Rules): PlanInForce | undefined {
  const plan = grant.planId === null ? undefined : rules.plans.get(grant.planId)
  if (plan === undefined || grant.overrides === null) return plan
  return new PlanInForce(overridePlan(plan.plan, grant.overrides))
}

const NO_LIMITS: CounterSet = {
  counters: [],
  hasQuota: false,
  hasConcurrent: false,
  policy: '',
  validUntilMs: Number.POSITIVE_INFINITY,
}

function identityFields(grant: Grant, features: readonly string[]): string[] {
  const fields = ['x-gatez-tenant', grant.tenantId, 'x-gatez-key', grant.keyId]
  if (grant.planId !== null) fields.push('x-gatez-plan', grant.planId)
  if (features.length > 0) fields.push('x-gatez-features', features.join(','))
  return fields
}

function originOf(grant: Grant | undefined): string {
  if (grant === undefined) return encodeCaller(NOBODY)
  const { tenantId, keyId, planVersion, subscriptionId } = grant
  return encodeCaller({
    source: 'gateway',
    tenantId,
    keyId,
    planId: grant.planId ?? '',
    planVersion,
    subscriptionId,
  })
}

const NOBODY = {
  source: 'gateway',
  tenantId: '',
  keyId: '',
  planId: '',
  planVersion: 0,
  subscriptionId: '',
} as const
