import { breathe } from '../lib/breath.ts'
import type { EventDecoder } from '../metering/event-decoder.ts'
import type { SpoolPlace } from '../metering/spool-files.ts'
import type { SpoolReader, SpoolRow } from '../metering/spool-reader.ts'
import type { UsageEvent } from '../model/event.ts'

/** Spool batches read at once. */
const ROWS_AT_ONCE = 64
/**
 * Events after which a group is closed: bounds memory, and how long a thread is busy without a break.
 * Larger groups cost less per event, but each store takes some 4 µs an event, in one go.
 */
const EVENTS_MAX = 10_000

/** Batches that go to a store together. */
export interface SpoolGroup {
  readonly rows: readonly SpoolRow[]
  /** Whether more is there already. */
  readonly more: boolean
}

/** Where a group ends at the latest. */
export interface GroupBounds {
  readonly through?: SpoolPlace
  readonly eventsMax?: number
}

/**
 * The next batches behind a place, up to another: one after the other in the sequence of one epoch, of one file,
 * and of a bounded number of events, but at least one batch.
 */
export function nextGroup(spool: SpoolReader, after: SpoolPlace, bounds: GroupBounds = {}): SpoolGroup {
  const { through, eventsMax = EVENTS_MAX } = bounds
  const group: SpoolRow[] = []
  let events = 0
  for (;;) {
    const rows = spool.after(group.at(-1) ?? after, ROWS_AT_ONCE)
    for (const row of rows) {
      if (through !== undefined && isBehind(row, through)) return { rows: group, more: false }
      const before = group.at(-1)
      if (before !== undefined && (!follows(before, row) || events + row.count > eventsMax)) {
        return { rows: group, more: true }
      }
      group.push(row)
      events += row.count
    }
    if (rows.length === 0) return { rows: group, more: false }
  }
}

/** The events of a group, in their order. */
export function eventsOf(
  rows: readonly SpoolRow[],
  { decoder, nodeId }: { readonly decoder: EventDecoder; readonly nodeId: string },
): UsageEvent[] {
  return rows.flatMap(({ lines, epoch, firstSeq }) => {
    breathe()
    return decoder.decode(lines, { nodeId, epoch, firstSeq })
  })
}

function isBehind(place: SpoolPlace, other: SpoolPlace): boolean {
  return place.file > other.file || (place.file === other.file && place.batchId > other.batchId)
}

/** What an earlier file of the spool has already may come again in the next one: a group of its own, then. */
function follows(before: SpoolRow, row: SpoolRow): boolean {
  return (
    row.file === before.file && row.epoch === before.epoch && row.firstSeq === before.firstSeq + before.count
  )
}
