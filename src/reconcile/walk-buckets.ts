import type { UsageEvent } from '../model/event.ts'
import type { Seal } from '../model/seal.ts'
import type { LedgerStore, Rollup } from '../storage/ports/ledger.ts'
import type { BucketFacts } from './compare-bucket.ts'
import { BucketReader, type RawEvents } from './raw-events.ts'
import { Recount } from './recount.ts'

export interface WalkParts {
  readonly ledger: Pick<LedgerStore, 'rollups' | 'seals'>
  readonly raw: RawEvents
  readonly fromMs: number
  readonly toMs: number
  /** Before it raw events are forgotten. */
  readonly keptSinceMs: number
  /** Whether an event is one of those that have seals. */
  readonly isSealed: (event: UsageEvent) => boolean
}

/**
 * Goes through a span bucket by bucket, and brings together what each store says of it.
 *
 * One bucket at a time is in memory, as sums; not its events.
 */
export async function* walkBuckets(parts: WalkParts): AsyncGenerator<BucketFacts> {
  const { ledger, fromMs, toMs, keptSinceMs } = parts
  const events = new BucketReader(parts.raw.between(Math.max(fromMs, keptSinceMs), toMs))
  const rollups = new Ahead<Rollup>(ledger.rollups({ fromMs, toMs }))
  const seals = new Ahead<Seal>(ledger.seals(fromMs, toMs))
  for (;;) {
    const starts = [events.bucketMs, (await rollups.peek())?.bucketMs, (await seals.peek())?.bucketMs]
    const there = starts.filter((start) => start !== undefined)
    if (there.length === 0) return
    const bucketMs = Math.min(...there)
    const sealsOf = await seals.takeWhile((seal) => seal.bucketMs === bucketMs)
    const recount = new Recount(sealsOf)
    events.take(bucketMs, (event) => recount.add(event, parts.isSealed(event)))
    yield {
      bucketMs,
      recount: bucketMs < keptSinceMs ? undefined : recount,
      rollups: await rollups.takeWhile((rollup) => rollup.bucketMs === bucketMs),
      seals: sealsOf,
    }
  }
}

/** A stream whose next item can be looked at before it is taken. */
class Ahead<Item> {
  readonly #items: AsyncIterator<Item>
  #next: IteratorResult<Item> | undefined

  constructor(items: AsyncIterable<Item>) {
    this.#items = items[Symbol.asyncIterator]()
  }

  async peek(): Promise<Item | undefined> {
    this.#next ??= await this.#items.next()
    return this.#next.done === true ? undefined : this.#next.value
  }

  async takeWhile(wanted: (item: Item) => boolean): Promise<readonly Item[]> {
    const taken: Item[] = []
    for (let item = await this.peek(); item !== undefined && wanted(item); item = await this.peek()) {
      taken.push(item)
      this.#next = undefined
    }
    return taken
  }
}
