import { assert } from '../lib/assert.ts'
import type { UlidMaker } from '../lib/id.ts'
import { DimensionGuard } from '../metering/dimension-guard.ts'
import { encodeCaller, encodeEvent } from '../metering/event.ts'
import { decodeEvents } from '../metering/event-decoder.ts'
import { type AggregationOf, rollUp } from '../metering/roll-up.ts'
import { sealUp } from '../metering/seal-up.ts'
import type { Dimension } from '../model/dimension.ts'
import type { UsageEvent } from '../model/event.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { EVENTS_PLACE, type EventIdentity, type TakenEvent } from '../storage/ports/events.ts'

/** Something to be counted under an id of its sender's, with all that is known of it. */
export interface Countable extends EventIdentity {
  readonly hash: string
  /** Ids of the meters that take it. */
  readonly matched: readonly string[]
  readonly late: boolean
  readonly adjustment: boolean
  readonly usage: UsageFields
}

/** A usage event before it has its place and its id. */
export type UsageFields = Omit<UsageEvent, 'id' | 'nodeId' | 'epoch' | 'seq'>

/** What came of a countable: what it counts as, or what took its id before. */
export interface Counted {
  readonly taken: TakenEvent
  readonly isNew: boolean
}

/**
 * Counts what was never counted before, in the transaction of the caller: the ids, the sums of the ledger and
 * the raw events hold together or not at all. Identities must differ.
 *
 * An id that was taken stays as it is, and what took it is returned. So nothing is ever ahead of the data:
 * an id that answers "counted" is counted.
 */
export async function countOnce(
  tables: ControlTables,
  countables: readonly Countable[],
  { ids, nowMs, aggregationOf, dimensions = [] }: CountOnceParts,
): Promise<readonly Counted[]> {
  if (countables.length === 0) return []
  const rows = countables.map((countable) => toRow(countable, ids.next(), nowMs))
  const before = await tables.events.take(rows)
  const afterSeq = await tables.ledger.watermark(EVENTS_PLACE)
  const events: UsageEvent[] = []
  const counted = rows.map((row, index) => {
    const taken = before[index]
    if (taken !== undefined) return { taken, isNew: false }
    const usage = countables[index]?.usage
    assert(usage !== undefined, 'each row is of one countable')
    events.push({ ...usage, ...EVENTS_PLACE, id: row.eventId, seq: afterSeq + events.length + 1 })
    return { taken: row, isNew: true }
  })
  if (events.length > 0) {
    // By this transaction's own view: what another one wrote that was rolled back is not there.
    const bounded = await new DimensionGuard(tables.ledger, dimensions).bounded(events)
    await write(tables, bounded, { afterSeq, aggregationOf })
    await tables.events.seal(counted.filter(({ isNew }) => isNew).map(({ taken }) => taken))
  }
  return counted
}

export interface CountOnceParts {
  /** Makes the ids events have in the usage log. */
  readonly ids: Pick<UlidMaker, 'next'>
  readonly nowMs: number
  /** How the meters of the file count. */
  readonly aggregationOf: AggregationOf
  /** What the file declares; none if not given. */
  readonly dimensions?: readonly Dimension[]
}

/** Another writer moved the watermark between our reading and our writing it: the transaction must begin again. */
export class Outrun extends Error {}

async function write(
  tables: ControlTables,
  events: readonly UsageEvent[],
  { afterSeq, aggregationOf }: { readonly afterSeq: number; readonly aggregationOf: AggregationOf },
): Promise<void> {
  const lines = events.map(encode).join('')
  const firstSeq = afterSeq + 1
  // What is counted is what is written down: an encoder leaves out what must not be kept.
  const written = decodeEvents(lines, { ...EVENTS_PLACE, firstSeq })
  const advance = { ...EVENTS_PLACE, afterSeq, throughSeq: afterSeq + events.length }
  const entries = rollUp(written, aggregationOf)
  const applied = await tables.ledger.apply(entries, advance, sealUp(written, aggregationOf))
  if (!applied) throw new Outrun('another writer came first')
  await tables.events.insertBatch({ firstSeq, count: events.length, lines })
}

function toRow(countable: Countable, eventId: string, receivedAtMs: number): TakenEvent {
  const { tenantId, source, id, hash, matched, late, adjustment } = countable
  return { tenantId, source, id, eventId, hash, matched, late, adjustment, receivedAtMs }
}

function encode(event: UsageEvent): string {
  return encodeEvent({
    ...event,
    caller: encodeCaller(event),
    quantities: recordText(event.quantities),
    dimensions: recordText(event.dimensions),
  })
}

function recordText(record: Readonly<Record<string, string>>): string {
  return Object.keys(record).length === 0 ? '' : JSON.stringify(record)
}
