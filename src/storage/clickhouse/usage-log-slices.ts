import type { UsageLogFilter } from '../ports/usage-log.ts'
import type { ClickHouseConnection } from './connection.ts'

/** A span of time, half-open. */
export interface TimeSlice {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * Cuts a span into slices, oldest first, so that each holds some `events` rows: what a query sorts at once.
 *
 * A minute is never cut, and may hold more. Spans without rows are left out.
 */
export async function* slicesOf(
  connection: ClickHouseConnection,
  filter: Omit<UsageLogFilter, 'limit'>,
  events: number,
): AsyncGenerator<TimeSlice> {
  const span = { fromMs: withinCalendar(filter.fromMs ?? 0), toMs: withinCalendar(filter.toMs ?? LAST_MS) }
  const tenantId = filter.tenantId ?? ''
  let open: Slice | undefined
  for (const day of await counts(connection, { ...span, tenantId, stepMs: DAY_MS })) {
    const parts =
      day.rows <= events
        ? [day]
        : await counts(connection, { ...within(day, span), tenantId, stepMs: MINUTE_MS })
    for (const part of parts) {
      if (open !== undefined && open.rows + part.rows > events) {
        yield within(open, span)
        open = undefined
      }
      open = { fromMs: open?.fromMs ?? part.fromMs, toMs: part.toMs, rows: (open?.rows ?? 0) + part.rows }
    }
  }
  if (open !== undefined) yield within(open, span)
}

interface Slice extends TimeSlice {
  readonly rows: number
}

async function counts(
  connection: ClickHouseConnection,
  parameters: TimeSlice & { readonly tenantId: string; readonly stepMs: number },
): Promise<readonly Slice[]> {
  const { fromMs, toMs, tenantId, stepMs } = parameters
  const rows = await connection.rows<[number, number]>(COUNTS, { fromMs, toMs, tenantId, stepMs })
  return rows.map(([startMs, count]) => ({ fromMs: startMs, toMs: startMs + stepMs, rows: count }))
}

function within({ fromMs, toMs }: TimeSlice, span: TimeSlice): TimeSlice {
  return { fromMs: Math.max(fromMs, span.fromMs), toMs: Math.min(toMs, span.toMs) }
}

/** Moments before and after all that the server's times can tell. */
export function withinCalendar(ms: number): number {
  return Math.min(Math.max(ms, FIRST_MS), LAST_MS)
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const FIRST_MS = Date.UTC(1900, 0, 1)
const LAST_MS = Date.UTC(2299, 11, 31)

const COUNTS = `
  SELECT intDiv(toUnixTimestamp64Milli(timestamp), {stepMs:Int64}) * {stepMs:Int64} AS step, count()
  FROM usage_events
  WHERE timestamp >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC')
    AND timestamp < fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')
    AND ({tenantId:String} = '' OR tenant_id = {tenantId:String})
  GROUP BY step ORDER BY step`
