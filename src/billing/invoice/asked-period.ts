import { GatezError } from '../../errors/gatez-error.ts'
import { isoTime } from '../../lib/iso-time.ts'
import { refuseLongAgo, reportSpan, writtenTime } from '../../metering/report-span.ts'
import type { BillingTerms } from '../../metering/usage-amounts.ts'
import { billingPeriodAt, heldPlan } from '../../model/billing-calendar.ts'
import { type Period, periodName } from '../../model/period.ts'
import { runsIn, type Subscription } from '../../model/tenant.ts'

/**
 * The billing period a user means by a month, or by a day in it. Throws `invalid-parameter`.
 *
 * Where periods begin with subscriptions it is one of those the tenant had then: who left and came back has others since,
 * and an invoice of before is made again by its own. What came late after the last of them is on an invoice of a period of
 * others, which is named by a day of it.
 */
export function askedPeriod(
  { month, on, held, taken = [] }: AskedOf,
  billing: BillingTerms,
  nowMs: number,
): Period {
  const { timezone } = billing
  if (month !== undefined && on !== undefined) {
    throw new GatezError('invalid-parameter', '--month goes without --on; give one or the other.')
  }
  if (billing.anchor === 'subscription' && held.length === 0) {
    throw new GatezError(
      'invalid-parameter',
      'billing.anchor is subscription, so periods differ from tenant to tenant: name one with --tenant.',
    )
  }
  if (on !== undefined) {
    const onMs = writtenTime('--on', on, timezone)
    refuseLongAgo(['--on', on], onMs, { timezone, nowMs })
    const own = billingPeriodAt(billing, onMs, anchorOn(held, onMs))
    const isHeld = held.some((each) => runsIn(each, own))
    return (isHeld ? undefined : taken.find(({ startMs, endMs }) => startMs <= onMs && onMs < endMs)) ?? own
  }
  const span = reportSpan({ month }, { timezone, nowMs })
  if (month !== undefined) refuseLongAgo(['--month', month], span.startMs, { timezone, nowMs })
  const own = held.filter(({ startMs }) => startMs < span.endMs).map((each) => heldPlan(each).anchorMs)
  for (const anchorMs of own.length === 0 ? [anchorOn(held, span.startMs)] : own) {
    const period = billingPeriodAt(billing, span.startMs, anchorMs)
    if (periodName(period) === periodName(span)) return period
  }
  throw new GatezError(
    'invalid-parameter',
    `No billing period is just that month: name a day of the one you mean, as --on ${isoTime(span.startMs).slice(0, 10)}.`,
  )
}

/** Of the subscription that began last by the end of that day, or else of the first one. */
function anchorOn(held: readonly Subscription[], onMs: number): number | null {
  return heldPlan(held.findLast(({ startMs }) => startMs < onMs + DAY_MS) ?? held[0]).anchorMs
}

const DAY_MS = 86_400_000

/** Refuses a period that cannot be closed yet, with `period-open`. */
export function refuseOpen(period: Period, closeAfterMs: number, nowMs: number): void {
  const fromMs = period.endMs + closeAfterMs
  if (nowMs >= fromMs) return
  throw new GatezError(
    'period-open',
    `The period from ${isoTime(period.startMs)} ends at ${isoTime(period.endMs)}; its invoices can be made from ${isoTime(fromMs)} on.`,
  )
}

/** A period as a user writes it, and of whom. */
export interface AskedOf extends WrittenPeriod {
  /** What the tenant had, oldest first; none where no tenant is named. */
  readonly held: readonly Subscription[]
  /** Periods of its void invoices. */
  readonly taken?: readonly Period[]
}

/** A period as a user writes it. */
export interface WrittenPeriod {
  /** As `2026-03`. */
  readonly month?: string | undefined
  /** A day of the period, as `2026-03-04`. */
  readonly on?: string | undefined
}
