import type { Route } from '../model/api.ts'
import type { Meter } from '../model/meter.ts'

/** The meters that answers of one route are read for. */
export interface RouteMeters {
  readonly header: readonly Meter[]
  readonly usage: readonly Meter[]
}

/** Finds the meters of each route, once; routes without any are left out. */
export function routeMeters(
  routes: readonly Route[],
  meters: readonly Meter[],
): ReadonlyMap<string, RouteMeters> {
  const found = new Map<string, RouteMeters>()
  for (const { id } of routes) {
    const own = meters.filter((meter) => meter.routes === 'all' || meter.routes.includes(id))
    const header = own.filter(({ from }) => from === 'header')
    const usage = own.filter(({ from }) => from === 'openai-usage')
    if (header.length + usage.length > 0) found.set(id, { header, usage })
  }
  return found
}
