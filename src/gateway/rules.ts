import type { Api, Feature, Route } from '../model/api.ts'
import type { Dimension } from '../model/dimension.ts'
import type { Grant } from '../model/grant.ts'
import type { Meter } from '../model/meter.ts'
import type { Plan } from '../model/plan.ts'
import type { Counter } from '../storage/ports/counters.ts'
import type { OwnPaths } from './own-endpoints.ts'
import { Refusal } from './refusal.ts'
import { type RouteMeters, routeMeters } from './route-meters.ts'
import { Router } from './router.ts'
import { tenantRefusal } from './tenant-refusal.ts'

/** What a gateway goes by: the file's apis, and the plans in force. Replaced as a whole, never changed. */
export class Rules {
  readonly router: Router
  readonly plans: ReadonlyMap<string, PlanInForce>
  /** The meters that answers of a route are read for; routes without any are not in it. */
  readonly routeMeters: ReadonlyMap<string, RouteMeters>
  readonly dimensions: readonly Dimension[]
  readonly ownPaths: OwnPaths
  readonly #labels: ReadonlyMap<string, string>
  readonly #more = new Map<string, readonly string[]>()

  constructor(source: RulesSource) {
    this.router = new Router(source.apis)
    this.plans = new Map(source.plans.map((plan) => [plan.id, new PlanInForce(plan)]))
    const routes = source.apis.flatMap((api) => api.routes)
    this.routeMeters = routeMeters(routes, source.meters)
    this.dimensions = source.dimensions ?? []
    this.ownPaths = source.ownPaths
    this.#labels = new Map(source.features.map((feature) => [feature.id, feature.label]))
  }

  /** Why this key may never call this route, whatever its counters say; undefined if it may. */
  gate(grant: Grant, plan: PlanInForce | undefined, route: Route): Refusal | undefined {
    const suspended = tenantRefusal(grant.tenantState)
    if (suspended !== undefined) {
      return suspended
    }
    if (plan === undefined) {
      return NO_PLAN
    }
    let refusal = plan.gates.get(route.id)
    if (refusal === undefined) {
      refusal = this.#routeGate(plan.plan, route) ?? OPEN
      plan.gates.set(route.id, refusal)
    }
    return refusal === OPEN ? undefined : refusal
  }

  /**
   * The plans on which a call that found no room would have more of what it lacked: `upgrade_to`.
   *
   * More of the same window and scope, or no such limit at all; in the order of the file.
   */
  plansWithMore(planId: string, route: Route, counter: Counter): readonly string[] {
    const known = `${planId} ${route.id} ${counter.id} ${counter.amount}`
    let found = this.#more.get(known)
    if (found === undefined) {
      const own = this.plans.get(planId)?.plan
      found = this.#plansThatOpen(route)
        .filter((plan) => plan.id !== planId && own !== undefined && allowsMore(plan, own, counter))
        .map((plan) => plan.id)
      this.#more.set(known, found)
    }
    return found
  }

  #routeGate(plan: Plan, route: Route): Refusal | undefined {
    if (!opensRoute(plan, route)) return this.#routeRefusal(plan, route)
    const missing = route.requires.find((feature) => !plan.features.includes(feature))
    return missing === undefined ? undefined : this.#featureRefusal(plan, route, missing)
  }

  #routeRefusal(plan: Plan, route: Route): Refusal {
    const plans = this.#plansThatOpen(route)
    return new Refusal(
      'route-not-in-plan',
      `The plan ${plan.name} does not include ${route.id}${unlock(plans)}`,
      {
        extra: { plan: plan.id, route: route.id, upgrade_to: plans.map((other) => other.id) },
      },
    )
  }

  #featureRefusal(plan: Plan, route: Route, feature: string): Refusal {
    const plans = this.#plansThatOpen(route)
    const label = this.#labels.get(feature) ?? feature
    const needed =
      plans[0] === undefined ? 'a plan that no one can choose yet' : `the ${plans[0].name} plan or higher`
    return new Refusal('feature-not-in-plan', `${label} requires ${needed}.`, {
      extra: { plan: plan.id, route: route.id, feature, upgrade_to: plans.map((other) => other.id) },
    })
  }

  /** In the order of the file, which operators write from small to large. */
  #plansThatOpen(route: Route): Plan[] {
    return [...this.plans.values()]
      .map(({ plan }) => plan)
      .filter(
        (plan) =>
          opensRoute(plan, route) && route.requires.every((feature) => plan.features.includes(feature)),
      )
  }
}

/** A plan with what is worked out of it once. */
export class PlanInForce {
  readonly plan: Plan
  /** Whether a counter belongs to one route, or a call takes what its route costs. */
  readonly countsByRoute: boolean
  readonly countsUnits: boolean
  /** What the gate says of a route, by its id, once asked. */
  readonly gates = new Map<string, Refusal | typeof OPEN>()

  constructor(plan: Plan) {
    this.plan = plan
    this.countsByRoute = plan.limits.some((limit) => limit.scope === 'route' || limit.scope === 'key-route')
    this.countsUnits =
      plan.limits.some((limit) => limit.counts === 'units') ||
      plan.quotas.some((quota) => quota.meter === 'units')
  }
}

const OPEN = 'open'

const NO_PLAN = new Refusal('no-plan', 'The account this key belongs to has no active plan.')

/** Plain data: it crosses to the gateway threads. */
export interface RulesSource {
  readonly apis: readonly Api[]
  readonly features: readonly Feature[]
  readonly meters: readonly Meter[]
  readonly dimensions?: readonly Dimension[]
  readonly plans: readonly Plan[]
  /** Where gatez answers itself. */
  readonly ownPaths: OwnPaths
}

function allowsMore(plan: Plan, own: Plan, counter: Counter): boolean {
  if (counter.kind === 'quota') {
    const mine = own.quotas.find((quota) => quota.id === counter.id)
    const theirs = plan.quotas.filter(
      (quota) => quota.onExceed === 'block' && quota.meter === mine?.meter && quota.per === mine.per,
    )
    return theirs.every((quota) => Number(quota.included) > counter.amount)
  }
  const mine = own.limits.find((limit) => limit.id === counter.id)
  const theirs = plan.limits.filter(
    (limit) =>
      limit.counts === mine?.counts && limit.windowMs === mine.windowMs && limit.scope === mine.scope,
  )
  return theirs.every(({ amount }) => amount === null || amount > counter.amount)
}

function opensRoute(plan: Plan, route: Route): boolean {
  return plan.routes === 'all' || plan.routes.includes(route.id)
}

function unlock(plans: readonly Plan[]): string {
  const names = plans.map((plan) => plan.name)
  if (names.length === 0) return '.'
  return names.length === 1
    ? `; ${names[0]} does.`
    : `; ${names.slice(0, -1).join(', ')} and ${names.at(-1)} do.`
}
