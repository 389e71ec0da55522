import { isoTime, isoTimeOrNull } from '../lib/iso-time.ts'
import type { Subscription, Tenant } from '../model/tenant.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'

/** A tenant as scripts and other programs read it. */
export interface TenantView {
  readonly id: string
  readonly name: string
  readonly external_id: string | null
  readonly state: Tenant['state']
  /** null while it has no plan. */
  readonly plan: string | null
  readonly plan_version: number | null
  readonly subscription_id: string | null
  readonly plan_since: string | null
  /** The plan it moves to at `next_plan_at`; null when no change is set. */
  readonly next_plan: string | null
  readonly next_plan_at: string | null
  /** When its plan ends without another to follow; null when it goes on. */
  readonly plan_until: string | null
  /** Until when nothing is billed; null when it is no trial. */
  readonly trial_until: string | null
  readonly created_at: string
}

/** Shows a tenant with the plan it has at `nowMs` and the one it will have. */
export async function viewTenant(tables: ControlTables, tenant: Tenant, nowMs: number): Promise<TenantView> {
  const subscriptions = await tables.subscriptions.list(tenant.id)
  const active = subscriptions.find((subscription) => runsAt(subscription, nowMs))
  const next = subscriptions.find((subscription) => isToCome(subscription, nowMs))
  return {
    id: tenant.id,
    name: tenant.name,
    external_id: tenant.externalId,
    state: tenant.state,
    plan: active?.planId ?? null,
    plan_version: active?.planVersion ?? null,
    subscription_id: active?.id ?? null,
    plan_since: isoTimeOrNull(active?.startMs ?? null),
    next_plan: next?.planId ?? null,
    next_plan_at: isoTimeOrNull(next?.startMs ?? null),
    plan_until: isoTimeOrNull(next === undefined ? (active?.endMs ?? null) : null),
    trial_until: isoTimeOrNull(active?.isTrial === true ? active.endMs : null),
    created_at: isoTime(tenant.createdAtMs),
  }
}

/** Whether a subscription is set for later. One taken back before it began ends where it starts. */
export function isToCome(subscription: Subscription, nowMs: number): boolean {
  return subscription.startMs > nowMs && subscription.endMs !== subscription.startMs
}

/** Whether a subscription holds at a moment. */
export function runsAt({ startMs, endMs }: Subscription, nowMs: number): boolean {
  return startMs <= nowMs && (endMs === null || endMs > nowMs)
}
