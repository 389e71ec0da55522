import type { UsageEvent } from '../model/event.ts'
import { addQuantities, isQuantity } from '../model/quantity.ts'

/** A call as one event, whether it was metered in one or, since it took long, in parts. */
export interface WholeCall {
  /** Id, time, units and limits are those of its first part, the rest is what the parts add up to. */
  readonly event: UsageEvent
  /** How many parts; 1 for most calls. */
  readonly parts: number
  /** Bytes of parts that are not billed, of a call that is. */
  readonly unbilledBytes: number
}

/**
 * Puts the parts of calls together again. `events` are of one request id, in the order of time.
 *
 * A part belongs to the last call of the same key and path that is not over: clients may use one request
 * id more than once.
 */
export function wholeCalls(events: readonly UsageEvent[]): readonly WholeCall[] {
  const calls: WholeCall[] = []
  for (const event of events) {
    const index = event.count === 0 ? calls.findLastIndex(({ event: call }) => goesOn(call, event)) : -1
    const call = calls[index]
    if (call === undefined) calls.push({ event, parts: 1, unbilledBytes: 0 })
    else calls[index] = joined(call, event)
  }
  return calls
}

/** Whether an event is a part of a call that took long: neither a whole call nor a sum of refusals. */
export function isPart({ count, outcome }: UsageEvent): boolean {
  return count === 0 || outcome === 'open'
}

function goesOn(call: UsageEvent, part: UsageEvent): boolean {
  return call.outcome === 'open' && call.keyId === part.keyId && call.endpoint === part.endpoint
}

function joined({ event, parts, unbilledBytes }: WholeCall, part: UsageEvent): WholeCall {
  const whole: UsageEvent = {
    ...event,
    outcome: part.outcome,
    billable: event.billable || part.billable,
    responseTimeMs: event.responseTimeMs + part.responseTimeMs,
    bytesSent: event.bytesSent + part.bytesSent,
    bytesReceived: event.bytesReceived + part.bytesReceived,
    quantities: joinQuantities(event.quantities, part.quantities),
  }
  const bytes = part.billable ? 0 : part.bytesSent + part.bytesReceived
  return { event: whole, parts: parts + 1, unbilledBytes: unbilledBytes + bytes }
}

function joinQuantities(
  left: UsageEvent['quantities'],
  right: UsageEvent['quantities'],
): UsageEvent['quantities'] {
  const joinedUp = { ...left }
  for (const [meterId, value] of Object.entries(right)) {
    const before = joinedUp[meterId]
    const addsUp = before !== undefined && isQuantity(before) && isQuantity(value)
    joinedUp[meterId] = addsUp ? addQuantities(before, value) : value
  }
  return joinedUp
}
