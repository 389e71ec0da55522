import { openApp } from './app.ts'
import { parseUsageQuery, type WrittenUsageQuery } from './metering/usage-query.ts'
import { usageTenantId } from './metering/usage-tenant.ts'
import type { Reconciliation } from './reconcile/reconcile.ts'
import { reconcileStores } from './reconcile/reconcile-stores.ts'
import { openUsageLog } from './storage/open.ts'

/**
 * What commands need that prove, open up or take back what was counted: the app, and the usage log beside it.
 *
 * Dispose it when done.
 */
export async function openProof(configFile: string) {
  await using opened = new AsyncDisposableStack()
  const app = opened.use(await openApp(configFile))
  opened.use(await openUsageLog(app.config))
  const keep = opened.move()

  return {
    reconcile: (written: WrittenUsageQuery) => reconcileWritten(written),
    [Symbol.asyncDispose]: () => keep.disposeAsync(),
  }

  async function reconcileWritten(written: WrittenUsageQuery): Promise<Reconciliation> {
    const { config, clock, store } = app
    const { timezone } = config.billing
    const { span, tenant } = parseUsageQuery(written, {
      nowMs: clock.nowMs(),
      timezone,
      by: [],
      meters: [],
      dimensions: [],
    })
    const tenantId = tenant === undefined ? undefined : await usageTenantId(store.tenants, tenant)
    return reconcileStores(config, { span, tenantId })
  }
}
