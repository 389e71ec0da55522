import { LruCache } from '../lib/lru-cache.ts'
import type { Subscription, Tenant } from '../model/tenant.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'

/**
 * Tenants and their subscriptions, each read once until anything changes in the store.
 *
 * Asked inside a transaction, after `refresh` in the same one, it says what the store says.
 */
export class TenantBook {
  readonly #known = new LruCache<string, TenantFacts>(KNOWN_MAX)
  #sequence = -1

  /** Forgets what may be out of date. */
  async refresh(tables: ControlTables): Promise<void> {
    const sequence = await tables.changes.latestSequence()
    if (sequence === this.#sequence) return
    this.#known.clear()
    this.#sequence = sequence
  }

  /** By id or external id; one without a tenant for names nobody has, and for the deleted. */
  async find(tables: ControlTables, name: string): Promise<TenantFacts> {
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const tenant = await tables.tenants.find(name)
    const facts =
      tenant === undefined || tenant.state === 'deleted'
        ? NOBODY
        : { tenant, subscriptions: await tables.subscriptions.list(tenant.id) }
    this.#known.set(name, facts)
    return facts
  }
}

export interface TenantFacts {
  readonly tenant: Tenant | undefined
  readonly subscriptions: readonly Subscription[]
}

/** The subscription that held at a moment. */
export function subscriptionAt({ subscriptions }: TenantFacts, atMs: number): Subscription | undefined {
  return subscriptions.find(({ startMs, endMs }) => startMs <= atMs && (endMs === null || endMs > atMs))
}

const KNOWN_MAX = 10_000

const NOBODY: TenantFacts = { tenant: undefined, subscriptions: [] }
