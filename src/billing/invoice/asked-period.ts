import { GatezError } from '../../errors/gatez-error.ts'
import { isoTime } from '../../lib/iso-time.ts'
import { refuseLongAgo, reportSpan, writtenTime } from '../../metering/report-span.ts'
import type { BillingTerms } from '../../metering/usage-amounts.ts'
import { billingPeriodAt } from '../../model/billing-calendar.ts'
import type { Period } from '../../model/period.ts'

/** The billing period a user means by a month, or by a day in it. Throws `invalid-parameter`. */
export function askedPeriod(
  { month, on, anchorMs }: WrittenPeriod & { readonly anchorMs: number | null },
  billing: BillingTerms,
  nowMs: number,
): Period {
  const { timezone } = billing
  if (month !== undefined && on !== undefined) {
    throw new GatezError('invalid-parameter', '--month goes without --on; give one or the other.')
  }
  if (billing.anchor === 'subscription' && anchorMs === null) {
    throw new GatezError(
      'invalid-parameter',
      'billing.anchor is subscription, so periods differ from tenant to tenant: name one with --tenant.',
    )
  }
  if (on !== undefined) {
    const onMs = writtenTime('--on', on, timezone)
    refuseLongAgo(['--on', on], onMs, { timezone, nowMs })
    return billingPeriodAt(billing, onMs, anchorMs)
  }
  const span = reportSpan({ month }, { timezone, nowMs })
  if (month !== undefined) refuseLongAgo(['--month', month], span.startMs, { timezone, nowMs })
  const period = billingPeriodAt(billing, span.startMs, anchorMs)
  if (period.startMs === span.startMs && period.endMs === span.endMs) return period
  throw new GatezError(
    'invalid-parameter',
    `No billing period is just that month: name a day of the one you mean, as --on ${isoTime(span.startMs).slice(0, 10)}.`,
  )
}

/** Refuses a period that cannot be closed yet, with `period-open`. */
export function refuseOpen(period: Period, closeAfterMs: number, nowMs: number): void {
  const fromMs = period.endMs + closeAfterMs
  if (nowMs >= fromMs) return
  throw new GatezError(
    'period-open',
    `The period from ${isoTime(period.startMs)} ends at ${isoTime(period.endMs)}; its invoices can be made from ${isoTime(fromMs)} on.`,
  )
}

export interface WrittenPeriod {
  /** As `2026-03`. */
  readonly month?: string | undefined
  /** A day of the period, as `2026-03-04`. */
  readonly on?: string | undefined
}
