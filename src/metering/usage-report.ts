import type { Period } from '../model/period.ts'
import type { KeyStore } from '../storage/ports/keys.ts'
import type { LedgerStore, RollupKey } from '../storage/ports/ledger.ts'
import type { PlanStore } from '../storage/ports/plans.ts'
import type { SubscriptionStore } from '../storage/ports/subscriptions.ts'
import type { TenantStore } from '../storage/ports/tenants.ts'
import { type Cutter, carryLevels, type Group } from './carry-levels.ts'
import {
  cutsIn,
  cutsKinds,
  type ReportBy,
  type ReportCut,
  reportColumns,
  reportCutter,
} from './report-columns.ts'
import { type BillingTerms, openUsageAmounts, type UnpricedLine } from './usage-amounts.ts'
import type { UsageQuery } from './usage-query.ts'
import { UsageSums, type UsageTotals } from './usage-sums.ts'
import { usageTenantId } from './usage-tenant.ts'

/**
 * Adds up the ledger over a span of time, broken down as asked, with what it costs where `billing` is given.
 *
 * Every breakdown sums to the same total, because rows and total come from one reading. Memory grows
 * with the rows of the report, not with the usage behind them. Rows stand in the order of their columns.
 */
export async function usageReport(
  stores: UsageStores,
  query: UsageQuery,
  billing?: BillingTerms,
): Promise<UsageReport> {
  const { span, timezone, by, among, meters } = query
  const tenantId = query.tenant === undefined ? undefined : await usageTenantId(stores.tenants, query.tenant)
  const ofTenants = tenantId !== undefined ? { tenantId } : among !== undefined && { among }
  const amounts = billing && (await openUsageAmounts(stores, { span, tenantId, among, billing }))
  const read = amounts?.priced ?? span
  const filter = {
    ...{ fromMs: read.startMs, toMs: read.endMs, ...ofTenants },
    // Nobody but rows about parts of the span, and bills, asks when something was used.
    apartAt: [...(amounts?.apartAt ?? []), ...by.flatMap((each) => cutsIn(each, read, timezone))],
    kindsAsOne: !by.some(cutsKinds),
  }

  const cutters = by.map((each) => reportCutter(each, timezone))
  const groups = new Groups(cutters)
  const total = new UsageSums()
  for await (const rollup of stores.ledger.rollups(filter)) {
    if (rollup.bucketMs < span.startMs || rollup.bucketMs >= span.endMs) {
      amounts?.add(rollup, groups.nameOf(rollup))
      continue
    }
    const group = groups.of(rollup)
    group.sums.add(rollup)
    amounts?.add(rollup, group.name)
    total.add(rollup)
  }
  const levels = await stores.ledger.levels({ beforeMs: span.startMs, ...ofTenants })
  for (const level of levels) total.addLevel(level)
  const isWhole = read.startMs === span.startMs
  const before = isWhole ? levels : await stores.ledger.levels({ beforeMs: read.startMs, ...ofTenants })
  for (const level of before) amounts?.addLevel(level)
  const settled = await amounts?.settle((key) => groups.of(key).name)
  carryLevels(groups.byName, levels, { by, cutters }, () => new UsageSums())

  const names = new Names(stores)
  const rows: UsageRow[] = []
  for (const { name, cuts, sums } of groups.sorted()) {
    const cells = await Promise.all(by.map((each, index) => names.cells(each, cuts[index]?.label ?? '')))
    const period = periodOf(cuts, span)
    const amount = settled?.amountOf(name) ?? null
    rows.push({ cells: cells.flat(), period, totals: sums.totals(period, meters), amount })
  }
  return {
    span,
    timezone,
    columns: by.flatMap(reportColumns),
    rows,
    total: total.totals(span, meters),
    meters,
    amounts: amounts && settled ? { currency: amounts.currency, ...settled } : null,
  }
}

export interface UsageStores {
  readonly ledger: LedgerStore
  readonly tenants: TenantStore
  readonly keys: KeyStore
  readonly plans: PlanStore
  readonly subscriptions: SubscriptionStore
}

export interface UsageReport {
  readonly span: Period
  readonly timezone: string
  /** The columns of the breakdown, as `tenant_id`, `tenant_name`, `day`. */
  readonly columns: readonly string[]
  readonly rows: readonly UsageRow[]
  readonly total: UsageTotals
  /** The meters that were asked for, if any were named. */
  readonly meters?: readonly string[] | undefined
  /** What all of it costs; null where nobody asked, or where the span is not one of whole days. */
  readonly amounts: ReportAmounts | null
}

export interface ReportAmounts {
  readonly currency: string
  /** Of all rows; null when some of it has no price. */
  readonly total: string | null
  readonly unpriced: readonly UnpricedLine[]
}

export interface UsageRow {
  /** One for each column; null is a name that nothing has, as of calls without a key. */
  readonly cells: readonly (string | null)[]
  /** What the row is about: the whole span, or the part of it that its day, week or month covers. */
  readonly period: Period
  readonly totals: UsageTotals
  /** With all digits of the currency; null when it cannot be said. The rows add up to the total. */
  readonly amount: string | null
}

/** The rows of a report while it is read. */
class Groups {
  readonly #cutters: readonly Cutter[]
  readonly byName = new Map<string, Group>()

  constructor(cutters: readonly Cutter[]) {
    this.#cutters = cutters
  }

  /** What the group of a rollup is called, whether there is one or not. */
  nameOf(key: RollupKey): string {
    return nameOf(this.#cutters.map((cut) => cut(key)))
  }

  of(key: RollupKey): Group {
    const cuts = this.#cutters.map((cut) => cut(key))
    const name = nameOf(cuts)
    const known = this.byName.get(name)
    if (known !== undefined) return known
    const group = { name, cuts, sums: new UsageSums() }
    this.byName.set(name, group)
    return group
  }

  sorted(): readonly Group[] {
    return [...this.byName.values()].sort(byLabels)
  }
}

/** Ids hold no control characters, so the joined labels name one group only. */
function nameOf(cuts: readonly ReportCut[]): string {
  return cuts.map(({ label }) => label).join('\n')
}

function byLabels(left: Group, right: Group): number {
  for (const [index, { label }] of left.cuts.entries()) {
    const other = right.cuts[index]?.label ?? ''
    if (label !== other) return label < other ? -1 : 1
  }
  return 0
}

function periodOf(cuts: readonly ReportCut[], span: Period): Period {
  let { startMs, endMs } = span
  for (const { period } of cuts) {
    if (period === undefined) continue
    startMs = Math.max(startMs, period.startMs)
    endMs = Math.min(endMs, period.endMs)
  }
  return { startMs, endMs }
}

/** Looks up what ids are called, each once. */
class Names {
  readonly #stores: UsageStores
  readonly #names = new Map<string, string | null>()

  constructor(stores: UsageStores) {
    this.#stores = stores
  }

  /** The cells of the columns of `by`. */
  async cells(by: ReportBy, label: string): Promise<readonly (string | null)[]> {
    return by === 'tenant' || by === 'key' ? [label, await this.#nameOf(by, label)] : [label]
  }

  async #nameOf(by: 'tenant' | 'key', id: string): Promise<string | null> {
    const known = this.#names.get(`${by} ${id}`)
    if (known !== undefined) return known
    const found = id === '' ? undefined : await this.#stores[by === 'tenant' ? 'tenants' : 'keys'].find(id)
    const name = found?.name ?? null
    this.#names.set(`${by} ${id}`, name)
    return name
  }
}
