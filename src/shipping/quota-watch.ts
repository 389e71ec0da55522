import { movePlan } from '../access/change-plan.ts'
import { runsAt } from '../access/tenant-view.ts'
import { TenantBook } from '../ingest/tenant-book.ts'
import type { Clock } from '../lib/clock.ts'
import { prefixedId } from '../lib/id.ts'
import { isoTime } from '../lib/iso-time.ts'
import { includedIn } from '../limits/call-counters.ts'
import { type PeriodFinder, periodFinder } from '../limits/period-finder.ts'
import { quantityOf } from '../metering/meter-sums.ts'
import { notedPeriods, QuotaUse } from '../metering/quota-use.ts'
import { type AggregationOf, declaredAggregations } from '../metering/roll-up.ts'
import type { QuotaPeriod, QuotaRules } from '../model/billing-calendar.ts'
import { overridePlan } from '../model/overrides.ts'
import type { Plan, Quota } from '../model/plan.ts'
import { compare, formatExactly, isZero, type Rational, rational, times } from '../model/rational.ts'
import type { Subscription, Tenant } from '../model/tenant.ts'
import type { ControlStore, ControlTables } from '../storage/ports/control-store.ts'
import type { UseNote } from '../storage/ports/quotas.ts'
import type { MeteringRules } from './ship.ts'

/** In percent of what is included. */
const THRESHOLDS = [80, 100] as const
/** Tenants looked at in one transaction. */
const TENANTS_AT_ONCE = 50
/** A period that ended longer ago is history: what comes in for it later alarms nobody. */
const OVER_MS = 86_400_000

/**
 * Tells of quotas that are used to 80 and to 100 %, each once a period, and moves tenants whose quota says so to the
 * plan it names.
 *
 * It decides by the ledger alone: the notes that were left there, in one transaction with the messages in the outbox.
 * After a crash it goes on where the notes are; several of them, on any machine, tell nothing twice.
 */
export class QuotaWatch {
  readonly #parts: QuotaWatchParts
  #book = new TenantBook()
  #rules: WatchRules
  #running: Promise<void> | undefined

  constructor(parts: QuotaWatchParts) {
    this.#parts = parts
    this.#rules = rulesOf(parts.metering)
  }

  /** Puts other meters and billing periods in force, from the next look on. */
  replaceMetering(metering: MeteringRules): void {
    this.#rules = rulesOf(metering)
  }

  /** Looks at all that was added to the ledger since the last time. Calls that overlap share a run. */
  look(): Promise<void> {
    this.#running ??= this.#lookAll().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #lookAll(): Promise<void> {
    if (this.#rules.billing === undefined) return
    while (await this.#parts.store.quotas.hasNotes()) {
      try {
        await this.#parts.store.transaction((tables) => this.#lookOnce(tables))
      } catch (error) {
        // What was read of changes that were undone must not stay.
        this.#book = new TenantBook()
        throw error
      }
    }
  }

  async #lookOnce(tables: ControlTables): Promise<void> {
    const notes = await tables.quotas.takeNotes(TENANTS_AT_ONCE)
    await this.#book.refresh(tables)
    const plans = new Map((await tables.plans.current()).map(({ plan }) => [plan.id, plan]))
    const byTenant = Map.groupBy(notes, ({ tenantId }) => tenantId)
    for (const [tenantId, ofTenant] of byTenant) {
      const { tenant } = await this.#book.find(tables, tenantId)
      if (tenant !== undefined) await this.#lookAt(tables, { tenant, plans, notes: ofTenant })
    }
  }

  async #lookAt(tables: ControlTables, { tenant, plans, ...look }: Look): Promise<void> {
    let { notes } = look
    const nowMs = this.#parts.clock.nowMs()
    const { billing, aggregationOf } = this.#rules
    if (billing === undefined) return
    // An upgrade brings another quota, which may be used up as well; the file leads none of them round.
    for (;;) {
      const { subscriptions } = await this.#book.find(tables, tenant.id)
      const active = subscriptions.find((each) => runsAt(each, nowMs))
      const plan = active === undefined ? undefined : plans.get(active.planId)
      if (active === undefined || plan === undefined) return
      const use = new QuotaUse(tables, { tenantId: tenant.id, subscriptions, notes }, aggregationOf)
      const to = await this.#watchQuotas(tables, { tenant, plan, active, notes, use, nowMs })
      if (to === undefined || !plans.has(to)) return
      await tables.tenants.lock(tenant.id)
      const reason = 'a quota was exceeded'
      const request = { planId: to, at: 'now', actor: 'gatez', nowMs, reason } as const
      await movePlan(tables, tenant, { ...request, billing })
      await this.#book.refresh(tables)
      // What was noted is in the sums by now.
      notes = notes.map(spent)
    }
  }

  /** Tells what is to be told; returns the plan that the tenant is to move to, if any. */
  async #watchQuotas(tables: ControlTables, watched: Watched): Promise<string | undefined> {
    const { tenant, active, notes, use, nowMs } = watched
    const plan = overridePlan(watched.plan, tenant.overrides)
    let upgradeTo: string | undefined
    for (const quota of plan.quotas) {
      for (const period of notedPeriods(this.#rules.periodOf, quota, notes, active)) {
        if (period.endMs <= nowMs - OVER_MS) continue
        const used = quantityOf(await use.of(quota, period))
        const included = includedIn(quota, period)
        await this.#tellOf(tables, { tenant, plan, quota, period, used, included, nowMs })
        const isOver = compare(used, included) > 0 && period.endMs > nowMs
        if (isOver && quota.onExceed === 'upgrade') upgradeTo ??= quota.upgradeTo
      }
    }
    return upgradeTo
  }

  async #tellOf(tables: ControlTables, told: Told): Promise<void> {
    const { tenant, plan, quota, period, nowMs } = told
    for (const threshold of THRESHOLDS) {
      if (!isReached(told, threshold)) continue
      const [used, included] = [formatExactly(told.used), formatExactly(told.included)]
      const place = { tenantId: tenant.id, planId: plan.id, quotaId: quota.id, periodMs: period.startMs }
      if (!(await tables.quotas.tell({ ...place, threshold, used, included, atMs: nowMs }))) continue
      await tables.outbox.insert({
        id: prefixedId('msg'),
        kind: 'quota.threshold',
        createdAtMs: nowMs,
        body: {
          tenant_id: tenant.id,
          plan: plan.id,
          quota: quota.id,
          meter: quota.meter,
          threshold,
          used,
          included,
          on_exceed: quota.onExceed,
          upgrade_to: quota.upgradeTo ?? null,
          period_from: isoTime(period.startMs),
          period_to: isoTime(period.endMs),
          at: isoTime(nowMs),
        },
      })
    }
  }
}

export interface QuotaWatchParts {
  readonly store: ControlStore
  readonly clock: Clock
  /** What the file says; where it says nothing of billing, nobody watches. */
  readonly metering: MeteringRules
}

interface WatchRules {
  readonly billing: QuotaRules | undefined
  readonly periodOf: PeriodFinder
  readonly aggregationOf: AggregationOf
}

function rulesOf({ billing, meters }: MeteringRules): WatchRules {
  const periodOf = periodFinder(billing ?? { period: 'month', timezone: 'UTC' })
  return { billing, periodOf, aggregationOf: declaredAggregations(meters) }
}

interface Look {
  readonly tenant: Tenant
  readonly plans: ReadonlyMap<string, Plan>
  readonly notes: readonly UseNote[]
}

interface Watched {
  readonly tenant: Tenant
  readonly plan: Plan
  readonly active: Subscription
  readonly notes: readonly UseNote[]
  readonly use: QuotaUse
  readonly nowMs: number
}

interface Told {
  readonly tenant: Tenant
  readonly plan: Plan
  readonly quota: Quota
  readonly period: QuotaPeriod
  readonly used: Rational
  readonly included: Rational
  readonly nowMs: number
}

/** A quota of nothing is used up with the first use, and is never almost used up. */
function isReached({ used, included }: Told, threshold: number): boolean {
  if (isZero(included)) return threshold === 100 && used.numerator > 0n
  return compare(times(used, rational(100n)), times(included, rational(BigInt(threshold)))) >= 0
}

function spent(note: UseNote): UseNote {
  const nothing = { requests: 0, usageUnits: 0, bytesReceived: 0, bytesSent: 0, durationMs: 0 }
  return { ...note, ...nothing, quantities: {} }
}
