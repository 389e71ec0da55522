import { setImmediate as otherWork } from 'node:timers/promises'
import { assert } from '../lib/assert.ts'
import { breathing } from '../lib/breath.ts'
import type { Clock } from '../lib/clock.ts'
import { failPoint } from '../lib/fail-point.ts'
import { DimensionGuard } from '../metering/dimension-guard.ts'
import { EventDecoder } from '../metering/event-decoder.ts'
import { type AggregationOf, declaredAggregations, rollUp } from '../metering/roll-up.ts'
import { sealUp } from '../metering/seal-up.ts'
import { SPOOL_START, type SpoolPlace } from '../metering/spool-files.ts'
import type { SpoolReader, SpoolRow } from '../metering/spool-reader.ts'
import type { QuotaRules } from '../model/billing-calendar.ts'
import type { Dimension } from '../model/dimension.ts'
import type { UsageEvent } from '../model/event.ts'
import type { Meter } from '../model/meter.ts'
import type { ControlStore } from '../storage/ports/control-store.ts'
import type { UsageLog } from '../storage/ports/usage-log.ts'
import { eventsAfter, LogLeg } from './log-leg.ts'
import { eventsOf, nextGroup } from './spool-groups.ts'

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
  readonly #logLeg: LogLeg | undefined
  readonly #guard: DimensionGuard
  #aggregationOf: AggregationOf
  #last: SpoolPlace = SPOOL_START
  #running: Promise<number> | undefined
  #bounding: Promise<void> = Promise.resolve()

  constructor(parts: ShipperParts) {
    this.#parts = parts
    const { usageLog, nodeId, clock } = parts
    this.#logLeg = usageLog === undefined ? undefined : new LogLeg({ usageLog, nodeId, clock })
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

  /** Up to here the stores have what the spool held. */
  get through(): SpoolPlace {
    return this.#last
  }

  /** Bounds the values of dimensions; one call after the other, so that all decide alike. */
  bounded(events: readonly UsageEvent[]): Promise<readonly UsageEvent[]> {
    const bounded = this.#bounding.then(() => this.#guard.bounded(events))
    this.#bounding = bounded.then(
      () => {},
      () => {},
    )
    return bounded
  }

  async #shipAll(): Promise<number> {
    let shipped = 0
    for (;;) {
      const { rows, more } = nextGroup(this.#parts.spool, this.#last)
      const epoch = rows[0]?.epoch
      if (epoch === undefined) return shipped
      try {
        shipped += await this.#shipGroup(epoch, rows)
      } catch (error) {
        // A commit that failed may yet have been made: where the stores stand, they must say.
        this.#ledgerMarks.delete(epoch)
        this.#logLeg?.forget(epoch)
        throw error
      }
      if (!more) return shipped
    }
  }

  async #shipGroup(epoch: number, rows: readonly SpoolRow[]): Promise<number> {
    const { nodeId } = this.#parts
    const events = await this.bounded(eventsOf(rows, { decoder: this.#decoder, nodeId }))
    failPoint('before-ship')
    // With `durability: process`, or left by a run that had it, they may be in memory only.
    const { file, batchId } = rows.at(-1) ?? this.#last
    this.#parts.spool.sync(file)
    await this.#applyToLedger(epoch, events)
    failPoint('mid-ship')
    // Both stores are written in one go each: whoever else waits for this thread comes in between.
    await otherWork()
    await this.#logLeg?.append(epoch, events, rows)
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
      const entries = rollUp(breathing(fresh), this.#aggregationOf)
      const advance = { nodeId, epoch, afterSeq: mark, throughSeq }
      const seals = sealUp(breathing(fresh), this.#aggregationOf)
      // Rows are locked in one order by everybody, and no other node moves this watermark.
      const applied = await store.transaction(
        (tables) => tables.ledger.apply(entries, advance, seals),
        'side-by-side',
      )
      assert(applied, 'only this node moves its watermark')
    }
    this.#ledgerMarks.set(epoch, throughSeq ?? mark)
  }
}

export interface ShipperParts {
  readonly spool: SpoolReader
  readonly store: ControlStore
  /** Undefined where someone else brings events there, for the ledger must not wait: `LogShipper`. */
  readonly usageLog: UsageLog | undefined
  readonly nodeId: string
  /** The host's if not given. */
  readonly clock?: Clock
  /** What the file declares; without it all meters are added up. */
  readonly metering?: MeteringRules
  /** Called when everything up to this place is in the stores given, with what was in the last batches. */
  readonly onShipped: (through: SpoolPlace, events: readonly UsageEvent[]) => void
}

/** What the file says of meters, dimensions and billing periods, as far as shipping goes by it. */
export interface MeteringRules {
  readonly meters: readonly Meter[]
  readonly dimensions: readonly Dimension[]
  /** When quotas begin anew; without it nobody watches them. */
  readonly billing?: QuotaRules
}
