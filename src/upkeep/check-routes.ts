import type { Config } from '../config/config.ts'
import type { LedgerStore } from '../storage/ports/ledger.ts'
import { type Finding, warning } from './finding.ts'

/** How far back calls are looked at: a route that is gone is told of for so long. */
const LOOKED_BACK_MS = 86_400_000

/**
 * Routes that earned money in the last 24 hours and stand in the file no more; undefined when there are none.
 *
 * Whoever took one out may not have known that customers pay for it: their calls get 404 since.
 */
export async function checkRoutes(
  ledger: Pick<LedgerStore, 'rollups'>,
  { apis }: Pick<Config, 'apis'>,
  nowMs: number,
): Promise<Finding | undefined> {
  const known = new Set(apis.flatMap(({ id, routes }) => routes.map((route) => `${id}/${route.id}`)))
  const gone = new Map<string, { calls: number; readonly tenants: Set<string> }>()
  for await (const rollup of ledger.rollups({ fromMs: nowMs - LOOKED_BACK_MS, toMs: nowMs })) {
    const { apiId, routeId, billable, subscriptionId, requests, tenantId } = rollup
    const name = `${apiId}/${routeId}`
    if (!billable || subscriptionId === '' || routeId === '' || known.has(name)) continue
    const found = gone.get(name) ?? { calls: 0, tenants: new Set() }
    gone.set(name, found)
    found.calls += requests
    found.tenants.add(tenantId)
  }
  if (gone.size === 0) return undefined
  const told = [...gone]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .slice(0, 5)
    .map(([name, { calls, tenants }]) => `${name} (${calls} billed calls of ${tenants.size} tenants)`)
  return warning(
    'routes',
    `not in the file any more, and used in the last 24 hours: ${told.join(', ')}${gone.size > 5 ? ' …' : ''}`,
    'Their calls get 404 no-route. Put them back into the file, or tell those tenants.',
  )
}
