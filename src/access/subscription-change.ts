import { Temporal } from 'temporal-polyfill'
import { prefixedId } from '../lib/id.ts'
import { billingPeriodAt, heldPlan } from '../model/billing-calendar.ts'
import type { PlanVersion } from '../model/plan.ts'
import type { Subscription } from '../model/tenant.ts'
import type { Direction } from '../pricing/monthly-value.ts'
import type { BillingRules } from './change-plan.ts'
import { isToCome, runsAt } from './tenant-view.ts'

/**
 * What a change of plan does to the subscriptions of a tenant. Pure: the change itself and its preview ask it.
 *
 * What was set for later is taken back; naming the present plan again keeps it. Up is now, down is when the billing
 * period ends (a trial's own end is), unless `at` says otherwise; a tenant without a plan gets the new one at once.
 */
export function changeSubscriptions(before: Before, to: ChangeTo): SubscriptionChange {
  const { subscriptions, nowMs } = before
  const active = subscriptions.find((each) => runsAt(each, nowMs))
  const toCome = subscriptions.filter((each) => isToCome(each, nowMs))
  const ends = toCome.map(({ id, startMs }) => ({ id, endMs: startMs }))
  const asked = to.at ?? (to.direction === 'downgrade' ? 'period-end' : 'now')
  if (active !== undefined && active.planId === to.plan.plan.id && to.trialDays === undefined) {
    return { ...keepPlan(active, to, ends), wasChanging: toCome.length > 0 || active.endMs !== null }
  }
  const startMs = asked === 'now' || active === undefined ? nowMs : periodEndMs(active, before)
  if (active !== undefined) ends.push({ id: active.id, endMs: startMs })
  const follows = active !== undefined && active.isTrial !== true
  const anchorMs = follows ? heldPlan(active).anchorMs : null
  const inserts =
    to.trialDays === undefined
      ? [subscriptionOf(to, startMs, anchorMs)]
      : trialOf(to, startMs, daysLater(startMs, to.trialDays, before.billing.timezone))
  return { active, startMs, ends, inserts, keepsPlan: false, wasChanging: true }
}

export interface Before {
  readonly tenantId: string
  /** All of the tenant. */
  readonly subscriptions: readonly Subscription[]
  readonly nowMs: number
  readonly billing: BillingRules
  /** Until when fees with a cycle of their own are paid; undefined where the plan that runs has none. */
  readonly paidUntilMs?: number | undefined
}

export interface ChangeTo {
  readonly tenantId: string
  readonly plan: PlanVersion
  readonly direction: Direction
  readonly at?: 'now' | 'period-end' | undefined
  /** Days at the beginning of which nothing is billed. */
  readonly trialDays?: number | undefined
}

export interface SubscriptionChange {
  /** The one that runs before it. */
  readonly active: Subscription | undefined
  readonly startMs: number
  /** What ends when; null takes a set end back. */
  readonly ends: readonly SubscriptionEnd[]
  readonly inserts: readonly Subscription[]
  readonly keepsPlan: boolean
  /** Whether anything is different afterwards. */
  readonly wasChanging: boolean
}

export interface SubscriptionEnd {
  readonly id: string
  readonly endMs: number | null
}

/** The subscriptions as they are after the change. */
export function afterChange(
  subscriptions: readonly Subscription[],
  { ends, inserts }: Pick<SubscriptionChange, 'ends' | 'inserts'>,
): readonly Subscription[] {
  const endOf = new Map(ends.map(({ id, endMs }) => [id, endMs]))
  const ended = subscriptions.map((each) => {
    const endMs = endOf.get(each.id)
    return endMs === undefined ? each : { ...each, endMs }
  })
  return [...ended, ...inserts]
}

/** When the billing period of a subscription ends, or what is paid for; that of a trial is the trial. */
export function periodEndMs(
  active: Subscription,
  { nowMs, billing, paidUntilMs }: Pick<Before, 'nowMs' | 'billing' | 'paidUntilMs'>,
): number {
  if (active.isTrial === true && active.endMs !== null) return active.endMs
  return Math.max(billingPeriodAt(billing, nowMs, heldPlan(active).anchorMs).endMs, paidUntilMs ?? 0)
}

/** A trial that is kept goes over into the plan at its end, as it would have. */
function keepPlan(active: Subscription, to: ChangeTo, ends: readonly SubscriptionEnd[]) {
  const common = { active, startMs: active.startMs, keepsPlan: true }
  if (active.isTrial !== true || active.endMs === null) {
    return { ...common, ends: [...ends, { id: active.id, endMs: null }], inserts: [] }
  }
  return { ...common, ends, inserts: [subscriptionOf(to, active.endMs, null)] }
}

function trialOf(to: ChangeTo, startMs: number, endMs: number): readonly Subscription[] {
  const trial = { ...subscriptionOf(to, startMs, null), endMs, isTrial: true } as const
  return [trial, subscriptionOf(to, endMs, null)]
}

function subscriptionOf(
  { tenantId, plan }: ChangeTo,
  startMs: number,
  anchorMs: number | null,
): Subscription {
  return {
    id: prefixedId('sub'),
    tenantId,
    planId: plan.plan.id,
    planVersion: plan.version,
    startMs,
    endMs: null,
    ...(anchorMs !== null && anchorMs !== startMs && { anchorMs }),
  }
}

/** The same time of day, so many days on. */
function daysLater(ms: number, days: number, timezone: string): number {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timezone).add({ days })
    .epochMilliseconds
}
