import { Temporal } from 'temporal-polyfill'
import type { BillingCycle } from './plan.ts'

/** A span of time, half-open: from `startMs`, up to but without `endMs`. */
export interface Period {
  readonly startMs: number
  readonly endMs: number
}

/** After any period. */
export const FAR_MS = Date.UTC(9999, 0, 1)

/** Names a period by both ends: two can begin on one day, from 31 January and from the 28th of every month. */
export function periodName({ startMs, endMs }: Period): string {
  return `${startMs} ${endMs}`
}

/** The day from which calendar periods are counted: a Monday, the first of a month and of a year. */
export const CALENDAR = '2001-01-01'

/**
 * The period of `timezone` that holds the moment `ms`, where periods are counted from the day `anchor`.
 *
 * Without an anchor they are those of the calendar: weeks begin on Monday, months and years on their first day.
 * Each begins so many days, weeks, months or years after the anchor itself, never after the one before: from
 * 31 January on months begin on 28 February and on 31 March. Days begin at the zone's midnight, or the first moment
 * after a gap; one on which clocks change has 23 or 25 hours and is one day. Periods follow each other without gap or
 * overlap, before the anchor too.
 */
export function periodAt(cycle: BillingCycle, timezone: string, ms: number, anchor = CALENDAR): Period {
  const first = Temporal.PlainDate.from(anchor)
  const date = dateAt(ms, timezone)
  const guess = cyclesUntil(cycle, first, date)
  const position = Temporal.PlainDate.compare(beginOf(cycle, first, guess), date) > 0 ? guess - 1 : guess
  return {
    startMs: startOf(beginOf(cycle, first, position), timezone),
    endMs: startOf(beginOf(cycle, first, position + 1), timezone),
  }
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
  anchor = CALENDAR,
): readonly Period[] | undefined {
  const periods: Period[] = []
  let startMs = span.startMs
  while (startMs < span.endMs) {
    const period = periodAt(cycle, timezone, startMs, anchor)
    if (period.startMs !== startMs || period.endMs > span.endMs) return undefined
    periods.push(period)
    startMs = period.endMs
  }
  return periods
}

/** The day of `timezone` in which a moment lies, as `2026-03-31`: an anchor for `periodAt`. */
export function dayAt(ms: number, timezone: string): string {
  return dateAt(ms, timezone).toString()
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

function dateAt(ms: number, timezone: string): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timezone).toPlainDate()
}

/** How many periods lie between two days, or one more where the end of a month was not reached. */
function cyclesUntil(cycle: BillingCycle, first: Temporal.PlainDate, date: Temporal.PlainDate): number {
  const months = (date.year - first.year) * 12 + date.month - first.month
  if (cycle === 'year') return date.year - first.year
  if (cycle === 'month') return months
  const { days } = first.until(date, { largestUnit: 'days' })
  return cycle === 'day' ? days : Math.floor(days / 7)
}

/** The first day of the period at a position, counted from the anchor; the last of a month that is too short. */
function beginOf(cycle: BillingCycle, first: Temporal.PlainDate, position: number): Temporal.PlainDate {
  return first.add({ [`${cycle}s`]: position }, { overflow: 'constrain' })
}

function startOf(date: Temporal.PlainDate, timezone: string): number {
  return date.toZonedDateTime(timezone).epochMilliseconds
}
