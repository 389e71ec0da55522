import type { Plan } from '../model/plan.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { type PlanChange, planChanges } from './plan-changes.ts'
import { planFacts } from './plan-facts.ts'

/** What would become of one plan, fact by fact; the names are stable. */
export interface PlanDiff extends PlanChange {
  readonly facts: readonly FactChange[]
  /** Tenants on the plan now, by id. */
  readonly tenants: readonly string[]
  /** Tenants that hold more keys than the plan would allow; they keep them and get no more. */
  readonly over_keys: readonly string[]
}

/** One fact of a plan, in words, as `limits.tenant-day`: null where there is none. */
export interface FactChange {
  readonly field: string
  readonly before: string | null
  readonly after: string | null
}

/** Compares plans with those in force, fact by fact, and says whom it touches. Changes nothing. */
export async function diffPlans(
  tables: ControlTables,
  plans: readonly Plan[],
  nowMs: number,
): Promise<readonly PlanDiff[]> {
  const current = new Map((await tables.plans.current()).map(({ plan }) => [plan.id, plan]))
  const next = new Map(plans.map((plan) => [plan.id, plan]))
  const subscribers = await subscribersByPlan(tables, nowMs)
  const diffs: PlanDiff[] = []
  for (const change of await planChanges(tables, plans)) {
    const tenants = subscribers.get(change.plan) ?? []
    const [before, after] = [current.get(change.plan), next.get(change.plan)]
    const max = after?.keys.max ?? null
    const over = max === null ? [] : await tenantsOver(tables, tenants, max)
    diffs.push({ ...change, facts: factChanges(before, after), tenants, over_keys: over })
  }
  return diffs
}

function factChanges(before: Plan | undefined, after: Plan | undefined): readonly FactChange[] {
  if (before === undefined || after === undefined) return []
  const [old, now] = [planFacts(before), planFacts(after)]
  const fields = [...new Set([...old.keys(), ...now.keys()])]
  return fields
    .filter((field) => old.get(field) !== now.get(field))
    .map((field) => ({ field, before: old.get(field) ?? null, after: now.get(field) ?? null }))
}

async function subscribersByPlan(
  tables: ControlTables,
  nowMs: number,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>()
  for (const { id } of await tables.tenants.list()) {
    const subscription = await tables.subscriptions.activeAt(id, nowMs)
    if (subscription === undefined) continue
    const tenants = found.get(subscription.planId) ?? []
    tenants.push(id)
    found.set(subscription.planId, tenants)
  }
  return found
}

async function tenantsOver(
  tables: ControlTables,
  tenants: readonly string[],
  max: number,
): Promise<readonly string[]> {
  const over: string[] = []
  for (const tenantId of tenants) {
    const keys = await tables.keys.list({ tenantId })
    if (keys.filter(({ state }) => state === 'active' || state === 'approved').length > max)
      over.push(tenantId)
  }
  return over
}
