import { type App, openApp } from './app.ts'
import { processEnvironment, remoteFromEnvironment } from './config/environment.ts'
import { remoteProof } from './control/remote.ts'
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
export async function openProof(configFile: string): Promise<Proof> {
  const remote = remoteFromEnvironment(processEnvironment())
  if (remote !== undefined) return remoteProof(remote)
  await using opened = new AsyncDisposableStack()
  const app = opened.use(await openApp(configFile))
  opened.use(await openUsageLog(app.config))
  const keep = opened.move()
  return { ...proofOn(app), [Symbol.asyncDispose]: () => keep.disposeAsync() }
}

/** What proves the numbers. */
export interface Proof extends AsyncDisposable {
  reconcile(written: WrittenUsageQuery): Promise<Reconciliation>
}

/** The same on a store that is open, with a usage log that was opened before. */
export function proofOn({
  config,
  clock,
  store,
}: Pick<App, 'config' | 'clock' | 'store'>): Omit<Proof, typeof Symbol.asyncDispose> {
  return { reconcile: (written: WrittenUsageQuery) => reconcileWritten(written) }

  async function reconcileWritten(written: WrittenUsageQuery): Promise<Reconciliation> {
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
