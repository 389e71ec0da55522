import { reportSpan } from '../../metering/report-span.ts'
import type { Period } from '../../model/period.ts'

/** The span of a month: invoices whose period begins in it are its invoices. */
export function parseMonthSpan(month: string, timezone: string): Period {
  return reportSpan({ month }, { timezone, nowMs: 0 })
}
