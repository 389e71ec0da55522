import { prefixedId } from '../lib/id.ts'
import type { Subscription } from '../model/tenant.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { record } from './access.ts'

/** A tenant that moved to the newest prices of its plan. */
export interface Migrated {
  readonly tenant: string
  readonly plan: string
  readonly from_version: number
  readonly to_version: number
}

/** Moves every subscription that still has the prices of an older version to those of the newest, from now on. */
export async function migrateSubscribers(
  tables: ControlTables,
  { nowMs, actor, dryRun }: { readonly nowMs: number; readonly actor: string; readonly dryRun: boolean },
): Promise<readonly Migrated[]> {
  const newest = new Map((await tables.plans.current()).map(({ plan, version }) => [plan.id, version]))
  const migrated: Migrated[] = []
  for (const { id: tenant } of await tables.tenants.list()) {
    const active = await tables.subscriptions.activeAt(tenant, nowMs)
    const version = active === undefined ? undefined : newest.get(active.planId)
    if (active === undefined || version === undefined || active.planVersion >= version) continue
    const move = { tenant, plan: active.planId, from_version: active.planVersion, to_version: version }
    migrated.push(move)
    if (dryRun) continue
    await tables.subscriptions.end(active.id, nowMs)
    const next = {
      ...active,
      ...heldSince(active),
      id: prefixedId('sub'),
      planVersion: version,
      startMs: nowMs,
    }
    await tables.subscriptions.insert(next)
    const subject = `tenant:${tenant}`
    await record(tables, { atMs: nowMs, actor, action: 'tenant.prices_migrated', subject, detail: move })
  }
  return migrated
}

/** Other prices of a plan are no new plan: its periods and what it includes go on. */
function heldSince({ startMs, anchorMs = startMs, planSinceMs = startMs }: Subscription) {
  return { anchorMs, planSinceMs }
}
