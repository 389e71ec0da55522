import type { UsageEvent } from '../model/event.ts'
import type { UsageLog } from '../storage/ports/usage-log.ts'

/** How far back is looked at first; further each time nothing was there. */
const FIRST_MS = 60_000
const GROWTH = 4
/** Events read for one page, at most: a page that asks for what is rare may be short, and goes on from there. */
const READ_MAX = 200_000

/**
 * Single calls of a tenant, newest first, a page at a time.
 *
 * `next` is where the page after begins; undefined when nothing older is in the span.
 */
export async function listCalls(usageLog: UsageLog, asked: AskedCalls): Promise<CallPage> {
  const { fromMs, limit, tenantId } = asked
  const found: UsageEvent[] = []
  let toMs = asked.before === undefined ? asked.toMs : Math.min(asked.toMs, asked.before.timestampMs + 1)
  let stepMs = FIRST_MS
  let read = 0
  while (toMs > fromMs && found.length <= limit && read < READ_MAX) {
    const startMs = Math.max(fromMs, toMs - stepMs)
    const events: UsageEvent[] = []
    for await (const event of usageLog.events({ fromMs: startMs, toMs, tenantId })) {
      read += 1
      if (isBefore(event, asked.before) && matches(event, asked)) events.push(event)
      // Of a window the newest count: what is too much is let go from its beginning.
      if (events.length > 4 * (limit + 1)) events.splice(0, events.length - (limit + 1))
    }
    found.push(...events.reverse())
    stepMs = events.length === 0 ? stepMs * GROWTH : stepMs
    toMs = startMs
  }
  const calls = found.slice(0, limit)
  const last = calls.at(-1)
  if (found.length > limit && last !== undefined)
    return { calls, next: { timestampMs: last.timestampMs, id: last.id } }
  return { calls, next: toMs > fromMs ? { timestampMs: toMs - 1, id: AFTER_ALL } : undefined }
}

/** Which calls are asked for. */
export interface AskedCalls {
  readonly tenantId: string
  readonly fromMs: number
  readonly toMs: number
  readonly limit: number
  readonly before?: CallPlace | undefined
  readonly keyId?: string | undefined
  readonly routeId?: string | undefined
  readonly subscriptionId?: string | undefined
  /** The first digit of the status. */
  readonly statusClass?: number | undefined
  readonly billable?: boolean | undefined
}

/** Where a page begins: behind this call. */
export interface CallPlace {
  readonly timestampMs: number
  readonly id: string
}

export interface CallPage {
  readonly calls: readonly UsageEvent[]
  readonly next: CallPlace | undefined
}

/** Ids are letters and digits: this one comes after each. */
const AFTER_ALL = '~'

function isBefore({ timestampMs, id }: UsageEvent, place: CallPlace | undefined): boolean {
  if (place === undefined || timestampMs < place.timestampMs) return true
  return timestampMs === place.timestampMs && id < place.id
}

function matches(event: UsageEvent, asked: AskedCalls): boolean {
  const { keyId, routeId, subscriptionId, statusClass, billable } = asked
  if (keyId !== undefined && event.keyId !== keyId) return false
  if (routeId !== undefined && event.routeId !== routeId) return false
  if (subscriptionId !== undefined && event.subscriptionId !== subscriptionId) return false
  if (statusClass !== undefined && Math.floor(event.statusCode / 100) !== statusClass) return false
  return billable === undefined || event.billable === billable
}
