import { EventDecoder } from '../metering/event.ts'
import type { UsageEvent } from '../model/event.ts'
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
    const there = (await log?.findAll(late.map(({ id }) => id))) ?? new Map<string, UsageEvent>()
    const missing = late
      .filter((event) => isCounted(marks, event) && !there.has(event.id))
      .toSorted((one, other) => one.timestampMs - other.timestampMs)
    return new RawEvents(log, marks, missing)
  }

  /** In the order of time, in lists. */
  async *between(fromMs: number, toMs: number): AsyncGenerator<readonly UsageEvent[]> {
    const late = this.#late.filter(({ timestampMs }) => timestampMs >= fromMs && timestampMs < toMs)
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

/** The events of the spool that the ledger has and the usage log may not have yet. */
export function lateEvents(spool: HeldSpool | undefined, nodeId: string, marks: Marks, logMarks: Marks) {
  const late: UsageEvent[] = []
  for (const batch of spool?.batches() ?? []) {
    const run = runName({ nodeId, epoch: batch.epoch })
    const [counted, logged] = [marks.get(run) ?? 0, logMarks.get(run) ?? 0]
    if (batch.firstSeq > counted || batch.firstSeq + batch.count - 1 <= logged) continue
    late.push(...eventsOfBatch(batch, nodeId))
  }
  return late
}
