import { DigestSum } from '../lib/digest.ts'
import { isoTime } from '../lib/iso-time.ts'
import type { UsageEvent } from '../model/event.ts'
import { digestEvent } from '../model/event-digest.ts'
import type { HeldUsageLog } from '../storage/ports/held-stores.ts'
import { BUCKET_MS } from '../storage/ports/ledger.ts'
import type { Suspect } from './compare-bucket.ts'
import { type Difference, difference, NAMED_MAX } from './difference.ts'
import type { RawEvents } from './raw-events.ts'

/** Where the events of a suspect can be looked at once more. */
export interface PinpointParts {
  readonly raw: RawEvents
  readonly log: HeldUsageLog | undefined
  /** Finds in the spool what stands at a position of a run. */
  readonly spooled: (
    run: { readonly nodeId: string; readonly epoch: number },
    seq: number,
  ) => string | undefined
}

/**
 * Finds out which events of a run are not those that were sealed, and says so in a sentence.
 *
 * One event that was changed, or is there once too often, is told by what the sums of digests differ by;
 * one that is gone, by the gap in the positions. Of several changed at once only the bucket is known.
 */
export async function pinpoint(parts: PinpointParts, suspect: Suspect): Promise<Difference> {
  const { seal, counted, nodeId, epoch } = suspect
  const where = { bucket: isoTime(suspect.bucketMs), node_id: nodeId, epoch }
  if (suspect.sealIsWrong) {
    return difference('ledger', 'The seal is not that of the events, on which log and rollups agree.', where)
  }
  const events = await eventsOf(parts, suspect)
  if (seal === undefined) {
    const what = `${events.length} events that the ledger never took in.`
    return difference('usage_log', what, { ...where, events: named(events) })
  }
  const missing = await missingSeqs(parts, suspect, events)
  const less = seal.events - (counted?.events ?? 0)
  const changed = changedEvents(events, suspect)
  if (changed.length > 0) {
    const tenants = new Set(changed.map(({ tenantId }) => tenantId))
    const what =
      less < 0
        ? `${plural(changed)} there though the ledger never took ${changed.length === 1 ? 'it' : 'them'} in.`
        : `${plural(changed)} not as counted.`
    return difference('usage_log', what, {
      ...where,
      ...(tenants.size === 1 && { tenant_id: [...tenants][0] ?? null }),
      events: named(changed),
      missing_seqs: missing.slice(0, NAMED_MAX),
    })
  }
  const ids = missing.flatMap((seq) => parts.spooled(suspect, seq) ?? [])
  const what = `${seal.events} events were counted, ${events.length} are there${reason(less, missing)}.`
  return difference('usage_log', what, {
    ...where,
    events: ids.slice(0, NAMED_MAX),
    missing_seqs: missing.slice(0, NAMED_MAX),
  })
}

function reason(less: number, missing: readonly number[]): string {
  if (missing.length > 0) {
    return `; gone: ${missing.length === 1 ? 'position' : 'positions'} ${missing.slice(0, NAMED_MAX).join(', ')}`
  }
  return less === 0 ? ', but more than one of them is not as it was' : ', or stand in another bucket'
}

function plural(events: readonly UsageEvent[]): string {
  return events.length === 1 ? 'One event is' : `${events.length} events are`
}

function named(events: readonly UsageEvent[]): readonly string[] {
  return events.slice(0, NAMED_MAX).map(({ id }) => id)
}

async function eventsOf(
  { raw }: PinpointParts,
  { bucketMs, nodeId, epoch }: Suspect,
): Promise<readonly UsageEvent[]> {
  const events: UsageEvent[] = []
  for await (const list of raw.between(bucketMs, bucketMs + BUCKET_MS)) {
    for (const event of list) if (event.nodeId === nodeId && event.epoch === epoch) events.push(event)
  }
  return events
}

/** The one event that explains the difference, or all events of a position that is there twice. */
function changedEvents(events: readonly UsageEvent[], { seal, counted }: Suspect): readonly UsageEvent[] {
  if (seal === undefined || counted === undefined) return []
  const expected = DigestSum.parse(seal.contents)
  const extra = counted.events === seal.events + 1 ? counted.contents.beside(expected) : undefined
  if (extra !== undefined) {
    return events.filter((event) => {
      const { content } = digestEvent(event)
      return content.high === extra.high && content.low === extra.low
    })
  }
  if (counted.events === seal.events) {
    const changed = events.filter((event) =>
      counted.contents.wasChanged(digestEvent(event).content, expected),
    )
    if (changed.length > 0) return changed
  }
  return outOfPlace(events, seal)
}

/** Events at a position that another one has, or that is none of this seal's. */
function outOfPlace(
  events: readonly UsageEvent[],
  { firstSeq, lastSeq }: { readonly firstSeq: number; readonly lastSeq: number },
): readonly UsageEvent[] {
  const taken = new Map<number, number>()
  for (const { seq } of events) taken.set(seq, (taken.get(seq) ?? 0) + 1)
  return events.filter(({ seq }) => seq < firstSeq || seq > lastSeq || (taken.get(seq) ?? 0) > 1)
}

/** Positions between the first and the last of the seal that no event of the run has, in any bucket. */
async function missingSeqs(
  { log }: PinpointParts,
  { seal, nodeId, epoch }: Suspect,
  events: readonly UsageEvent[],
): Promise<readonly number[]> {
  if (seal === undefined) return []
  const { firstSeq, lastSeq } = seal
  const there = new Uint8Array(lastSeq - firstSeq + 1)
  const held = (await log?.seqsBetween({ nodeId, epoch }, firstSeq, lastSeq)) ?? []
  for (const seq of held) there[seq - firstSeq] = 1
  for (const { seq } of events) if (seq >= firstSeq && seq <= lastSeq) there[seq - firstSeq] = 1
  const missing: number[] = []
  for (const [index, has] of there.entries()) if (has === 0) missing.push(firstSeq + index)
  return missing
}
