import { type BillingRules, findChange } from '../access/change-plan.ts'
import { findTenant } from '../access/find-tenant.ts'
import { afterChange } from '../access/subscription-change.ts'
import { runsAt } from '../access/tenant-view.ts'
import type { Clock } from '../lib/clock.ts'
import { isoTime } from '../lib/iso-time.ts'
import { withSpans } from '../metering/bill-spans.ts'
import { chargeLines } from '../metering/charge-lines.ts'
import { LedgerUsage } from '../metering/ledger-usage.ts'
import { PriceBook } from '../metering/price-book.ts'
import type { BillingTerms } from '../metering/usage-amounts.ts'
import { billingPeriodAt, heldPlan } from '../model/billing-calendar.ts'
import { formatMinor } from '../model/money.ts'
import { overridePlan } from '../model/overrides.ts'
import type { Period } from '../model/period.ts'
import { FEE_METHODS, type FeeMethod } from '../model/proration.ts'
import { formatExactly } from '../model/rational.ts'
import type { Subscription, Tenant } from '../model/tenant.ts'
import { type Direction, monthlyValue } from '../pricing/monthly-value.ts'
import type { ControlStore } from '../storage/ports/control-store.ts'

/**
 * What a change of plan would do to the bill of this period and the next, before anything is done.
 *
 * The bill of this period is that of the usage so far: what is used from now on comes on top of both sides. Changes
 * nothing. What `tenants plan` then does is the same, if nothing was used or changed in between.
 */
export async function previewChange(
  { store, clock, billing }: PreviewParts,
  request: PreviewRequest,
): Promise<ChangePreview> {
  const nowMs = clock.nowMs()
  const tenant = await findTenant(store, request.tenant)
  const { plan, subscriptions, change, direction } = await findChange(store, tenant, {
    ...request,
    nowMs,
    billing,
  })
  const after = afterChange(subscriptions, change)
  const active = subscriptions.find((each) => runsAt(each, nowMs))
  const period = billingPeriodAt(billing, nowMs, heldPlan(active).anchorMs)
  const bill = new BillPreview(store, tenant, billing)
  const [unchanged, changed] = [await bill.of(subscriptions, period), await bill.of(after, period)]
  const next = billingPeriodAt(billing, period.endMs, heldPlan(after.at(-1)).anchorMs)
  return {
    tenant_id: tenant.id,
    from: active?.planId ?? null,
    to: plan.plan.id,
    direction,
    monthly_value: {
      from: await worthOf(store, tenant, active, billing),
      to: formatExactly(monthlyValue(overridePlan(plan.plan, tenant.overrides), billing.period)),
    },
    at: isoTime(change.startMs),
    trial_until: trialEnd(change.inserts),
    currency: billing.currency,
    this_period: {
      ...viewPeriod(period),
      ...sidesOf(unchanged, changed, billing.currency),
      lines: changed.lines,
    },
    next_period: {
      ...viewPeriod(next),
      ...sidesOf(await bill.of(subscriptions, next), await bill.of(after, next), billing.currency),
    },
    by_method: await bill.byMethod(after, period),
    includes: includesOf(await bill.of(after, period)),
  }
}

export interface PreviewParts {
  readonly store: ControlStore
  readonly clock: Clock
  readonly billing: BillingRules & BillingTerms
}

export interface PreviewRequest {
  /** Id or external id. */
  readonly tenant: string
  readonly planId: string
  readonly at?: 'now' | 'period-end' | undefined
  readonly trialDays?: number | undefined
}

/** A change of plan before it is made; the names are stable. */
export interface ChangePreview {
  readonly tenant_id: string
  /** null while it has no plan. */
  readonly from: string | null
  readonly to: string
  /** By monthly value: up is now, down at the end of the period, unless something else is asked. */
  readonly direction: Direction
  readonly monthly_value: { readonly from: string | null; readonly to: string }
  /** When the new limits and prices begin; until then the old ones hold. */
  readonly at: string
  readonly trial_until: string | null
  readonly currency: string
  /** The bill of the period that runs, with and without the change, by the usage so far. */
  readonly this_period: PreviewSides & { readonly lines: readonly PreviewLine[] }
  /** What the period after it costs without any usage. */
  readonly next_period: PreviewSides
  /** What this period would cost by each method of proration of fees. */
  readonly by_method: Readonly<Record<FeeMethod, string>>
  /** What the plans of this period include of their meters, after the change. */
  readonly includes: readonly PreviewIncluded[]
}

export interface PreviewSides {
  readonly from: string
  readonly to: string
  readonly unchanged: string
  readonly changed: string
  /** changed − unchanged. */
  readonly difference: string
}

export interface PreviewLine {
  readonly plan: string
  readonly charge: string
  readonly from: string
  readonly to: string
  readonly quantity: string
  /** How the part of a fee, or what is included, was reckoned. */
  readonly method: string
  readonly amount: string
}

export interface PreviewIncluded {
  readonly plan: string
  readonly meter: string
  readonly whole: string
  readonly included: string
  readonly method: string
}

interface PreviewedBill {
  readonly minor: bigint
  readonly lines: readonly PreviewLine[]
  readonly included: readonly PreviewIncluded[]
}

/** Writes bills of one tenant, as reports do, for subscriptions that are or might be. */
class BillPreview {
  readonly #store: ControlStore
  readonly #tenant: Tenant
  readonly #billing: BillingTerms

  constructor(store: ControlStore, tenant: Tenant, billing: BillingTerms) {
    this.#store = store
    this.#tenant = tenant
    this.#billing = billing
  }

  async of(
    subscriptions: readonly Subscription[],
    period: Period,
    billing = this.#billing,
  ): Promise<PreviewedBill> {
    const prices = new PriceBook(this.#store)
    const bills = await withSpans(await this.#used(subscriptions, period), prices, billing)
    const lines: (PreviewLine & { readonly minor: bigint })[] = []
    const included: PreviewIncluded[] = []
    for (const bill of bills) {
      const { span } = bill
      const charges = await prices.charges(bill)
      if (span === undefined || charges === undefined) continue
      for (const { charge, quantity, minor } of chargeLines(bill, charges, billing)) {
        const part = [...span.fees, ...span.metered].find(({ chargeId }) => chargeId === charge.id)
        const [from, to] = [isoTime(span.held.startMs), isoTime(span.held.endMs)]
        const about = { plan: bill.planId, charge: charge.id, from, to, quantity: formatExactly(quantity) }
        const amount = minor === null ? 'no price' : formatMinor(minor, billing.currency)
        lines.push({ ...about, method: part?.method ?? 'whole', amount, minor: minor ?? 0n })
      }
      for (const { meter, full, included: part, method } of span.metered) {
        const [whole, left] = [formatExactly(full), formatExactly(part)]
        if (whole !== '0') included.push({ plan: bill.planId, meter, whole, included: left, method })
      }
    }
    const sum = lines.reduce((total, { minor }) => total + minor, 0n)
    return { minor: sum, lines: lines.map(({ minor: _, ...line }) => line), included }
  }

  async byMethod(subscriptions: readonly Subscription[], period: Period): Promise<Record<FeeMethod, string>> {
    const amounts: Record<FeeMethod, string> = { days: '', seconds: '', consumption: '' }
    for (const fee of FEE_METHODS) {
      const proration = { quota: this.#billing.proration?.quota ?? 'carry', fee } as const
      const { minor } = await this.of(subscriptions, period, { ...this.#billing, proration })
      amounts[fee] = formatMinor(minor, this.#billing.currency)
    }
    return amounts
  }

  async #used(subscriptions: readonly Subscription[], period: Period) {
    const tenantId = this.#tenant.id
    const usage = new LedgerUsage(
      [period],
      subscriptions.filter(({ startMs, endMs }) => endMs === null || endMs > startMs),
    )
    const { ledger } = this.#store
    const span = { fromMs: period.startMs, toMs: period.endMs, tenantId }
    for await (const rollup of ledger.rollups(span)) usage.add(rollup, '')
    for (const level of await ledger.levels({ beforeMs: period.startMs, tenantId })) usage.addLevel(level)
    return usage.bills()
  }
}

function sidesOf({ minor: before }: PreviewedBill, { minor: after }: PreviewedBill, currency: string) {
  return {
    unchanged: formatMinor(before, currency),
    changed: formatMinor(after, currency),
    difference: formatMinor(after - before, currency),
  }
}

function viewPeriod({ startMs, endMs }: Period) {
  return { from: isoTime(startMs), to: isoTime(endMs) }
}

function includesOf({ included }: PreviewedBill): readonly PreviewIncluded[] {
  return included
}

function trialEnd(inserts: readonly Subscription[]): string | null {
  const trial = inserts.find(({ isTrial }) => isTrial === true)
  return trial === undefined || trial.endMs === null ? null : isoTime(trial.endMs)
}

async function worthOf(
  store: ControlStore,
  { overrides }: Tenant,
  active: Subscription | undefined,
  { period }: BillingTerms,
): Promise<string | null> {
  const version = active === undefined ? undefined : await store.plans.find(active.planId, active.planVersion)
  return version === undefined
    ? null
    : formatExactly(monthlyValue(overridePlan(version.plan, overrides), period))
}
