import type { Access } from './access.ts'
import { type PlanView, viewPlan } from './plan-view.ts'

/** The plans in force, in the order of the file, with their subscribers. */
export async function listPlans({ store, clock }: Access): Promise<readonly PlanView[]> {
  const nowMs = clock.nowMs()
  const views: PlanView[] = []
  for (const version of await store.plans.current()) {
    views.push(viewPlan(version, await store.subscriptions.countSubscribers(version.plan.id, nowMs)))
  }
  return views
}
