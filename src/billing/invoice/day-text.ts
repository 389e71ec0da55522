import { Temporal } from 'temporal-polyfill'

/** The day of a moment where invoices are made, as `2026-03-01`. */
export function dayText(ms: number, timezone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timezone).toPlainDate().toString()
}
