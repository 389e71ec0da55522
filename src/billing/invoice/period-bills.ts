import { canonicalJson } from '../../lib/canonical-json.ts'
import { DigestSum, digestOf } from '../../lib/digest.ts'
import { LedgerUsage, type UsageOfSubscription } from '../../metering/ledger-usage.ts'
import type { Period } from '../../model/period.ts'
import type { LedgerStore, Rollup } from '../../storage/ports/ledger.ts'
import type { SubscriptionStore } from '../../storage/ports/subscriptions.ts'

/**
 * What every tenant used in one billing period, by subscription, with proof: the ledger read once.
 *
 * Sorted by tenant, then by when the subscription began. Memory grows with subscriptions and keys, not with usage.
 */
export async function periodBills(stores: BillStores, request: BillRequest): Promise<readonly ProvenBill[]> {
  const { period, tenantId } = request
  const all = await stores.subscriptions.during(period.startMs, period.endMs)
  const subscriptions = tenantId === undefined ? all : all.filter((each) => each.tenantId === tenantId)
  const usage = new LedgerUsage([period], subscriptions)
  const proofs = new Map<string, Proof>()
  const filter = { fromMs: period.startMs, toMs: period.endMs, ...(tenantId !== undefined && { tenantId }) }
  for await (const rollup of stores.ledger.rollups(filter)) {
    if (!rollup.billable || rollup.subscriptionId === '') continue
    usage.add(rollup, '')
    const proof = proofs.get(rollup.subscriptionId) ?? new Proof()
    proofs.set(rollup.subscriptionId, proof)
    proof.add(rollup)
  }
  return usage.bills().map((bill) => {
    const proof = proofs.get(bill.subscriptionId) ?? new Proof()
    return { bill, events: proof.events, evidence: proof.text }
  })
}

export interface BillStores {
  readonly ledger: Pick<LedgerStore, 'rollups'>
  readonly subscriptions: Pick<SubscriptionStore, 'during'>
}

export interface BillRequest {
  readonly period: Period
  /** The one tenant that is asked for; undefined for all. */
  readonly tenantId?: string | undefined
}

/** Usage, and what proves it. */
export interface ProvenBill {
  readonly bill: UsageOfSubscription
  /** Billable requests and events. */
  readonly events: number
  /** What the rollups come to: equal for equal rollups only, in whatever order they were read. */
  readonly evidence: string
}

class Proof {
  events = 0
  readonly #sum = new DigestSum()

  get text(): string {
    return this.#sum.text
  }

  add(rollup: Rollup): void {
    this.events += rollup.requests
    this.#sum.add(digestOf(canonicalJson(rollup)))
  }
}
