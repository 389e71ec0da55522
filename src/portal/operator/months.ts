import { systemClock } from '../../lib/clock.ts'

const MONTHS = 12

/** This month and those before it in UTC, as `2026-03`, newest first. */
export function lastMonths(): readonly string[] {
  const now = new Date(systemClock.nowMs())
  return Array.from({ length: MONTHS }, (_, back) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1)).toISOString().slice(0, 7),
  )
}
