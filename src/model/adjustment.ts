import type { UsageEvent } from './event.ts'
import { formatQuantity, quantityFemtos } from './quantity.ts'

/**
 * Takes back one event, for a reason. The event stays what it was: what is written is another one, which
 * counts the same downwards.
 */
export interface Adjustment {
  readonly id: string
  /** The event that is taken back: once. */
  readonly eventId: string
  /** When that event happened. */
  readonly eventMs: number
  readonly reason: string
  /** Who did it. */
  readonly actor: string
  readonly atMs: number
  /** The event that takes it back. */
  readonly event: UsageEvent
}

/** The run that adjustments are counted as: they come from no gateway. */
export const ADJUSTMENTS = { nodeId: 'adjustments', epoch: 1 } as const

/** Whether an event takes back another one. */
export function isAdjustment({ source }: Pick<UsageEvent, 'source'>): boolean {
  return source === SOURCE
}

/** The event that takes back `event`: all its counts the other way, at `timestampMs`. */
export function takeBack(
  event: UsageEvent,
  { id, seq, timestampMs }: { readonly id: string; readonly seq: number; readonly timestampMs: number },
): UsageEvent {
  const quantities = Object.entries(event.quantities).map(([meter, quantity]) => {
    return [meter, formatQuantity(-quantityFemtos(quantity))] as const
  })
  return {
    ...event,
    ...ADJUSTMENTS,
    id,
    seq,
    timestampMs,
    requestId: `void:${event.id}`,
    source: SOURCE,
    count: -event.count,
    responseTimeMs: -event.responseTimeMs,
    bytesSent: -event.bytesSent,
    bytesReceived: -event.bytesReceived,
    usageUnits: -event.usageUnits,
    quantities: Object.fromEntries(quantities),
  }
}

const SOURCE = 'adjustment'
