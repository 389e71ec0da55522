import type { UsageEvent } from '../../model/event.ts'
import type { RunMark } from './ledger.ts'
import type { EventPlace } from './usage-log.ts'

/** The raw events as they were at one moment, for who counts them again. */
export interface HeldUsageLog {
  /** Its watermarks as they were written. */
  readonly marks: readonly RunMark[]
  /** Whether a watermark is written after its rows, by itself: rows beyond it are on their way then. */
  readonly marksFollowRows: boolean
  /** From here on nothing was forgotten; 0 when nothing ever was. */
  readonly keptSinceMs: number
  /** The events of [fromMs, toMs) in the order of time, in lists: read as they are taken, so memory does not grow. */
  events(fromMs: number, toMs: number): AsyncIterable<readonly UsageEvent[]>
  /** Those of one tenant, in lists; nearly in the order of time: the newest come last. */
  eventsOfTenant(tenantId: string, fromMs: number, toMs: number): AsyncIterable<readonly UsageEvent[]>
  /** Those events that are there, by id. */
  findAll(ids: readonly string[]): Promise<ReadonlyMap<string, UsageEvent>>
  /** The positions of all events of a run between two positions, both included. Reads the whole log. */
  seqsBetween(run: Omit<EventPlace, 'seq'>, first: number, last: number): Promise<readonly number[]>
  /** Ids of events of [fromMs, toMs) that looking up by tenant would miss, or find under another; the first few. */
  misindexed(fromMs: number, toMs: number): Promise<readonly string[]>
}

/** The spool as it was at one moment. */
export interface HeldSpool {
  /** What it holds, oldest first. */
  batches(): Iterable<HeldBatch>
  /** The number of the batch that was written last, there or not; 0 before the first. */
  readonly lastBatchId: number
}

/** A batch as it lies in the spool. */
export interface HeldBatch {
  readonly batchId: number
  readonly epoch: number
  readonly firstSeq: number
  readonly count: number
  readonly lines: string
  readonly writtenMs: number
  readonly thread: number
  readonly digest: string
}
