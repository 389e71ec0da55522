import { EventDecoder } from '../metering/event-decoder.ts'
import type { UsageEvent } from '../model/event.ts'
import type { ControlStore } from '../storage/ports/control-store.ts'
import { EVENTS_PLACE } from '../storage/ports/events.ts'
import type { UsageLog } from '../storage/ports/usage-log.ts'

/** Batches read at once: each is of one transaction, and holds 1,000 events or so at most. */
const BATCHES_AT_ONCE = 8

/**
 * Brings events that are in the ledger into the usage log as well: at least once, appended exactly once.
 *
 * The usage log has its own watermark for them. Several processes may do it at a time: who comes second finds
 * the rows there. Resolves to the number of events.
 */
export async function copyEvents(
  { store, usageLog }: CopyEventsParts,
  onCopied: (events: readonly UsageEvent[]) => void = () => {},
): Promise<number> {
  const decoder = new EventDecoder()
  let copied = 0
  for (;;) {
    const mark = await usageLog.watermark(EVENTS_PLACE)
    const batches = await store.events.batchesAfter(mark, BATCHES_AT_ONCE)
    const events = batches
      .flatMap(({ lines, firstSeq }) => decoder.decode(lines, { ...EVENTS_PLACE, firstSeq }))
      .filter(({ seq }) => seq > mark)
    const last = events.at(-1)
    if (last === undefined) return copied
    await usageLog.append(events)
    await store.transaction(({ events: tables }) => tables.removeBatches(last.seq))
    copied += events.length
    onCopied(events)
  }
}

export interface CopyEventsParts {
  readonly store: ControlStore
  readonly usageLog: UsageLog
}
