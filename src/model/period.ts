import { Temporal } from 'temporal-polyfill'
import type { BillingCycle } from './plan.ts'

/** A span of time, half-open: from `startMs`, up to but without `endMs`. */
export interface Period {
  readonly startMs: number
  readonly endMs: number
}

/**
 * The calendar period of `timezone` that holds the moment `ms`.
 *
 * Days begin at the zone's midnight (or the first moment after a gap), weeks on Monday, months and
 * years on their first day. A day on which clocks change has 23 or 25 hours and is one day: periods
 * follow each other without gap or overlap.
 */
export function periodAt(cycle: BillingCycle, timezone: string, ms: number): Period {
  const first = firstDay(cycle, dateAt(ms, timezone))
  return { startMs: startOf(first, timezone), endMs: startOf(first.add(LENGTH[cycle]), timezone) }
}

/**
 * The periods of `cycle` that a span is made of, in order; undefined when it begins or ends inside of one.
 *
 * A bill is about whole periods, so only such a span has an amount.
 */
export function wholePeriods(
  span: Period,
  cycle: BillingCycle,
  timezone: string,
): readonly Period[] | undefined {
  const periods: Period[] = []
  let startMs = span.startMs
  while (startMs < span.endMs) {
    const period = periodAt(cycle, timezone, startMs)
    if (period.startMs !== startMs || period.endMs > span.endMs) return undefined
    periods.push(period)
    startMs = period.endMs
  }
  return periods
}

/**
 * How many days of `timezone` begin with a span, or in it: 22 from noon of 10 March to the end of the month.
 *
 * The day in which it begins counts, the one in which it ends does not, so the days of spans that follow each other add
 * up to those of the whole.
 */
export function daysOf({ startMs, endMs }: Period, timezone: string): number {
  const [first, end] = [dateAt(startMs, timezone), dateAt(endMs, timezone)]
  return first.until(end, { largestUnit: 'days' }).days
}

const LENGTH = {
  day: { days: 1 },
  week: { days: 7 },
  month: { months: 1 },
  year: { years: 1 },
} as const satisfies Record<BillingCycle, object>

function dateAt(ms: number, timezone: string): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timezone).toPlainDate()
}

function firstDay(cycle: BillingCycle, date: Temporal.PlainDate): Temporal.PlainDate {
  switch (cycle) {
    case 'day':
      return date
    case 'week':
      return date.subtract({ days: date.dayOfWeek - 1 })
    case 'month':
      return date.with({ day: 1 })
    case 'year':
      return date.with({ month: 1, day: 1 })
  }
}

function startOf(date: Temporal.PlainDate, timezone: string): number {
  return date.toZonedDateTime(timezone).epochMilliseconds
}
