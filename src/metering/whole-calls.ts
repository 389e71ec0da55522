import type { UsageEvent } from '../model/event.ts'
import { addQuantities, isQuantity } from '../model/quantity.ts'

/** A call as one event, whether it was metered in one or, since it took long, in parts. */
export interface WholeCall {
  /** Id, time, units and limits are those of its first part, the rest is what the parts add up to. */
  readonly event: UsageEvent
  /** How many parts; 1 for most calls. */
  readonly parts: number
  /** The parts themselves, as they are in the log. */
  readonly pieces: readonly UsageEvent[]
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
  const calls: GrowingCall[] = []
  for (const event of events) {
    const follows = isPart(event) && event.count === 0
    const call = follows ? calls.findLast((each) => goesOn(each.event, event)) : undefined
    if (call === undefined) calls.push({ event, pieces: [event], unbilledBytes: 0 })
    else grow(call, event)
  }
  return calls.map((call) => ({ ...call, parts: call.pieces.length }))
}

/** Whether an event is a part of a call that took long: no whole call, no sum of refusals, nothing reported. */
export function isPart({ count, outcome, source }: UsageEvent): boolean {
  return source === 'gateway' && (count === 0 || outcome === 'open')
}

function goesOn(call: UsageEvent, part: UsageEvent): boolean {
  return call.outcome === 'open' && call.keyId === part.keyId && call.endpoint === part.endpoint
}

interface GrowingCall {
  event: UsageEvent
  readonly pieces: UsageEvent[]
  unbilledBytes: number
}

function grow(call: GrowingCall, part: UsageEvent): void {
  const { event } = call
  call.event = {
    ...event,
    outcome: part.outcome,
    billable: event.billable || part.billable,
    responseTimeMs: event.responseTimeMs + part.responseTimeMs,
    bytesSent: event.bytesSent + part.bytesSent,
    bytesReceived: event.bytesReceived + part.bytesReceived,
    quantities: joinQuantities(event.quantities, part.quantities),
  }
  call.pieces.push(part)
  if (!part.billable) call.unbilledBytes += part.bytesSent + part.bytesReceived
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
