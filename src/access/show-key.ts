import type { Access } from './access.ts'
import { findKey } from './find-key.ts'
import { type KeyView, viewKey } from './key-view.ts'

/** One key, with the plan it opens. */
export async function showKey(
  { store, clock }: Access,
  request: { readonly keyId: string },
): Promise<KeyDetails> {
  const nowMs = clock.nowMs()
  const key = await findKey(store, request.keyId)
  const subscription = await store.subscriptions.activeAt(key.tenantId, nowMs)
  const plan = subscription === undefined ? undefined : (await store.plans.find(subscription.planId))?.plan
  return { ...viewKey(key, nowMs), plan: plan?.id ?? null, features: plan?.features ?? [] }
}

export interface KeyDetails extends KeyView {
  /** null while the tenant has no plan. */
  readonly plan: string | null
  readonly features: readonly string[]
}
