import type { Adjustment } from '../model/adjustment.ts'
import type { UsageEvent } from '../model/event.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import type { HeldSpool, HeldUsageLog } from '../storage/ports/held-stores.ts'
import type { RunMark, SealedRun } from '../storage/ports/ledger.ts'
import { checkAdjustments } from './check-adjustments.ts'
import { checkLedgerMarks, checkLogMarks, ledgerMarks } from './check-marks.ts'
import { checkSpool } from './check-spool.ts'
import type { Difference } from './difference.ts'
import { batchesOf, eventsOfBatch, lateEvents, type Marks, RawEvents } from './raw-events.ts'
import { runName } from './recount.ts'

/** What the control store knows of runs and adjustments. */
interface LedgerFacts {
  readonly written: readonly RunMark[]
  readonly sealed: readonly SealedRun[]
  readonly adjustments: readonly Adjustment[]
}

/** All stores as they were at one moment. */
export interface HeldStores {
  readonly control: ControlTables
  readonly log: HeldUsageLog | undefined
  /** The files of the spool, oldest first. */
  readonly spools: readonly HeldSpool[]
  /** The node whose spool it is. */
  readonly nodeId: string
}

/** How far each run of each node has come in each store, and the raw events up to there. */
export class Positions {
  /** In the ledger. */
  readonly marks: Marks
  readonly raw: RawEvents
  /** Before it raw events are forgotten. */
  readonly keptSinceMs: number
  /** Whether every event there ever was has a seal. */
  readonly sealsAreWhole: boolean
  readonly #stores: HeldStores
  readonly #written: readonly RunMark[]
  readonly #sealed: readonly SealedRun[]
  readonly #logMarks: Marks
  readonly #unsealed: Marks

  readonly #adjustments: readonly Adjustment[]

  private constructor(stores: HeldStores, known: LedgerFacts) {
    const { log, spools, nodeId } = stores
    const { written, sealed, adjustments } = known
    this.#adjustments = adjustments
    this.#stores = stores
    this.#written = written
    this.#sealed = sealed
    this.#logMarks = new Map((log?.marks ?? []).map((mark) => [runName(mark), mark.seq]))
    this.#unsealed = new Map(sealed.map((run) => [runName(run), run.unsealedSeq]))
    this.marks = ledgerMarks(written, sealed)
    const late = lateEvents(spools, nodeId, this.marks, this.#logMarks)
    const adjusted = adjustments.map(({ event }) => event)
    this.raw = new RawEvents(log, this.marks, [...late, ...adjusted.filter((event) => this.#isLate(event))])
    this.keptSinceMs = log?.keptSinceMs ?? 0
    this.sealsAreWhole = sealed.every(({ unsealedSeq }) => unsealedSeq === 0)
  }

  static async of(stores: HeldStores): Promise<Positions> {
    const { ledger, adjustments } = stores.control
    return new Positions(stores, {
      written: await ledger.watermarks(),
      sealed: await ledger.sealedRuns(),
      adjustments: await adjustments.after(0),
    })
  }

  /** Whether an event is one of those that were counted when there were seals already. */
  readonly isSealed = (event: UsageEvent): boolean => event.seq > (this.#unsealed.get(runName(event)) ?? 0)

  /** What the watermarks of ledger and usage log do not agree on: empty but for a moment while a gateway ships. */
  checkMarks(): readonly Difference[] {
    const last = this.#adjustments.at(-1)?.event
    const waiting = new Map(last === undefined ? [] : [[runName(last), last.seq] as const])
    return checkLogMarks({ ...this.#stores, ledger: this.marks, waiting })
  }

  /** What is wrong with the watermarks of the ledger, and with the spool. */
  checkRest(): readonly Difference[] {
    const marks = { ledgerMarks: this.marks, logMarks: this.#logMarks }
    return [
      ...checkLedgerMarks(this.#written, this.#sealed),
      ...checkAdjustments(this.#adjustments, { log: this.#stores.log, marks: this.marks }),
      ...checkSpool({ ...this.#stores, ...marks }),
    ]
  }

  /** Adjustments by the event they took back. */
  get adjustments(): readonly Adjustment[] {
    return this.#adjustments
  }

  #isLate(event: UsageEvent): boolean {
    return event.seq > (this.#logMarks.get(runName(event)) ?? 0)
  }

  /** The id of the event at a position, as far as the spool still holds it. */
  readonly spooled = (run: { readonly nodeId: string; readonly epoch: number }, seq: number) => {
    const { spools, nodeId } = this.#stores
    if (run.nodeId !== nodeId) return undefined
    for (const batch of batchesOf(spools)) {
      if (batch.epoch !== run.epoch || seq < batch.firstSeq || seq >= batch.firstSeq + batch.count) continue
      return eventsOfBatch(batch, nodeId).find((event) => event.seq === seq)?.id
    }
    return undefined
  }
}
