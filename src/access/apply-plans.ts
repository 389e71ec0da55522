import { GatezError } from '../errors/gatez-error.ts'
import { canonicalJson } from '../lib/canonical-json.ts'
import { sha256Hex } from '../model/key.ts'
import type { Plan } from '../model/plan.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { type Access, record, type Signed } from './access.ts'
import { type Migrated, migrateSubscribers } from './migrate-subscribers.ts'
import { isChange, type PlanChange, planChanges, planHash } from './plan-changes.ts'

/**
 * Puts the plans of the file in force: a new version for each that changed, all or none of them.
 *
 * A plan that left the file is withdrawn; one with subscribers cannot leave (`plan-in-use`). The same
 * file twice changes nothing. With `dryRun` nothing is written, and what would be refused is refused.
 *
 * In mode `start` a file equal to one that was applied before the newest is stale: a node that missed
 * a change must not take it back, so nothing is done. Mode `explicit` is the operator's word and does.
 */
export async function applyPlans(
  { store, clock }: Access,
  { plans, actor, mode, dryRun = false, migrate = false }: ApplyPlansRequest,
): Promise<AppliedPlans> {
  const nowMs = clock.nowMs()
  const hash = sha256Hex(canonicalJson(plans))

  const apply = async (tables: ControlTables): Promise<AppliedPlans> => {
    const appliedHashes = await tables.plans.appliedHashes()
    if (mode === 'start' && appliedHashes.indexOf(hash) > 0)
      return { stale: true, changed: false, plans: [], migrated: [] }

    const changes = await planChanges(tables, plans)
    await refuseLosingSubscribers(tables, changes, nowMs)
    const isNewFile = appliedHashes[0] !== hash
    if (isNewFile && !dryRun) {
      await write(tables, plans, changes, nowMs)
      await tables.plans.insertApplied(hash, nowMs)
      const detail = { hash, plans: changes.filter(isChange) }
      await record(tables, { atMs: nowMs, actor, action: 'plans.applied', subject: 'plans', detail })
    }
    const migrated = migrate ? await migrateSubscribers(tables, { nowMs, actor, dryRun }) : []
    return { stale: false, changed: changes.some(isChange), plans: changes, migrated }
  }
  return dryRun ? apply(store) : store.transaction(apply)
}

export interface ApplyPlansRequest extends Signed {
  /** All plans of the file, in its order. */
  readonly plans: readonly Plan[]
  readonly mode: 'explicit' | 'start'
  readonly dryRun?: boolean
  /** Also moves subscribers to the newest prices of their plans. */
  readonly migrate?: boolean
}

export interface AppliedPlans {
  /** The file is older than what is in force; nothing was done. */
  readonly stale: boolean
  /** Whether any plan is new, changed or withdrawn. */
  readonly changed: boolean
  /** The plans of the file in its order, then the withdrawn ones. */
  readonly plans: readonly PlanChange[]
  /** Tenants that moved, or would move, to the newest prices. */
  readonly migrated: readonly Migrated[]
}

async function refuseLosingSubscribers(
  tables: ControlTables,
  changes: readonly PlanChange[],
  nowMs: number,
): Promise<void> {
  const used: string[] = []
  for (const { plan, change } of changes) {
    if (change !== 'withdrawn') continue
    const count = await tables.subscriptions.countSubscribers(plan, nowMs)
    if (count > 0) used.push(`${plan} (${count} ${count === 1 ? 'tenant' : 'tenants'})`)
  }
  if (used.length === 0) return
  throw new GatezError('plan-in-use', `The file lacks plans that have subscribers: ${used.join(', ')}.`)
}

async function write(
  tables: ControlTables,
  plans: readonly Plan[],
  changes: readonly PlanChange[],
  nowMs: number,
): Promise<void> {
  const changed = new Set(changes.filter(isChange).map((change) => change.plan))
  for (const [position, plan] of plans.entries()) {
    if (changed.has(plan.id)) await tables.plans.insertVersion(plan, planHash(plan), position, nowMs)
    else await tables.plans.setPosition(plan.id, position)
  }
  for (const { plan, change } of changes) if (change === 'withdrawn') await tables.plans.withdraw(plan)
}
