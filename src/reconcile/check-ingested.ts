import { DigestSum } from '../lib/digest.ts'
import { isoTime } from '../lib/iso-time.ts'
import type { Period } from '../model/period.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { digestTaken, EVENTS_PLACE, type EventStore, takenBucketMs } from '../storage/ports/events.ts'
import { BUCKET_MS } from '../storage/ports/ledger.ts'
import { type Difference, difference, NAMED_MAX } from './difference.ts'
import type { Marks } from './raw-events.ts'
import { runName } from './recount.ts'

/**
 * Holds the ids that events came with against what is remembered of them, and their number against the events
 * that are counted: an id that is gone could be counted again.
 */
export async function checkIngested(
  { events }: Pick<ControlTables, 'events'>,
  { span, marks }: { readonly span: Period; readonly marks: Marks },
): Promise<readonly Difference[]> {
  const where = { node_id: EVENTS_PLACE.nodeId, epoch: EVENTS_PLACE.epoch }
  const [counted, taken] = [marks.get(runName(EVENTS_PLACE)) ?? 0, await events.count()]
  const found: Difference[] = []
  if (counted !== taken) {
    const what = `${counted} reported events are counted, the ids of ${taken} are taken.`
    found.push(difference('ledger', what, where))
  }
  if (counted === 0 && taken === 0) return found
  for (const bucket of await unequalBuckets(events, span)) {
    const what = `Of reported events ${bucket.seen.events} ids are there, and not as the ${bucket.sealed.events} that were taken.`
    const named = await changedIn(events, bucket)
    found.push(difference('ledger', what, { ...where, bucket: isoTime(bucket.bucketMs), events: named }))
  }
  return found
}

interface Tally {
  readonly contents: DigestSum
  events: number
}

interface UnequalBucket {
  readonly bucketMs: number
  readonly seen: Tally
  readonly sealed: Tally
}

/** A quarter of an hour at a time is in memory, as sums. */
async function unequalBuckets(
  events: EventStore,
  { startMs, endMs }: Period,
): Promise<readonly UnequalBucket[]> {
  const buckets = new Map<number, UnequalBucket>()
  const bucketOf = (bucketMs: number): UnequalBucket => {
    const known = buckets.get(bucketMs) ?? { bucketMs, seen: tally(), sealed: tally() }
    buckets.set(bucketMs, known)
    return known
  }
  for await (const event of events.received(startMs, endMs)) {
    const { seen } = bucketOf(takenBucketMs(event))
    seen.events += 1
    seen.contents.add(digestTaken(event))
  }
  for (const { bucketMs, events: sealed, contents } of await events.seals(startMs, endMs)) {
    const bucket = bucketOf(bucketMs)
    bucket.sealed.events += sealed
    bucket.sealed.contents.addAll(DigestSum.parse(contents))
  }
  return [...buckets.values()].filter(({ seen, sealed }) => {
    return seen.events !== sealed.events || seen.contents.text !== sealed.contents.text
  })
}

/** The one event whose id was changed, or is there though it was never taken. */
async function changedIn(
  events: EventStore,
  { bucketMs, seen, sealed }: UnequalBucket,
): Promise<readonly string[]> {
  const extra = seen.contents.beside(sealed.contents)
  const named: string[] = []
  for await (const event of events.received(bucketMs, bucketMs + BUCKET_MS)) {
    const digest = digestTaken(event)
    const isExtra = extra !== undefined && digest.high === extra.high && digest.low === extra.low
    if (isExtra || seen.contents.wasChanged(digest, sealed.contents)) named.push(event.eventId)
    if (named.length === NAMED_MAX) break
  }
  return named
}

function tally(): Tally {
  return { events: 0, contents: new DigestSum() }
}
