import { type Digest, digestOf } from '../../lib/digest.ts'
import { BUCKET_MS, type NodePlace } from './ledger.ts'

/**
 * Events that came in with an id of their sender's: each is counted once, for ever.
 *
 * Used inside the transaction that writes them into the ledger: an id is taken together with what it
 * stands for, or neither is.
 */
export interface EventStore {
  /**
   * Takes the ids of `events`, which must differ from each other, as must our own ids of them from all before.
   *
   * Returns, in their order, undefined where the id was free, else what took it before.
   */
  take(events: readonly TakenEvent[]): Promise<readonly (TakenEvent | undefined)[]>
  /**
   * Remembers which ids were taken. In the transaction that took them, after `apply` of the ledger: whoever moved
   * that watermark is alone.
   */
  seal(events: readonly TakenEvent[]): Promise<void>
  /** What is remembered of ids that were taken in buckets of [fromMs, toMs), in the order of time. */
  seals(fromMs: number, toMs: number): Promise<readonly TakenSeal[]>
  /** Everything that was received in [fromMs, toMs), in no order of time. Reads all there is, page by page. */
  received(fromMs: number, toMs: number): AsyncIterable<TakenEvent>
  /** How many ids are taken. */
  count(): Promise<number>
  /** What took these ids, in no order; nothing for those that are free. */
  find(ids: readonly EventIdentity[]): Promise<readonly TakenEvent[]>
  /** Keeps new events, encoded, until they are in the usage log as well. */
  insertBatch(batch: EventBatch): Promise<void>
  /** Batches that hold an event after `seq`, oldest first. */
  batchesAfter(seq: number, limit: number): Promise<readonly EventBatch[]>
  /** Forgets batches that end at `seq` or before. */
  removeBatches(throughSeq: number): Promise<void>
}

/** The id of a sender's: unique for one tenant and source. */
export interface EventIdentity {
  readonly tenantId: string
  /** Empty when the sender names none. */
  readonly source: string
  readonly id: string
}

/** An event as its sender named it, and what it was answered with. */
export interface TakenEvent extends EventIdentity {
  /** Ours: the id in the usage log. */
  readonly eventId: string
  /** Of all it says but its identity: another hash is another event under the same id. */
  readonly hash: string
  /** Ids of the meters that took it. */
  readonly matched: readonly string[]
  readonly late: boolean
  readonly adjustment: boolean
  readonly receivedAtMs: number
}

/** What is remembered of the ids that were taken in one quarter of an hour. */
export interface TakenSeal {
  readonly bucketMs: number
  readonly events: number
  /** A `DigestSum` of `digestTaken`, as text. */
  readonly contents: string
}

/** Stands for an id with all that is known of it. */
export function digestTaken(event: TakenEvent): Digest {
  const { tenantId, source, id, eventId, hash, matched, late, adjustment, receivedAtMs } = event
  const known = `${eventId}\n${hash}\n${matched.join(',')}\n${late}\n${adjustment}\n${receivedAtMs}`
  return digestOf(`${tenantId}\n${source}\n${id}\n${known}`)
}

/** When the quarter of an hour began in which an id was taken. */
export function takenBucketMs({ receivedAtMs }: TakenEvent): number {
  return receivedAtMs - (receivedAtMs % BUCKET_MS)
}

/** Events that were counted in one transaction, as lines of metering/event.ts. */
export interface EventBatch {
  readonly firstSeq: number
  readonly count: number
  readonly lines: string
}

/**
 * Where the ledger and the usage log count such events: one sequence for the installation, whoever takes
 * them in.
 */
export const EVENTS_PLACE: NodePlace = { nodeId: 'events', epoch: 1 }
