import { formatMinor } from '../model/money.ts'
import type { Period } from '../model/period.ts'
import type { SubscriptionSpan } from '../pricing/subscription-spans.ts'
import type { Level, Rollup, RollupKey } from '../storage/ports/ledger.ts'
import type { SubscriptionStore } from '../storage/ports/subscriptions.ts'
import { type SpanRules, withSpans } from './bill-spans.ts'
import { billedPeriods } from './billed-periods.ts'
import { chargeLines } from './charge-lines.ts'
import { LedgerUsage, type UsageOfSubscription } from './ledger-usage.ts'
import { PriceBook, type PriceStores } from './price-book.ts'

/**
 * Makes ready to price a report; undefined when its span is not one of whole billing periods.
 *
 * A part of a month has no amount of its own: what a call costs depends on how many there were before it.
 */
export async function openUsageAmounts(
  stores: PriceStores & { readonly subscriptions: Pick<SubscriptionStore, 'during'> },
  { span, tenantId, billing }: AmountsRequest,
): Promise<UsageAmounts | undefined> {
  const all = await stores.subscriptions.during(span.startMs, span.endMs)
  const subscriptions = tenantId === undefined ? all : all.filter((each) => each.tenantId === tenantId)
  const periods = billedPeriods(billing, span, tenantId === undefined ? undefined : subscriptions)
  if (periods === undefined) return undefined
  const apartAt = periods.map(({ startMs }) => startMs)
  return new UsageAmounts(new LedgerUsage(periods, subscriptions), new PriceBook(stores), {
    billing,
    apartAt,
  })
}

export interface AmountsRequest {
  readonly span: Period
  /** The one tenant that is asked for; undefined for all. */
  readonly tenantId: string | undefined
  readonly billing: BillingTerms
}

/** How bills are written. */
export interface BillingTerms extends SpanRules {
  readonly currency: string
}

interface AmountsTerms {
  readonly billing: BillingTerms
  readonly apartAt: readonly number[]
}

type BillWithSpan = UsageOfSubscription & { readonly span?: SubscriptionSpan }

/** The amounts of a report, gathered while it reads the ledger. */
class UsageAmounts {
  readonly currency: string
  /** When periods begin: what lies on both sides of one is priced apart. */
  readonly apartAt: readonly number[]
  readonly #usage: LedgerUsage
  readonly #prices: PriceBook
  readonly #billing: BillingTerms
  readonly #parts = new Map<string, bigint | null>()
  readonly #unpriced: UnpricedLine[] = []
  #total = 0n

  constructor(usage: LedgerUsage, prices: PriceBook, { billing, apartAt }: AmountsTerms) {
    this.currency = billing.currency
    this.apartAt = apartAt
    this.#usage = usage
    this.#prices = prices
    this.#billing = billing
  }

  /** Takes a rollup that the report shows under `group`. */
  add(rollup: Rollup, group: string): void {
    this.#usage.add(rollup, group)
  }

  /** Takes a level from before the span. */
  addLevel(level: Level): void {
    this.#usage.addLevel(level)
  }

  /** Prices all of it. `placeOf` says under which name a report shows what belongs to no key, and makes room for it. */
  async settle(placeOf: (key: RollupKey) => string): Promise<SettledAmounts> {
    const bills = await withSpans(this.#usage.bills(), this.#prices, this.#billing)
    for (const bill of bills) await this.#settleBill(bill, placeOf)
    const isKnown = this.#unpriced.length === 0
    return {
      amountOf: (group) => {
        const minor = this.#parts.has(group) ? this.#parts.get(group) : 0n
        return minor === null || minor === undefined ? null : formatMinor(minor, this.currency)
      },
      total: isKnown ? formatMinor(this.#total, this.currency) : null,
      unpriced: this.#unpriced,
    }
  }

  async #settleBill(bill: BillWithSpan, placeOf: (key: RollupKey) => string): Promise<void> {
    const { tenantId, planId, planVersion } = bill
    const charges = await this.#prices.charges(bill)
    if (charges === undefined) {
      const groups = [...bill.keys.values()].flatMap((used) => [...used.keys()])
      this.#lose(
        groups.map((group) => group ?? placeOf(placeOfNobody(bill))),
        { tenantId, why: `version ${planVersion} of plan ${planId} is not in the store` },
      )
      return
    }
    for (const line of chargeLines(bill, charges, this.#billing)) {
      if (line.problem !== null) {
        const why = `charge ${line.charge.id} of plan ${planId}: ${line.problem}`
        const groups = [...line.shares.keys()].map((group) => group ?? placeOf(placeOfNobody(bill)))
        this.#lose(groups, { tenantId, why })
        continue
      }
      for (const [group, minor] of line.shares) {
        if (minor === 0n) continue
        this.#gain(group ?? placeOf(placeOfNobody(bill)), minor)
      }
    }
  }

  #gain(group: string, minor: bigint): void {
    this.#total += minor
    const before = this.#parts.has(group) ? this.#parts.get(group) : 0n
    this.#parts.set(group, before === null || before === undefined ? null : before + minor)
  }

  #lose(groups: readonly string[], line: UnpricedLine): void {
    for (const group of groups) this.#parts.set(group, null)
    this.#unpriced.push(line)
  }
}

export interface SettledAmounts {
  /** What the report shows under this name costs; null when it cannot be said. */
  amountOf(group: string): string | null
  readonly total: string | null
  readonly unpriced: readonly UnpricedLine[]
}

/** Usage that has no price, and why. */
export interface UnpricedLine {
  readonly tenantId: string
  readonly why: string
}

/** Where a report shows what belongs to no key: on the first moment of the period, under the plan. */
function placeOfNobody(bill: UsageOfSubscription): RollupKey {
  const { period, tenantId, subscriptionId, planId, planVersion } = bill
  return {
    ...{ bucketMs: period.startMs, tenantId, keyId: '', apiId: '', routeId: '' },
    ...{ planId, planVersion, subscriptionId, statusClass: 0, billable: false },
    dimensions: {},
  }
}
