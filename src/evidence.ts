import { findTenant } from './access/find-tenant.ts'
import { openApp } from './app.ts'
import { GatezError } from './errors/gatez-error.ts'
import { didYouMean } from './lib/closest.ts'
import { parseStatusFilter, tailUsage } from './metering/tail-usage.ts'
import { openUsageLog } from './storage/open.ts'

/**
 * What commands need that look at single calls: the app, with the usage log opened beside it.
 *
 * Kept apart from the app, so that no other command waits for that store. Dispose it when done.
 */
export async function openEvidence(configFile: string) {
  await using opened = new AsyncDisposableStack()
  const app = opened.use(await openApp(configFile))
  const usageLog = opened.use(await openUsageLog(app.config))
  const keep = opened.move()

  return {
    tailUsage: (written: WrittenTail) => followUsage(written),
    [Symbol.asyncDispose]: () => keep.disposeAsync(),
  }

  async function* followUsage(written: WrittenTail) {
    const { tenant, route, status } = written
    if (route !== undefined) refuseUnknownRoute(route)
    const tenantId = tenant === undefined ? undefined : (await findTenant(app.store, tenant)).id
    const statuses = status === undefined ? undefined : parseStatusFilter(status)
    yield* tailUsage({ usageLog }, { ...written, tenantId, routeId: route, statuses })
  }

  function refuseUnknownRoute(route: string): void {
    const ids = app.config.apis.flatMap((api) => api.routes.map(({ id }) => id))
    if (ids.includes(route)) return
    const hint = didYouMean(route, ids)
    const detail = `--route is ${JSON.stringify(route)}, which the file does not have${hint}: gatez routes list.`
    throw new GatezError('invalid-parameter', detail)
  }
}

/** Which calls to watch, as flags bring it. */
export interface WrittenTail {
  /** Id or external id. */
  readonly tenant?: string | undefined
  readonly route?: string | undefined
  /** As `4xx,500-504`. */
  readonly status?: string | undefined
  readonly last: number
  readonly follow: boolean
  readonly signal: AbortSignal
}
