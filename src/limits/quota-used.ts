import type { QuotaPeriod } from '../model/billing-calendar.ts'
import type { Subscription } from '../model/tenant.ts'
import { BUCKET_MS, type LedgerStore } from '../storage/ports/ledger.ts'
import type { SubscriptionStore } from '../storage/ports/subscriptions.ts'

/**
 * What a tenant used of calls or units in the period of a quota, by the ledger.
 *
 * Where the quota began anew with the plan, what was used under subscriptions from before is left out, to the call.
 */
export async function quotaUsed(stores: QuotaStores, asked: QuotaAsked): Promise<number> {
  const { tenantId, meter, period } = asked
  const only = { tenantId, ...(period.isSincePlan && { subscriptionIds: await sincePlan(stores, asked) }) }
  const startMs = period.startMs - (period.startMs % BUCKET_MS)
  const used = await stores.ledger.usedByTenant(meter, startMs, period.endMs, only)
  return used[0]?.used ?? 0
}

/** What tenants used, by one reading for all whose period is the same. */
export class UseByTenant {
  readonly #store: QuotaStores
  readonly #read = new Map<string, ReadonlyMap<string, number>>()

  constructor(store: QuotaStores) {
    this.#store = store
  }

  async of(asked: QuotaAsked): Promise<number> {
    const { tenantId, meter, period } = asked
    if (period.isSincePlan) return quotaUsed(this.#store, asked)
    const name = `${meter} ${period.startMs} ${period.endMs}`
    let known = this.#read.get(name)
    if (known === undefined) {
      const uses = await this.#store.ledger.usedByTenant(meter, period.startMs, period.endMs)
      known = new Map(uses.map((use) => [use.tenantId, use.used]))
      this.#read.set(name, known)
    }
    return known.get(tenantId) ?? 0
  }
}

export interface QuotaStores {
  readonly ledger: Pick<LedgerStore, 'usedByTenant'>
  readonly subscriptions: Pick<SubscriptionStore, 'list'>
}

export interface QuotaAsked {
  readonly tenantId: string
  readonly meter: 'calls' | 'units'
  readonly period: QuotaPeriod
}

/** The subscriptions whose use counts in a period that began with a plan. */
export function countedSubscriptions(
  subscriptions: readonly Subscription[],
  { startMs }: QuotaPeriod,
): readonly string[] {
  return subscriptions.filter((each) => each.startMs >= startMs).map(({ id }) => id)
}

async function sincePlan(stores: QuotaStores, { tenantId, period }: QuotaAsked): Promise<readonly string[]> {
  return countedSubscriptions(await stores.subscriptions.list(tenantId), period)
}
