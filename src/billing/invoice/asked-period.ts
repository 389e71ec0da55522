import { GatezError } from '../../errors/gatez-error.ts'
import { isoTime } from '../../lib/iso-time.ts'
import { reportSpan } from '../../metering/report-span.ts'
import type { BillingTerms } from '../../metering/usage-amounts.ts'
import { type Period, periodAt } from '../../model/period.ts'

/** The billing period a user means by a month, or by a day in it. Throws `invalid-parameter`. */
export function askedPeriod({ month, on }: WrittenPeriod, billing: BillingTerms, nowMs: number): Period {
  const { timezone, period: cycle } = billing
  if (month !== undefined && on !== undefined) {
    throw new GatezError('invalid-parameter', '--month goes without --on; give one or the other.')
  }
  if (on !== undefined) {
    const { startMs } = reportSpan({ from: on, to: undefined }, { timezone, nowMs: FAR_MS })
    return periodAt(cycle, timezone, startMs)
  }
  const span = reportSpan({ month }, { timezone, nowMs })
  if (cycle !== 'month') {
    throw new GatezError(
      'invalid-parameter',
      `billing.period is ${cycle}, so --month names more or less than one: name a day of it, as --on ${isoTime(span.startMs).slice(0, 10)}.`,
    )
  }
  return span
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

/** After any period. */
const FAR_MS = Date.UTC(9999, 0, 1)
