import { GatezError } from '../errors/gatez-error.ts'
import { didYouMean } from '../lib/closest.ts'
import type { PlanVersion } from '../model/plan.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'

/** The newest version of a plan that can be subscribed to; throws `not-found` naming those there are. */
export async function findPlan(tables: ControlTables, planId: string): Promise<PlanVersion> {
  const current = await tables.plans.current()
  const found = current.find((version) => version.plan.id === planId)
  if (found !== undefined) return found

  const ids = current.map((version) => version.plan.id)
  const rest =
    ids.length === 0
      ? 'No plan is in force yet: run gatez apply.'
      : `There are ${ids.join(', ')}; gatez apply brings in what the file adds.`
  throw new GatezError(
    'not-found',
    `There is no plan ${JSON.stringify(planId)}${didYouMean(planId, ids)}. ${rest}`,
  )
}
