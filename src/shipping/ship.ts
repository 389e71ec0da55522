import { setImmediate as otherWork } from 'node:timers/promises'
import { assert } from '../lib/assert.ts'
import { type Clock, systemClock } from '../lib/clock.ts'
import { failPoint } from '../lib/fail-point.ts'
import { EventDecoder } from '../metering/event.ts'
import { type AggregationOf, declaredAggregations, rollUp } from '../metering/roll-up.ts'
import { sealUp } from '../metering/seal-up.ts'
import { SPOOL_START, type SpoolPlace } from '../metering/spool-files.ts'
import type { SpoolReader, SpoolRow } from '../metering/spool-reader.ts'
import type { Dimension } from '../model/dimension.ts'
import type { UsageEvent } from '../model/event.ts'
import type { Meter } from '../model/meter.ts'
import type { ControlStore } from '../storage/ports/control-store.ts'
import type { Shipment, UsageLog } from '../storage/ports/usage-log.ts'
import { DimensionGuard } from './dimension-guard.ts'

/** Spool batches read at once. */
const ROWS_AT_ONCE = 64
/**
 * Events after which a group is closed: bounds memory, and how long this thread is busy without a break.
 * Larger groups cost less per event, but each store takes some 4 µs an event, in one go.
 */
const EVENTS_MAX = 10_000

/**
 * Carries events from the spool to the ledger and the usage log: at least once, applied exactly once.
 *
 * Each of the two has its own watermark per node and epoch, written together with the rows. After a
 * crash the same batches come again, and what a watermark has passed is left out.
 */
export class Shipper {
  readonly #parts: ShipperParts
  readonly #decoder = new EventDecoder()
  readonly #ledgerMarks = new Map<number, number>()
  readonly #logMarks = new Map<number, number>()
  readonly #guard: DimensionGuard
  #aggregationOf: AggregationOf
  #last: SpoolPlace = SPOOL_START
  #running: Promise<number> | undefined

  constructor(parts: ShipperParts) {
    this.#parts = parts
    this.#guard = new DimensionGuard(parts.store.ledger, parts.metering?.dimensions ?? [])
    this.#aggregationOf = declaredAggregations(parts.metering?.meters ?? [])
  }

  /** Puts other meters and dimensions in force, from the next group on. */
  replaceMetering({ meters, dimensions }: MeteringRules): void {
    this.#aggregationOf = declaredAggregations(meters)
    this.#guard.replaceDimensions(dimensions)
  }

  /**
   * Ships what the spool holds now and resolves to the number of events. Calls that overlap share a run.
   *
   * What is added meanwhile waits for the next call: many small groups would cost more than one.
   */
  ship(): Promise<number> {
    this.#running ??= this.#shipAll().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #shipAll(): Promise<number> {
    let shipped = 0
    for (;;) {
      const { rows, more } = this.#nextGroup()
      const epoch = rows[0]?.epoch
      if (epoch === undefined) return shipped
      try {
        shipped += await this.#shipGroup(epoch, rows)
      } catch (error) {
        // A commit that failed may yet have been made: where the stores stand, they must say.
        this.#ledgerMarks.delete(epoch)
        this.#logMarks.delete(epoch)
        throw error
      }
      if (!more) return shipped
    }
  }

  /**
   * The next batches: one after the other in the sequence of one epoch, of one file, and of a bounded number of
   * events, but at least one batch.
   */
  #nextGroup(): { readonly rows: readonly SpoolRow[]; readonly more: boolean } {
    const group: SpoolRow[] = []
    let events = 0
    for (;;) {
      const rows = this.#parts.spool.after(group.at(-1) ?? this.#last, ROWS_AT_ONCE)
      for (const row of rows) {
        const before = group.at(-1)
        if (before !== undefined && (!follows(before, row) || events + row.count > EVENTS_MAX)) {
          return { rows: group, more: true }
        }
        group.push(row)
        events += row.count
      }
      if (rows.length === 0) return { rows: group, more: false }
    }
  }

  async #shipGroup(epoch: number, rows: readonly SpoolRow[]): Promise<number> {
    const { nodeId } = this.#parts
    const decoded = rows.flatMap((row) =>
      this.#decoder.decode(row.lines, { nodeId, epoch, firstSeq: row.firstSeq }),
    )
    const events = await this.#guard.bounded(decoded)
    failPoint('before-ship')
    // With `durability: process`, or left by a run that had it, they may be in memory only.
    const { file, batchId } = rows.at(-1) ?? this.#last
    this.#parts.spool.sync(file)
    await this.#applyToLedger(epoch, events)
    failPoint('mid-ship')
    // Both stores are written in one go each: whoever else waits for this thread comes in between.
    await otherWork()
    await this.#appendToLog(epoch, events, rows)
    failPoint('after-ship')
    this.#last = { file, batchId }
    this.#parts.onShipped(this.#last, events)
    await otherWork()
    return events.length
  }

  async #applyToLedger(epoch: number, events: readonly UsageEvent[]): Promise<void> {
    const { store, nodeId } = this.#parts
    const mark = this.#ledgerMarks.get(epoch) ?? (await store.ledger.watermark({ nodeId, epoch }))
    const fresh = eventsAfter(events, mark)
    const throughSeq = fresh.at(-1)?.seq
    if (throughSeq !== undefined) {
      const entries = rollUp(fresh, this.#aggregationOf)
      const advance = { nodeId, epoch, afterSeq: mark, throughSeq }
      const seals = sealUp(fresh, this.#aggregationOf)
      // Rows are locked in one order by everybody, and no other node moves this watermark.
      const applied = await store.transaction(
        (tables) => tables.ledger.apply(entries, advance, seals),
        'side-by-side',
      )
      assert(applied, 'only this node moves its watermark')
    }
    this.#ledgerMarks.set(epoch, throughSeq ?? mark)
  }

  async #appendToLog(epoch: number, events: readonly UsageEvent[], rows: readonly SpoolRow[]): Promise<void> {
    const { usageLog, nodeId } = this.#parts
    const mark = this.#logMarks.get(epoch) ?? (await usageLog.watermark({ nodeId, epoch }))
    const fresh = eventsAfter(events, mark)
    if (fresh.length > 0) await usageLog.append(fresh, this.#shipmentOf(rows, mark))
    this.#logMarks.set(epoch, fresh.at(-1)?.seq ?? mark)
  }

  #shipmentOf(rows: readonly SpoolRow[], mark: number): Shipment {
    const { clock = systemClock } = this.#parts
    const fresh = rows.filter(({ firstSeq, count }) => firstSeq + count - 1 > mark)
    return {
      spooledFromMs: fresh[0]?.writtenMs ?? 0,
      spooledToMs: fresh.at(-1)?.writtenMs ?? 0,
      shippedMs: clock.nowMs(),
    }
  }
}

export interface ShipperParts {
  readonly spool: SpoolReader
  readonly store: ControlStore
  readonly usageLog: UsageLog
  readonly nodeId: string
  /** The host's if not given. */
  readonly clock?: Clock
  /** What the file declares; without it all meters are added up. */
  readonly metering?: MeteringRules
  /** Called when everything up to this place is in both stores, with what was in the last batches. */
  readonly onShipped: (through: SpoolPlace, events: readonly UsageEvent[]) => void
}

/** What an earlier file of the spool has already may come again in the next one: a group of its own, then. */
function follows(before: SpoolRow, row: SpoolRow): boolean {
  return (
    row.file === before.file && row.epoch === before.epoch && row.firstSeq === before.firstSeq + before.count
  )
}

/** What the file says of meters and dimensions, as far as shipping goes by it. */
export interface MeteringRules {
  readonly meters: readonly Meter[]
  readonly dimensions: readonly Dimension[]
}

function eventsAfter(events: readonly UsageEvent[], mark: number): readonly UsageEvent[] {
  const first = events[0]
  if (first === undefined || first.seq > mark) {
    assert(first === undefined || first.seq === mark + 1, 'the spool has no gap')
    return events
  }
  return events.filter((event) => event.seq > mark)
}
