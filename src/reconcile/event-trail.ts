import { isoTime } from '../lib/iso-time.ts'
import { type EventView, viewEvent } from '../metering/event-view.ts'
import type { UsageEvent } from '../model/event.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import type { UsageLog } from '../storage/ports/usage-log.ts'
import { bucketOf } from './raw-events.ts'

/** The way of one event, from the call to the bill; the names are stable. Null is what is not known. */
export interface EventTrail {
  readonly event: EventView
  /** When the call came in, and when its last byte left. */
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

/** Follows one event through the stores. */
export async function eventTrail(
  { store, usageLog }: { readonly store: Pick<ControlTables, 'adjustments'>; readonly usageLog: UsageLog },
  event: UsageEvent,
): Promise<EventTrail> {
  const shipment = await usageLog.shipmentOf(event)
  const adjustment = await store.adjustments.ofEvent(event.id)
  return {
    event: viewEvent(event),
    received_at: isoTime(event.timestampMs),
    answered_at: isoTime(event.timestampMs + Math.max(0, event.responseTimeMs)),
    times_in_log: (await usageLog.find(event.id)) === undefined ? 0 : 1,
    spooled_from: timeOrNull(shipment?.spooledFromMs),
    spooled_to: timeOrNull(shipment?.spooledToMs),
    shipped_at: timeOrNull(shipment?.shippedMs),
    bucket: isoTime(bucketOf(event.timestampMs)),
    plan: event.planId === '' ? null : { id: event.planId, version: event.planVersion },
    invoice: null,
    rated_at: null,
    voided:
      adjustment === undefined
        ? null
        : { id: adjustment.id, at: isoTime(adjustment.atMs), reason: adjustment.reason },
  }
}

// 0 is a time that an older gatez did not write down.
function timeOrNull(ms: number | undefined): string | null {
  return ms === undefined || ms === 0 ? null : isoTime(ms)
}
