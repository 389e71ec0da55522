import type { Subscription } from '../../model/tenant.ts'

export interface SubscriptionStore {
  insert(subscription: Subscription): Promise<void>
  /** The one active at `atMs`. */
  activeAt(tenantId: string, atMs: number): Promise<Subscription | undefined>
  /** Oldest first. */
  list(tenantId: string): Promise<readonly Subscription[]>
  /** Those of all tenants, deleted ones as well, that hold at some moment of [fromMs, toMs); by tenant, oldest first. */
  during(fromMs: number, toMs: number): Promise<readonly Subscription[]>
  /** Ends it at `endMs`, half-open; null takes a set end back. */
  end(id: string, endMs: number | null): Promise<void>
  /** How many tenants are on the plan at `atMs`, or will be. */
  countSubscribers(planId: string, atMs: number): Promise<number>
}
