import { EventDecoder } from '../metering/event-decoder.ts'
import type { UsageEvent } from '../model/event.ts'
import { EVENTS_PLACE, type EventBatch } from '../storage/ports/events.ts'
import type { HeldBatch, HeldSpool, HeldUsageLog } from '../storage/ports/held-stores.ts'
import { BUCKET_MS } from '../storage/ports/ledger.ts'
import { runName } from './recount.ts'

/** How far each run of each node is counted in the ledger, by `runName`. */
export type Marks = ReadonlyMap<string, number>

/**
 * The raw events of a span that the ledger had counted at that moment, bucket by bucket.
 *
 * They come from the usage log. What the ledger has and the log does not have yet is still where it came
 * from: in the spool, or among the adjustments. What the log has and the ledger does not is left out.
 */
export class RawEvents {
  readonly #log: HeldUsageLog | undefined
  readonly #marks: Marks
  readonly #late: readonly UsageEvent[]

  private constructor(log: HeldUsageLog | undefined, marks: Marks, late: readonly UsageEvent[]) {
    this.#log = log
    this.#marks = marks
    this.#late = late
  }

  /** `late` is what the ledger may have and the log may lack. */
  static async of(
    log: HeldUsageLog | undefined,
    marks: Marks,
    late: readonly UsageEvent[],
  ): Promise<RawEvents> {
    const there = await log?.findAll(late.map(({ id }) => id))
    const missing = late
      .filter((event) => isCounted(marks, event) && there?.has(event.id) !== true)
      .toSorted((one, other) => one.timestampMs - other.timestampMs)
    return new RawEvents(log, marks, missing)
  }

  /** Those of one tenant, in lists; the newest come last. */
  async *ofTenant(tenantId: string, fromMs: number, toMs: number): AsyncGenerator<readonly UsageEvent[]> {
    for await (const events of this.#log?.eventsOfTenant(tenantId, fromMs, toMs) ?? []) {
      yield events.filter((event) => isCounted(this.#marks, event))
    }
    yield this.#lateBetween(fromMs, toMs).filter((event) => event.tenantId === tenantId)
  }

  /** In the order of time, in lists. */
  async *between(fromMs: number, toMs: number): AsyncGenerator<readonly UsageEvent[]> {
    const late = this.#lateBetween(fromMs, toMs)
    let next = 0
    for await (const events of this.#log?.events(fromMs, toMs) ?? []) {
      const list: UsageEvent[] = []
      for (const event of events) {
        if (!isCounted(this.#marks, event)) continue
        for (let each = late[next]; each !== undefined; each = late[next]) {
          if (each.timestampMs > event.timestampMs) break
          list.push(each)
          next += 1
        }
        list.push(event)
      }
      yield list
    }
    yield late.slice(next)
  }

  #lateBetween(fromMs: number, toMs: number): readonly UsageEvent[] {
    return this.#late.filter(({ timestampMs }) => timestampMs >= fromMs && timestampMs < toMs)
  }
}

function isCounted(marks: Marks, event: UsageEvent): boolean {
  return event.seq <= (marks.get(runName(event)) ?? 0)
}

/** Goes through raw events bucket by bucket. */
export class BucketReader {
  readonly #lists: AsyncIterator<readonly UsageEvent[]>
  #list: readonly UsageEvent[] = []
  #at = 0

  constructor(lists: AsyncIterable<readonly UsageEvent[]>) {
    this.#lists = lists[Symbol.asyncIterator]()
  }

  /** The bucket of the next event; undefined after the last. */
  async bucketMs(): Promise<number | undefined> {
    const next = await this.#peek()
    return next === undefined ? undefined : bucketOf(next.timestampMs)
  }

  /** Hands over the events of one bucket. */
  async take(bucketMs: number, each: (event: UsageEvent) => void): Promise<void> {
    while ((await this.bucketMs()) === bucketMs) {
      for (let event = this.#list[this.#at]; event !== undefined; event = this.#list[this.#at]) {
        if (bucketOf(event.timestampMs) !== bucketMs) return
        each(event)
        this.#at += 1
      }
    }
  }

  async #peek(): Promise<UsageEvent | undefined> {
    while (this.#at >= this.#list.length) {
      const next = await this.#lists.next()
      if (next.done === true) return undefined
      this.#list = next.value
      this.#at = 0
    }
    return this.#list[this.#at]
  }
}

/** The start of the bucket that holds a moment. */
export function bucketOf(ms: number): number {
  return Math.floor(ms / BUCKET_MS) * BUCKET_MS
}

/** The events of a batch; none when its lines cannot be read. */
export function eventsOfBatch(batch: HeldBatch, nodeId: string): readonly UsageEvent[] {
  try {
    const { epoch, firstSeq, lines } = batch
    return new EventDecoder().decode(lines, { nodeId, epoch, firstSeq })
  } catch {
    return []
  }
}

/** The events of a batch that was reported; none when its lines cannot be read. */
export function eventsOfReport({ firstSeq, lines }: EventBatch): readonly UsageEvent[] {
  try {
    return new EventDecoder().decode(lines, { ...EVENTS_PLACE, firstSeq })
  } catch {
    return []
  }
}

/** The events of the spool that the ledger has and the usage log may not have yet. */
export function lateEvents(spools: readonly HeldSpool[], nodeId: string, marks: Marks, logMarks: Marks) {
  const late = new Map<string, UsageEvent>()
  for (const batch of batchesOf(spools)) {
    const run = runName({ nodeId, epoch: batch.epoch })
    const [counted, logged] = [marks.get(run) ?? 0, logMarks.get(run) ?? 0]
    if (batch.firstSeq > counted || batch.firstSeq + batch.count - 1 <= logged) continue
    // What an earlier file has already may come again in the next one.
    for (const event of eventsOfBatch(batch, nodeId)) late.set(event.id, event)
  }
  return [...late.values()]
}

/** What all files of a spool hold, oldest first. */
export function* batchesOf(spools: readonly HeldSpool[]): Generator<HeldBatch> {
  for (const spool of spools) yield* spool.batches()
}
