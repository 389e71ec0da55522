import type { Route } from './api.ts'
import type { Plan } from './plan.ts'

/** Whether subscribers of the plan may call the route: it opens it, and has every feature the route requires. */
export function planOpensRoute(plan: Pick<Plan, 'routes' | 'features'>, route: OpenedRoute): boolean {
  if (plan.routes !== 'all' && !plan.routes.includes(route.id)) return false
  return route.requires.every((feature) => plan.features.includes(feature))
}

type OpenedRoute = Pick<Route, 'id' | 'requires'>
