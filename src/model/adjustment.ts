import type { UsageEvent } from './event.ts'
import type { Aggregation } from './mark.ts'
import { meterCounts } from './meter.ts'
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

/**
 * The event that takes back `event`: all its counts the other way, at `timestampMs`.
 *
 * `aggregationOf` says how a meter was counted then. A sum is taken back by its value, a count by one. What is no
 * sum, as the highest value or how many differ, is not: it needs all events to be told.
 */
export function takeBack(event: UsageEvent, { id, seq, timestampMs, aggregationOf }: TakingBack): UsageEvent {
  const { leaks: _, ...counted } = event
  const quantities: Record<string, string> = {}
  for (const [meterId, value] of Object.entries(event.quantities)) {
    const aggregation = aggregationOf(meterId)
    if (!meterCounts(aggregation, value)) continue
    if (aggregation === 'count') quantities[meterId] = '-1'
    if (aggregation === 'sum') quantities[meterId] = formatQuantity(-quantityFemtos(value))
  }
  return {
    ...counted,
    ...ADJUSTMENTS,
    id,
    seq,
    timestampMs,
    requestId: `void:${event.id}`,
    source: SOURCE,
    // Less than nothing, and never -0.
    count: 0 - event.count,
    responseTimeMs: 0 - event.responseTimeMs,
    bytesSent: 0 - event.bytesSent,
    bytesReceived: 0 - event.bytesReceived,
    usageUnits: 0 - event.usageUnits,
    quantities,
  }
}

export interface TakingBack {
  readonly id: string
  readonly seq: number
  readonly timestampMs: number
  readonly aggregationOf: (meterId: string) => Aggregation
}

const SOURCE = 'adjustment'
