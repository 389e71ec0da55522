import { Temporal } from 'temporal-polyfill'
import { GatezError } from '../errors/gatez-error.ts'
import { type Period, periodAt } from '../model/period.ts'
import { BUCKET_MS, type RollupKey } from '../storage/ports/ledger.ts'

/** What a report can always be broken down by; each dimension of the file is one more. */
export const REPORT_BY = ['tenant', 'key', 'route', 'api', 'plan', 'status', 'day', 'week', 'month'] as const

/** One of `REPORT_BY`, or the id of a dimension. */
export type ReportBy = string

/** The columns a breakdown adds, as scripts know them; where there is a name, it follows the id. */
export function reportColumns(by: ReportBy): readonly string[] {
  return COLUMNS[by] ?? [by]
}

const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  tenant: ['tenant_id', 'tenant_name'],
  key: ['key_id', 'key_name'],
  route: ['route_id'],
  api: ['api_id'],
  plan: ['plan_id'],
  status: ['status'],
  day: ['day'],
  week: ['week'],
  month: ['month'],
}

/** Where a rollup stands in a breakdown: what the row says, and the span of time it is about. */
export interface ReportCut {
  readonly label: string
  /** Undefined where the breakdown is not one by time. */
  readonly period?: Period
}

/**
 * Finds where rollups stand in the breakdown `by`.
 *
 * Labels sort as text in the order of time: `2026-03-29`, `2026-W13` (ISO weeks, from Monday), `2026-03`.
 * For breakdowns by time hand the rollups over in the order of time: the last cut is remembered.
 */
export function reportCutter(by: ReportBy, timezone: string): (rollup: RollupKey) => ReportCut {
  switch (by) {
    case 'tenant':
      return ({ tenantId }) => ({ label: tenantId })
    case 'key':
      return ({ keyId }) => ({ label: keyId })
    case 'route':
      return ({ routeId }) => ({ label: routeId })
    case 'api':
      return ({ apiId }) => ({ label: apiId })
    case 'plan':
      return ({ planId }) => ({ label: planId })
    case 'status':
      return ({ statusClass }) => ({ label: statusClass === 0 ? 'none' : `${statusClass}xx` })
    case 'day':
    case 'week':
    case 'month':
      return timeCutter(by, timezone)
    default:
      return ({ dimensions }) => ({ label: dimensions[by] ?? '' })
  }
}

function timeCutter(cycle: TimeCycle, timezone: string): (rollup: RollupKey) => ReportCut {
  let last: { readonly label: string; readonly period: Period } | undefined
  return ({ bucketMs }) => {
    if (last === undefined || bucketMs < last.period.startMs || bucketMs >= last.period.endMs) {
      const period = periodAt(cycle, timezone, bucketMs)
      if (period.startMs % BUCKET_MS !== 0 || period.endMs % BUCKET_MS !== 0) {
        const detail = `In --tz ${timezone} a ${cycle} does not begin on a quarter of an hour, so it cannot be cut.`
        throw new GatezError('invalid-parameter', detail)
      }
      last = { label: labelOf(cycle, period.startMs, timezone), period }
    }
    return last
  }
}

type TimeCycle = 'day' | 'week' | 'month'

/** Whether a breakdown cuts the span. */
export function cutsTime(by: ReportBy): boolean {
  return by === 'day' || by === 'week' || by === 'month'
}

/** The moments within a span at which a breakdown by time cuts it; none where it is not one. */
export function cutsIn(by: ReportBy, { startMs, endMs }: Period, timezone: string): readonly number[] {
  if (by !== 'day' && by !== 'week' && by !== 'month') return []
  const moments: number[] = []
  for (let ms = startMs; ms < endMs; ms = periodAt(by, timezone, ms).endMs) moments.push(ms)
  return moments.slice(1)
}

/** Whether a breakdown tells calls of one caller apart, by where they went or how they ended. */
export function cutsKinds(by: ReportBy): boolean {
  return by === 'route' || by === 'api' || by === 'status'
}

function labelOf(cycle: TimeCycle, startMs: number, timezone: string): string {
  const date = Temporal.Instant.fromEpochMilliseconds(startMs).toZonedDateTimeISO(timezone).toPlainDate()
  if (cycle === 'day') return date.toString()
  if (cycle === 'month') return date.toPlainYearMonth().toString()
  return `${date.yearOfWeek}-W${String(date.weekOfYear).padStart(2, '0')}`
}
