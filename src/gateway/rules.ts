import type { Api, Feature, Meter, Route } from '../model/api.ts'
import type { Grant } from '../model/grant.ts'
import type { Plan } from '../model/plan.ts'
import { Refusal } from './refusal.ts'
import { Router } from './router.ts'

/** What a gateway goes by: the file's apis, and the plans in force. Replaced as a whole, never changed. */
export class Rules {
  readonly router: Router
  readonly plans: ReadonlyMap<string, Plan>
  readonly meters: readonly Meter[]
  readonly #labels: ReadonlyMap<string, string>

  constructor(source: RulesSource) {
    this.router = new Router(source.apis)
    this.plans = new Map(source.plans.map((plan) => [plan.id, plan]))
    this.meters = source.meters
    this.#labels = new Map(source.features.map((feature) => [feature.id, feature.label]))
  }

  /** Why this key may never call this route, whatever its counters say; undefined if it may. */
  gate(grant: Grant, plan: Plan | undefined, route: Route): Refusal | undefined {
    if (grant.tenantState !== 'active') {
      return new Refusal('tenant-suspended', 'The account this key belongs to is suspended.')
    }
    if (plan === undefined) {
      return new Refusal('no-plan', 'The account this key belongs to has no active plan.')
    }
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
    return [...this.plans.values()].filter(
      (plan) => opensRoute(plan, route) && route.requires.every((feature) => plan.features.includes(feature)),
    )
  }
}

/** Plain data: it crosses to the gateway threads. */
export interface RulesSource {
  readonly apis: readonly Api[]
  readonly features: readonly Feature[]
  readonly meters: readonly Meter[]
  readonly plans: readonly Plan[]
}

function opensRoute(plan: Plan, route: Route): boolean {
  return plan.routes === 'all' || plan.routes.includes(route.id)
}

function unlock(plans: readonly Plan[]): string {
  return plans.length === 0 ? '.' : `; ${plans.map((plan) => plan.name).join(', ')} does.`
}
