import { systemClock } from '../../lib/clock.ts'

const MONTHS = 12

/** A month, as `2026-03`, and those before it, newest first; the month that it is in UTC if none is given. */
export function lastMonths(
  newest = new Date(systemClock.nowMs()).toISOString().slice(0, 7),
): readonly string[] {
  const [year = 1970, month = 1] = newest.split('-').map(Number)
  return Array.from({ length: MONTHS }, (_, back) =>
    new Date(Date.UTC(year, month - 1 - back, 1)).toISOString().slice(0, 7),
  )
}
