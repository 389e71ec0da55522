import { canonicalJson } from '../lib/canonical-json.ts'
import { sha256Hex } from '../model/key.ts'
import type { Plan, PlanVersion } from '../model/plan.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'

/** What becomes of one plan when the file is applied; in the form scripts read. */
export interface PlanChange {
  readonly plan: string
  readonly change: 'new' | 'changed' | 'unchanged' | 'withdrawn'
  /** null for a plan that is not in force yet. */
  readonly from_version: number | null
  /** null for a plan that is withdrawn. */
  readonly to_version: number | null
  /** The fields that differ, as the file names them. */
  readonly fields: readonly string[]
}

/** Compares the file with the plans in force: those of the file in its order, then the withdrawn. */
export async function planChanges(
  tables: ControlTables,
  plans: readonly Plan[],
): Promise<readonly PlanChange[]> {
  const current = await tables.plans.current()
  const changes: PlanChange[] = []
  for (const plan of plans) {
    const before = current.find((version) => version.plan.id === plan.id)
    changes.push(before === undefined ? await toNew(tables, plan) : toChanged(before, plan))
  }
  const inFile = new Set(plans.map((plan) => plan.id))
  return [...changes, ...current.filter((version) => !inFile.has(version.plan.id)).map(toWithdrawn)]
}

/** Whether it is more than a look. */
export function isChange(change: PlanChange): boolean {
  return change.change !== 'unchanged'
}

/** The hash that tells versions of a plan apart; the order of fields does not matter. */
export function planHash(plan: Plan): string {
  return sha256Hex(canonicalJson(plan))
}

// A plan that was withdrawn and comes back counts on from its last version.
async function toNew(tables: ControlTables, { id }: Plan): Promise<PlanChange> {
  const last = await tables.plans.find(id)
  return { plan: id, change: 'new', from_version: null, to_version: (last?.version ?? 0) + 1, fields: [] }
}

function toChanged(before: PlanVersion, plan: Plan): PlanChange {
  const isSame = before.hash === planHash(plan)
  return {
    plan: plan.id,
    change: isSame ? 'unchanged' : 'changed',
    from_version: before.version,
    to_version: isSame ? before.version : before.version + 1,
    fields: isSame ? [] : differingFields(before.plan, plan),
  }
}

function toWithdrawn(before: PlanVersion): PlanChange {
  return {
    plan: before.plan.id,
    change: 'withdrawn',
    from_version: before.version,
    to_version: null,
    fields: [],
  }
}

function differingFields(before: Plan, after: Plan): readonly string[] {
  const old = new Map<string, unknown>(Object.entries(before))
  return Object.entries(after)
    .filter(([name, value]) => canonicalJson(old.get(name)) !== canonicalJson(value))
    .map(([name]) => name)
}
