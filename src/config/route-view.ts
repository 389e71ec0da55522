import { planOpensRoute } from '../model/plan-routes.ts'
import type { Config } from './config.ts'

/** A route as scripts and other programs read it. */
export interface RouteView {
  readonly id: string
  readonly api: string
  /** Empty = every host. */
  readonly hosts: readonly string[]
  /** Empty = any method. */
  readonly methods: readonly string[]
  readonly path: string
  readonly cost: number
  readonly requires: readonly string[]
  readonly auth: 'key' | 'none'
  /** Plans of the file that open it and have every feature it requires, in the order of the file. */
  readonly plans: readonly string[]
}

/** All routes of the file, in its order, each with the plans whose subscribers may call it. */
export function viewRoutes({ apis, plans }: Pick<Config, 'apis' | 'plans'>): readonly RouteView[] {
  return apis.flatMap((api) =>
    api.routes.map((route) => ({
      id: route.id,
      api: api.id,
      hosts: api.hosts,
      methods: route.methods,
      path: route.path,
      cost: route.cost,
      requires: route.requires,
      auth: route.auth,
      plans: plans.filter((plan) => planOpensRoute(plan, route)).map((plan) => plan.id),
    })),
  )
}
