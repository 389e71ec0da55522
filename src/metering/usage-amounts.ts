import { formatMinor } from '../model/money.ts'
import { type Period, periodAt } from '../model/period.ts'
import type { SubscriptionSpan } from '../pricing/subscription-spans.ts'
import type { Level, Rollup, RollupKey } from '../storage/ports/ledger.ts'
import type { SubscriptionStore } from '../storage/ports/subscriptions.ts'
import { type SpanRules, withSpans } from './bill-spans.ts'
import { billedPeriods, periodsAround } from './billed-periods.ts'
import { chargeLines } from './charge-lines.ts'
import { LedgerUsage, type UsageOfSubscription } from './ledger-usage.ts'
import { PriceBook, type PriceStores } from './price-book.ts'
import { cutsIn } from './report-columns.ts'

/**
 * Makes ready to price a report; undefined when its span is not one of whole days, or when the periods of its tenants
 * have none in common.
 *
 * A part of a month has no price of its own, since what a call costs depends on how many there were before it: it has
 * its share of the whole month, day by day, so that the reports of all weeks add up to that of the month. All usage of
 * `amounts.priced` has to be given, not only that of the report.
 */
export async function openUsageAmounts(
  stores: PriceStores & { readonly subscriptions: Pick<SubscriptionStore, 'during'> },
  { span, tenantId, among, billing }: AmountsRequest,
): Promise<UsageAmounts | undefined> {
  const held = async ({ startMs, endMs }: Period) => {
    const all = await stores.subscriptions.during(startMs, endMs)
    const only = tenantId === undefined ? among && new Set(among) : new Set([tenantId])
    return only === undefined ? all : all.filter((each) => only.has(each.tenantId))
  }
  const asked = await held(span)
  const whole = billedPeriods(billing, span, tenantId === undefined ? undefined : asked)
  if (whole !== undefined) {
    const apartAt = whole.map(({ startMs }) => startMs)
    const scope = { billing, priced: span, apartAt }
    return new UsageAmounts(new LedgerUsage(whole, asked), new PriceBook(stores), scope)
  }
  const around = periodsAround(billing, span, tenantId === undefined ? undefined : asked)
  if (around === undefined) return undefined
  const priced = { startMs: around[0]?.startMs ?? span.startMs, endMs: around.at(-1)?.endMs ?? span.endMs }
  const usage = new LedgerUsage(around, await held(priced))
  const apartAt = cutsIn('day', priced, billing.timezone)
  return new UsageAmounts(usage, new PriceBook(stores), { billing, priced, apartAt, shown: span })
}

export interface AmountsRequest {
  readonly span: Period
  /** The one tenant that is asked for; undefined for all. */
  readonly tenantId: string | undefined
  /** Where none is: those of all that are asked for, if not all of them. */
  readonly among?: readonly string[] | undefined
  readonly billing: BillingTerms
}

/** How bills are written. */
export interface BillingTerms extends SpanRules {
  readonly currency: string
}

type BillWithSpan = UsageOfSubscription & { readonly span?: SubscriptionSpan }

/** The amounts of a report, gathered while it reads the ledger. */
class UsageAmounts {
  readonly currency: string
  /** What has to be read for it: the span of the report, or the whole of the billing periods around it. */
  readonly priced: Period
  /** When periods begin, and days where they matter: what lies on both sides of one is priced apart. */
  readonly apartAt: readonly number[]
  readonly #usage: LedgerUsage
  readonly #prices: PriceBook
  readonly #billing: BillingTerms
  readonly #shown: Period | undefined
  readonly #parts = new Map<string, bigint | null>()
  readonly #unpriced: UnpricedLine[] = []
  #total = 0n

  constructor(usage: LedgerUsage, prices: PriceBook, { billing, priced, apartAt, shown }: AmountsScope) {
    this.currency = billing.currency
    this.priced = priced
    this.apartAt = apartAt
    this.#usage = usage
    this.#prices = prices
    this.#billing = billing
    this.#shown = shown
  }

  /** Takes a rollup that the report shows under `group`, or would if it were in its span. */
  add(rollup: Rollup, group: string): void {
    this.#usage.add(rollup, this.#shown === undefined ? group : this.#dated(rollup, group))
  }

  /** Takes a level from before what is priced. */
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
    const shownAs = (group: string | null): string | undefined => this.#shownAs(group, bill, placeOf)
    if (charges === undefined) {
      const groups = [...bill.keys.values()].flatMap((used) => [...used.keys()])
      const why = `version ${planVersion} of plan ${planId} is not in the store`
      this.#lose(groups.map(shownAs), { tenantId, why })
      return
    }
    for (const line of chargeLines(bill, charges, this.#billing)) {
      if (line.problem !== null) {
        const why = `charge ${line.charge.id} of plan ${planId}: ${line.problem}`
        this.#lose([...line.shares.keys()].map(shownAs), { tenantId, why })
        continue
      }
      for (const [group, minor] of line.shares) {
        const name = minor === 0n ? undefined : shownAs(group)
        if (name !== undefined) this.#gain(name, minor)
      }
    }
  }

  /** The day before the name: days have their shares alike, whichever of them a report shows. */
  #dated({ bucketMs }: Rollup, group: string): string {
    const { startMs } = periodAt('day', this.#billing.timezone, bucketMs)
    return `${String(startMs).padStart(DAY_DIGITS, '0')}${group}`
  }

  /** Where the report shows a share; undefined when it is of another day. */
  #shownAs(
    group: string | null,
    bill: UsageOfSubscription,
    placeOf: (key: RollupKey) => string,
  ): string | undefined {
    const shown = this.#shown
    if (group === null) {
      const key = placeOfNobody(bill)
      return shown === undefined || isWithin(shown, key.bucketMs) ? placeOf(key) : undefined
    }
    if (shown === undefined) return group
    return isWithin(shown, Number(group.slice(0, DAY_DIGITS))) ? group.slice(DAY_DIGITS) : undefined
  }

  #gain(group: string, minor: bigint): void {
    this.#total += minor
    const before = this.#parts.has(group) ? this.#parts.get(group) : 0n
    this.#parts.set(group, before === null || before === undefined ? null : before + minor)
  }

  #lose(groups: readonly (string | undefined)[], line: UnpricedLine): void {
    for (const group of groups) if (group !== undefined) this.#parts.set(group, null)
    this.#unpriced.push(line)
  }
}

/** What is priced, and what of it a report shows: all of it if not given. */
interface AmountsScope {
  readonly billing: BillingTerms
  readonly priced: Period
  readonly apartAt: readonly number[]
  readonly shown?: Period
}

/** Milliseconds of any day, with zeros before them: in the order of time. */
const DAY_DIGITS = 16

function isWithin({ startMs, endMs }: Period, ms: number): boolean {
  return ms >= startMs && ms < endMs
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
