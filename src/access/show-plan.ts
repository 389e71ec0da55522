import type { Access } from './access.ts'
import { findPlan } from './find-plan.ts'
import { type PlanView, viewPlan } from './plan-view.ts'

/** One plan in force; `not-found` names those there are. */
export async function showPlan(
  { store, clock }: Access,
  { planId }: { readonly planId: string },
): Promise<PlanView> {
  const version = await findPlan(store, planId)
  return viewPlan(version, await store.subscriptions.countSubscribers(planId, clock.nowMs()))
}
