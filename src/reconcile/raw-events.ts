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

  constructor(log: HeldUsageLog | undefined, marks: Marks, late: readonly UsageEvent[]) {
    this.#log = log
    this.#marks = marks
    this.#late = late
      .filter((event) => this.#counted(event) && log?.find(event.id) === undefined)
      .toSorted((one, other) => one.timestampMs - other.timestampMs)
  }

  /** Those of one tenant; the newest come last. */
  *ofTenant(tenantId: string, fromMs: number, toMs: number): Generator<UsageEvent> {
    for (const event of this.#log?.eventsOfTenant(tenantId, fromMs, toMs) ?? []) {
      if (this.#counted(event)) yield event
    }
    for (const event of this.#lateBetween(fromMs, toMs)) if (event.tenantId === tenantId) yield event
  }

  /** In the order of time. */
  *between(fromMs: number, toMs: number): Generator<UsageEvent> {
    const late = this.#lateBetween(fromMs, toMs)
    let next = 0
    for (const event of this.#log?.events(fromMs, toMs) ?? []) {
      if (!this.#counted(event)) continue
      for (let each = late[next]; each !== undefined; each = late[next]) {
        if (each.timestampMs > event.timestampMs) break
        yield each
        next += 1
      }
      yield event
    }
    yield* late.slice(next)
  }

  #lateBetween(fromMs: number, toMs: number): readonly UsageEvent[] {
    return this.#late.filter(({ timestampMs }) => timestampMs >= fromMs && timestampMs < toMs)
  }

  #counted(event: UsageEvent): boolean {
    return event.seq <= (this.#marks.get(runName(event)) ?? 0)
  }
}

/** Goes through raw events bucket by bucket. */
export class BucketReader {
  readonly #events: Iterator<UsageEvent, undefined>
  #next: UsageEvent | undefined

  constructor(events: Iterable<UsageEvent, undefined>) {
    this.#events = events[Symbol.iterator]()
    this.#next = this.#events.next().value
  }

  /** The bucket of the next event; undefined after the last. */
  get bucketMs(): number | undefined {
    return this.#next === undefined ? undefined : bucketOf(this.#next.timestampMs)
  }

  /** Hands over the events of one bucket. */
  take(bucketMs: number, each: (event: UsageEvent) => void): void {
    while (this.#next !== undefined && bucketOf(this.#next.timestampMs) === bucketMs) {
      each(this.#next)
      this.#next = this.#events.next().value
    }
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
