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
  const date = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timezone).toPlainDate()
  const first = firstDay(cycle, date)
  return { startMs: startOf(first, timezone), endMs: startOf(first.add(LENGTH[cycle]), timezone) }
}

const LENGTH = {
  day: { days: 1 },
  week: { days: 7 },
  month: { months: 1 },
  year: { years: 1 },
} as const satisfies Record<BillingCycle, object>

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
