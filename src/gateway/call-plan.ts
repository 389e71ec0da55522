import { countersOf } from '../limits/call-counters.ts'
import { encodeOrigin } from '../metering/event.ts'
import type { Meter } from '../model/api.ts'
import type { Grant } from '../model/grant.ts'
import type { Period } from '../model/period.ts'
import type { BillingCycle } from '../model/plan.ts'
import type { Counter } from '../storage/ports/counters.ts'
import { policyHeader } from './headers.ts'
import type { Refusal } from './refusal.ts'
import type { MatchedRoute } from './router.ts'
import type { Rules } from './rules.ts'

/**
 * All that is the same for every call of one key on one route, worked out once.
 *
 * Thrown away when the key, its tenant or any plan changes, and when `validUntilMs` passes.
 */
export interface CallPlan {
  readonly matched: MatchedRoute
  /** undefined on a route without authentication. */
  readonly grant: Grant | undefined
  /** Set when the call is never admitted: suspended, no plan, gated. */
  readonly refusal: Refusal | undefined
  readonly counters: readonly Counter[]
  readonly hasQuota: boolean
  readonly policy: string
  /** The fields that tell the upstream who calls: name, value … */
  readonly identity: readonly string[]
  readonly origin: string
  readonly usageUnits: number
  /** Whether usage is ever billed: test keys and open routes never are. */
  readonly billed: boolean
  readonly meters: readonly Meter[]
  readonly validUntilMs: number
}

/** Works out the plan of a call. `grant` is undefined on a route with `auth: none`. */
export function planCall(
  rules: Rules,
  matched: MatchedRoute,
  grant: Grant | undefined,
  periodOf: (cycle: BillingCycle) => Period,
): CallPlan {
  const { api, route } = matched
  const plan = grant?.planId == null ? undefined : rules.plans.get(grant.planId)
  const refusal = grant === undefined ? undefined : rules.gate(grant, plan, route)
  const counters =
    grant === undefined || plan === undefined || grant.tenantState !== 'active'
      ? []
      : countersOf(
          plan,
          { tenantId: grant.tenantId, keyId: grant.keyId, routeId: route.id, cost: route.cost },
          periodOf,
        )
  const periodEnds = counters.map((counter) => counter.periodEndMs).filter((endMs) => endMs > 0)
  return {
    matched,
    grant,
    refusal,
    counters,
    hasQuota: periodEnds.length > 0,
    policy: policyHeader(counters),
    identity: grant === undefined ? [] : identityFields(grant, plan?.features ?? []),
    origin: encodeOrigin({
      source: 'gateway',
      tenantId: grant?.tenantId ?? '',
      keyId: grant?.keyId ?? '',
      planId: grant?.planId ?? '',
      planVersion: grant?.planVersion ?? 0,
      subscriptionId: grant?.subscriptionId ?? '',
      apiId: api.id,
      routeId: route.id,
    }),
    usageUnits: route.cost,
    billed: grant !== undefined && grant.keyMode === 'live',
    meters: rules.meters,
    validUntilMs: Math.min(...periodEnds, grant?.planUntilMs ?? Number.POSITIVE_INFINITY),
  }
}

function identityFields(grant: Grant, features: readonly string[]): string[] {
  const fields = ['x-gatez-tenant', grant.tenantId, 'x-gatez-key', grant.keyId]
  if (grant.planId !== null) fields.push('x-gatez-plan', grant.planId)
  if (features.length > 0) fields.push('x-gatez-features', features.join(','))
  return fields
}
