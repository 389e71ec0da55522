import type { Clock } from '../lib/clock.ts'
import { isoTime } from '../lib/iso-time.ts'
import { chargeLines } from '../metering/charge-lines.ts'
import { PriceBook } from '../metering/price-book.ts'
import type { BillingTerms } from '../metering/usage-amounts.ts'
import { billingPeriodAt, heldPlan } from '../model/billing-calendar.ts'
import { formatMinor, toMinor } from '../model/money.ts'
import { overridePlan } from '../model/overrides.ts'
import type { Period } from '../model/period.ts'
import type { BillingCycle } from '../model/plan.ts'
import type { Subscription, Tenant } from '../model/tenant.ts'
import { monthlyValue } from '../pricing/monthly-value.ts'
import type { ControlStore } from '../storage/ports/control-store.ts'
import { forecastOfLine } from './forecast.ts'
import { dueOf } from './invoice/invoice-view.ts'
import { type BillOfSubscription, periodBills } from './invoice/period-bills.ts'

/**
 * What the billing periods that run now come to so far, what they will come to if usage goes on like this, and what
 * the subscriptions are worth in a month.
 *
 * So far is exact: for each tenant the subtotal that `invoices preview` shows, without what that adjusts of earlier
 * periods. The forecast prices the quantities that the rest of the period would add at the same pace, tiers and
 * allowances included; meters that are no sums stay as they are. Monthly value is what plans cost without any usage.
 * Amounts are before tax. Changes nothing.
 */
export async function revenue(
  parts: RevenueParts,
  { tenantId }: { readonly tenantId?: string | undefined },
): Promise<Revenue> {
  const { store, clock, billing } = parts
  const nowMs = clock.nowMs()
  const known = await store.tenants.list()
  const sums = new RevenueSums(new Map(known.map((tenant) => [tenant.id, tenant])), billing.currency)
  const prices = new PriceBook(store)
  const all = await store.subscriptions.during(nowMs - YEAR_MS, nowMs + 1)
  const subscriptions = all.filter((each) => tenantId === undefined || each.tenantId === tenantId)
  for (const period of runningPeriods(subscriptions, billing, nowMs)) {
    for (const { bill } of await periodBills(store, { period, tenantId, billing, prices })) {
      await addBill(parts, sums, { bill, prices, nowMs })
    }
  }
  for (const each of subscriptions) {
    if (each.startMs > nowMs || (each.endMs ?? nowMs + 1) <= nowMs) continue
    sums.addValue(each, await monthlyMinor(parts, sums.tenant(each.tenantId), each))
  }
  return { ...sums.view(nowMs), ...(await owed(parts, tenantId)) }
}

export interface RevenueParts {
  readonly store: ControlStore
  readonly clock: Clock
  readonly billing: BillingTerms & { readonly period: BillingCycle }
  /** Whether what a meter counts adds up: twice the time is twice as much. */
  readonly isAdditive: (meter: string) => boolean
}

/** Revenue of the periods that run now; the names are stable, amounts are decimals of `currency` before tax. */
export interface Revenue extends RevenueAmounts {
  readonly currency: string
  readonly as_of: string
  /** To be paid of invoices that were sent, with tax; of these, what is overdue. */
  readonly outstanding: string
  readonly overdue: string
  readonly tenants: readonly TenantRevenue[]
  readonly plans: readonly PlanRevenue[]
  /** Usage that has no price, and why: it is in none of the amounts. */
  readonly unpriced: readonly { readonly tenant_id: string; readonly why: string }[]
}

export interface RevenueAmounts {
  readonly so_far: string
  readonly forecast: string
  /** Value of the subscriptions in a month; trials are worth nothing yet. */
  readonly mrr: string
}

export interface TenantRevenue extends RevenueAmounts {
  readonly tenant_id: string
  readonly tenant_name: string
  /** The one it is on, or was last. */
  readonly plan: string
  readonly period_start: string
  readonly period_end: string
}

export interface PlanRevenue extends RevenueAmounts {
  readonly plan: string
  /** How many are on it now. */
  readonly tenants: number
}

const YEAR_MS = 366 * 86_400_000

/** The periods that hold this moment: one, or, where they begin with subscriptions, those of all of them. */
function runningPeriods(
  subscriptions: readonly Subscription[],
  billing: BillingTerms,
  nowMs: number,
): readonly Period[] {
  const periods = new Map<string, Period>()
  for (const each of subscriptions) {
    const period = billingPeriodAt(billing, nowMs, heldPlan(each).anchorMs)
    if ((each.endMs ?? period.endMs) <= period.startMs) continue
    periods.set(`${period.startMs} ${period.endMs}`, period)
  }
  return [...periods.values()].sort((one, other) => one.startMs - other.startMs || one.endMs - other.endMs)
}

async function addBill(
  { billing, isAdditive }: RevenueParts,
  sums: RevenueSums,
  {
    bill,
    prices,
    nowMs,
  }: { readonly bill: BillOfSubscription; readonly prices: PriceBook; readonly nowMs: number },
): Promise<void> {
  const charges = await prices.charges(bill)
  if (charges === undefined) {
    sums.lose(bill, `version ${bill.planVersion} of plan ${bill.planId} is not in the store`)
    return
  }
  for (const line of chargeLines(bill, charges, billing)) {
    if (line.minor === null)
      sums.lose(bill, `charge ${line.charge.id} of plan ${bill.planId}: ${line.problem}`)
    else
      sums.add(
        bill,
        line.minor,
        forecastOfLine(line, bill, { nowMs, isAdditive, currency: billing.currency }),
      )
  }
}

async function monthlyMinor(
  { store, billing }: RevenueParts,
  tenant: Tenant | undefined,
  { planId, planVersion, isTrial }: Subscription,
): Promise<bigint> {
  const version = isTrial === true ? undefined : await store.plans.find(planId, planVersion)
  if (version === undefined) return 0n
  const plan = overridePlan(version.plan, tenant?.overrides ?? null)
  return toMinor(monthlyValue(plan, billing.period), billing.currency)
}

async function owed({ store, billing }: RevenueParts, tenantId: string | undefined) {
  const { currency } = billing
  let [outstanding, overdue] = [0n, 0n]
  for (const invoice of await store.invoices.list({ tenantId, states: ['open', 'overdue'] })) {
    if (invoice.currency !== currency) continue
    outstanding += dueOf(invoice)
    if (invoice.state === 'overdue') overdue += dueOf(invoice)
  }
  return { outstanding: formatMinor(outstanding, currency), overdue: formatMinor(overdue, currency) }
}

/** Minor units by tenant and by plan, while bills are gone through. */
class RevenueSums {
  readonly #tenants: ReadonlyMap<string, Tenant>
  readonly #currency: string
  readonly #byTenant = new Map<string, TenantSum>()
  readonly #byPlan = new Map<string, PlanSum>()
  readonly #unpriced: { readonly tenant_id: string; readonly why: string }[] = []

  constructor(tenants: ReadonlyMap<string, Tenant>, currency: string) {
    this.#tenants = tenants
    this.#currency = currency
  }

  tenant(id: string): Tenant | undefined {
    return this.#tenants.get(id)
  }

  add(bill: BillOfSubscription, soFar: bigint, forecast: bigint): void {
    const tenant = this.#tenantSum(bill.tenantId, bill.planId)
    // Bills of a tenant come in the order of time: the last one says which plan it is on.
    tenant.plan = bill.planId
    tenant.period = bill.period
    for (const sum of [tenant, this.#planSum(bill.planId)]) {
      sum.soFar += soFar
      sum.forecast += forecast
    }
  }

  addValue({ tenantId, planId }: Subscription, minor: bigint): void {
    const plan = this.#planSum(planId)
    plan.tenants += 1
    plan.mrr += minor
    const tenant = this.#tenantSum(tenantId, planId)
    tenant.plan = planId
    tenant.mrr += minor
  }

  lose({ tenantId }: BillOfSubscription, why: string): void {
    this.#unpriced.push({ tenant_id: tenantId, why })
  }

  view(nowMs: number): Omit<Revenue, 'outstanding' | 'overdue'> {
    const tenants = [...this.#byTenant].sort(([one], [other]) => (one < other ? -1 : 1))
    const plans = [...this.#byPlan].sort(([one], [other]) => (one < other ? -1 : 1))
    const total = nothing()
    for (const [, { soFar, forecast, mrr }] of tenants) {
      total.soFar += soFar
      total.forecast += forecast
      total.mrr += mrr
    }
    return {
      currency: this.#currency,
      as_of: isoTime(nowMs),
      ...this.#amounts(total),
      tenants: tenants.map(([id, sum]) => ({
        tenant_id: id,
        tenant_name: this.#tenants.get(id)?.name ?? id,
        plan: sum.plan,
        period_start: isoTime(sum.period.startMs),
        period_end: isoTime(sum.period.endMs),
        ...this.#amounts(sum),
      })),
      plans: plans.map(([plan, sum]) => ({ plan, tenants: sum.tenants, ...this.#amounts(sum) })),
      unpriced: this.#unpriced,
    }
  }

  #amounts({ soFar, forecast, mrr }: Sum): RevenueAmounts {
    const text = (minor: bigint): string => formatMinor(minor, this.#currency)
    return { so_far: text(soFar), forecast: text(forecast), mrr: text(mrr) }
  }

  #tenantSum(id: string, plan: string): TenantSum {
    const known = this.#byTenant.get(id)
    if (known !== undefined) return known
    const sum = { ...nothing(), plan, period: { startMs: 0, endMs: 0 } }
    this.#byTenant.set(id, sum)
    return sum
  }

  #planSum(plan: string): PlanSum {
    const known = this.#byPlan.get(plan)
    if (known !== undefined) return known
    const sum = { ...nothing(), tenants: 0 }
    this.#byPlan.set(plan, sum)
    return sum
  }
}

interface Sum {
  soFar: bigint
  forecast: bigint
  mrr: bigint
}

interface TenantSum extends Sum {
  plan: string
  period: Period
}

interface PlanSum extends Sum {
  tenants: number
}

function nothing(): Sum {
  return { soFar: 0n, forecast: 0n, mrr: 0n }
}
