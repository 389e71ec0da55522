import { overridePlan } from '../model/overrides.ts'
import type { Access } from './access.ts'
import { findKey } from './find-key.ts'
import { type KeyRates, ratesOf } from './key-rates.ts'
import { type KeyView, viewKey } from './key-view.ts'

/** One key, with what it opens: the plan of its tenant, as it holds for this tenant. */
export async function showKey(
  { store, clock }: Access,
  request: { readonly keyId: string },
): Promise<KeyDetails> {
  const nowMs = clock.nowMs()
  const key = await findKey(store, request.keyId)
  const subscription = await store.subscriptions.activeAt(key.tenantId, nowMs)
  const version = subscription === undefined ? undefined : await store.plans.find(subscription.planId)
  const overrides = (await store.tenants.find(key.tenantId))?.overrides ?? null
  const plan = version === undefined ? undefined : overridePlan(version.plan, overrides)
  return {
    ...viewKey(key, nowMs),
    consumer_id: key.tenantId,
    plan: plan?.id ?? null,
    ...ratesOf(plan),
    features: plan?.features ?? [],
  }
}

export interface KeyDetails extends KeyView, KeyRates {
  /** The tenant, under the name other systems use. */
  readonly consumer_id: string
  /** null while the tenant has no plan. */
  readonly plan: string | null
  readonly features: readonly string[]
}
