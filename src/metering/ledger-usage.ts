import type { Period } from '../model/period.ts'
import type { Subscription } from '../model/tenant.ts'
import type { Level, Rollup } from '../storage/ports/ledger.ts'
import { heldPeriod } from './charge-lines.ts'
import { LevelsHeld } from './levels-held.ts'
import { MeterSums } from './meter-sums.ts'

/**
 * Gathers what each subscription used in each billing period, while the ledger is read.
 *
 * Begins with the subscriptions that held in the periods, so that one without any use has its fees. Memory grows
 * with subscriptions, keys and what the report shows, not with the usage behind them.
 */
export class LedgerUsage {
  readonly #periods: readonly Period[]
  readonly #bills = new Map<string, UsageOfSubscription>()
  readonly #levels = new LevelsHeld()
  #position = 0

  constructor(periods: readonly Period[], subscriptions: readonly Subscription[]) {
    this.#periods = periods
    for (const [position, period] of periods.entries()) {
      for (const each of subscriptions) {
        if (each.startMs >= period.endMs || (each.endMs ?? period.endMs) <= period.startMs) continue
        const { id: subscriptionId, tenantId, planId, planVersion } = each
        const terms = { tenantId, planId, planVersion }
        this.#bills.set(`${position} ${subscriptionId}`, {
          ...{ ...terms, subscriptionId, period, subscription: each, keys: new Map() },
        })
      }
    }
  }

  /** Adds a rollup to its subscription under `group`, the name of what the report shows. In the order of time. */
  add(rollup: Rollup, group: string): void {
    if (!rollup.billable || rollup.subscriptionId === '') return
    const used = this.#billOf(rollup).keys
    const groups = used.get(rollup.keyId) ?? new Map<string | null, MeterSums>()
    used.set(rollup.keyId, groups)
    const sums = groups.get(group) ?? new MeterSums()
    groups.set(group, sums)
    sums.add(rollup)
  }

  /** Takes a level from before the periods: it holds until the next one. */
  addLevel(level: Level): void {
    if (level.billable) this.#levels.take(level.tenantId, level.keyId, [level.mark])
  }

  /** By period, then by tenant; each begins with the levels that held when it began. */
  bills(): readonly UsageOfSubscription[] {
    const bills = this.#sorted()
    for (const { tenantId, keys } of bills) {
      for (const [keyId, groups] of keys)
        for (const sums of groups.values()) this.#levels.take(tenantId, keyId, sums.levels())
    }
    for (const bill of bills) {
      const { startMs } = heldPeriod(bill).held
      for (const { keyId, mark } of this.#levels.at(bill.tenantId, startMs)) {
        const groups = bill.keys.get(keyId) ?? new Map<string | null, MeterSums>()
        bill.keys.set(keyId, groups)
        const sums = groups.get(null) ?? new MeterSums()
        groups.set(null, sums)
        sums.addMark(mark)
      }
    }
    return bills
  }

  #sorted(): readonly UsageOfSubscription[] {
    return [...this.#bills.values()].sort(
      (one, other) =>
        one.period.startMs - other.period.startMs ||
        compareText(one.tenantId, other.tenantId) ||
        (one.subscription?.startMs ?? 0) - (other.subscription?.startMs ?? 0) ||
        compareText(one.subscriptionId, other.subscriptionId),
    )
  }

  #billOf({ bucketMs, subscriptionId, tenantId, planId, planVersion }: Rollup): UsageOfSubscription {
    while (bucketMs >= (this.#periods[this.#position]?.endMs ?? Number.POSITIVE_INFINITY)) this.#position += 1
    const name = `${this.#position} ${subscriptionId}`
    const known = this.#bills.get(name)
    if (known !== undefined) return known
    const period = this.#periods[this.#position] ?? { startMs: bucketMs, endMs: bucketMs }
    const terms = { tenantId, planId, planVersion, subscriptionId }
    const bill = { ...terms, period, subscription: undefined, keys: new Map() }
    this.#bills.set(name, bill)
    return bill
  }
}

export interface UsageOfSubscription {
  readonly period: Period
  readonly tenantId: string
  readonly subscriptionId: string
  readonly planId: string
  readonly planVersion: number
  /** Undefined when the ledger has usage of a subscription that did not hold in the period. */
  readonly subscription: Subscription | undefined
  /** Key → what the report shows, null where it is of before → what was used. */
  readonly keys: Map<string, Map<string | null, MeterSums>>
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
