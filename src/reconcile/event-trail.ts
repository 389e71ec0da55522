import { lastAttempts } from '../billing/invoice/adjust-lines.ts'
import { ulidTimeMs } from '../lib/id.ts'
import { isoTime } from '../lib/iso-time.ts'
import { type EventView, viewEvent } from '../metering/event-view.ts'
import type { UsageEvent } from '../model/event.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import type { UsageLog } from '../storage/ports/usage-log.ts'
import { bucketOf } from './raw-events.ts'

/** The way of one event, from the call to the bill; the names are stable. Null is what is not known. */
export interface EventTrail {
  readonly event: EventView
  /** Which part of how many it is, of a call that was metered in parts; 1 of 1 for most. */
  readonly part: number
  readonly parts: number
  /** When the call came in, and when its last byte left; or when the event was reported, and answered. */
  readonly received_at: string
  readonly answered_at: string
  /** How often the usage log holds its id: an id that comes again is let go. */
  readonly times_in_log: number
  /** The commits of the spool that it was in one of. */
  readonly spooled_from: string | null
  readonly spooled_to: string | null
  /** When it was in the ledger. */
  readonly shipped_at: string | null
  /** The bucket of the ledger it was added to. */
  readonly bucket: string
  /** The version whose prices hold. */
  readonly plan: { readonly id: string; readonly version: number } | null
  /** The line of an invoice that it is part of, and when that was priced; null until there is one. */
  readonly invoice: string | null
  readonly rated_at: string | null
  /** What took it back; null when nothing did. */
  readonly voided: { readonly id: string; readonly at: string; readonly reason: string } | null
}

/** Follows one event through the stores; `pieces` are the parts of its call, itself among them. */
export async function eventTrail(
  {
    store,
    usageLog,
  }: { readonly store: Pick<ControlTables, 'adjustments' | 'invoices'>; readonly usageLog: UsageLog },
  event: UsageEvent,
  pieces: readonly UsageEvent[] = [event],
): Promise<EventTrail> {
  const isCall = event.source === 'gateway'
  // What was reported may have happened long before: its id was made when it came.
  const receivedMs = isCall ? event.timestampMs : (ulidTimeMs(event.id) ?? event.timestampMs)
  const shipment = await usageLog.shipmentOf(event)
  const adjustment = await store.adjustments.ofEvent(event.id)
  // What was reported was in the ledger before its sender was answered.
  const countedMs = isCall ? shipment?.shippedMs : receivedMs
  const billed = await billedOn(store, event, countedMs ?? receivedMs)
  return {
    event: viewEvent(event),
    part: pieces.findIndex(({ id }) => id === event.id) + 1,
    parts: pieces.length,
    received_at: isoTime(receivedMs),
    answered_at: isoTime(isCall ? receivedMs + Math.max(0, event.responseTimeMs) : receivedMs),
    times_in_log: (await usageLog.find(event.id)) === undefined ? 0 : 1,
    spooled_from: timeOrNull(shipment?.spooledFromMs),
    spooled_to: timeOrNull(shipment?.spooledToMs),
    shipped_at: timeOrNull(shipment?.shippedMs),
    bucket: isoTime(bucketOf(event.timestampMs)),
    plan: event.planId === '' ? null : { id: event.planId, version: event.planVersion },
    invoice: billed?.line ?? null,
    rated_at: billed?.at ?? null,
    voided:
      adjustment === undefined
        ? null
        : { id: adjustment.id, at: isoTime(adjustment.atMs), reason: adjustment.reason },
  }
}

/**
 * The line that bills an event: of the first invoice that was made once the event counted, for usage of its
 * subscription when it happened. What came after its period was billed is in an adjustment.
 */
async function billedOn(
  { invoices }: Pick<ControlTables, 'invoices'>,
  { tenantId, subscriptionId, timestampMs, billable }: UsageEvent,
  countedMs: number,
): Promise<{ readonly line: string; readonly at: string } | undefined> {
  if (!billable || subscriptionId === '') return undefined
  for (const { id, number, createdAtMs, content } of lastAttempts(await invoices.list({ tenantId }))) {
    if (createdAtMs < countedMs) continue
    const line = content.lines.find(({ kind, subscriptionId: of, period }) => {
      return (
        kind !== 'fee' && of === subscriptionId && period.startMs <= timestampMs && timestampMs < period.endMs
      )
    })
    if (line !== undefined) return { line: `${number ?? id}:${line.line}`, at: isoTime(createdAtMs) }
  }
  return undefined
}

// 0 is a time that an older gatez did not write down.
function timeOrNull(ms: number | undefined): string | null {
  return ms === undefined || ms === 0 ? null : isoTime(ms)
}
