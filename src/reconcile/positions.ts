import type { UsageEvent } from '../model/event.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import type { HeldSpool, HeldUsageLog } from '../storage/ports/held-stores.ts'
import type { RunMark, SealedRun } from '../storage/ports/ledger.ts'
import { checkLedgerMarks, checkLogMarks, ledgerMarks } from './check-marks.ts'
import { checkSpool } from './check-spool.ts'
import type { Difference } from './difference.ts'
import { eventsOfBatch, lateEvents, type Marks, RawEvents } from './raw-events.ts'
import { runName } from './recount.ts'

/** All stores as they were at one moment. */
export interface HeldStores {
  readonly control: ControlTables
  readonly log: HeldUsageLog | undefined
  readonly spool: HeldSpool | undefined
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

  private constructor(stores: HeldStores, { written, sealed, raw, ...marks }: PositionsParts) {
    const { log } = stores
    this.#stores = stores
    this.#written = written
    this.#sealed = sealed
    this.#logMarks = marks.logMarks
    this.#unsealed = new Map(sealed.map((run) => [runName(run), run.unsealedSeq]))
    this.marks = marks.ledgerMarks
    this.raw = raw
    this.keptSinceMs = log?.keptSinceMs ?? 0
    this.sealsAreWhole = sealed.every(({ unsealedSeq }) => unsealedSeq === 0)
  }

  static async of(stores: HeldStores): Promise<Positions> {
    const { control, log, spool, nodeId } = stores
    const [written, sealed] = [await control.ledger.watermarks(), await control.ledger.sealedRuns()]
    const marks = ledgerMarks(written, sealed)
    const logMarks = new Map((log?.marks ?? []).map((mark) => [runName(mark), mark.seq]))
    const raw = await RawEvents.of(log, marks, lateEvents(spool, nodeId, marks, logMarks))
    return new Positions(stores, { written, sealed, raw, ledgerMarks: marks, logMarks })
  }

  /** Whether an event is one of those that were counted when there were seals already. */
  readonly isSealed = (event: UsageEvent): boolean => event.seq > (this.#unsealed.get(runName(event)) ?? 0)

  /** What the watermarks of ledger and usage log do not agree on: empty but for a moment while a gateway ships. */
  checkMarks(): Promise<readonly Difference[]> {
    return checkLogMarks({ ...this.#stores, ledger: this.marks, waiting: new Map() })
  }

  /** What is wrong with the watermarks of the ledger, and with the spool. */
  async checkRest(): Promise<readonly Difference[]> {
    const { spool } = this.#stores
    const found = checkLedgerMarks(this.#written, this.#sealed)
    if (spool === undefined) return found
    const marks = { ledgerMarks: this.marks, logMarks: this.#logMarks }
    return [...found, ...(await checkSpool({ ...this.#stores, ...marks, spool }))]
  }

  /** The id of the event at a position, as far as the spool still holds it. */
  readonly spooled = (run: { readonly nodeId: string; readonly epoch: number }, seq: number) => {
    const { spool, nodeId } = this.#stores
    if (run.nodeId !== nodeId) return undefined
    for (const batch of spool?.batches() ?? []) {
      if (batch.epoch !== run.epoch || seq < batch.firstSeq || seq >= batch.firstSeq + batch.count) continue
      return eventsOfBatch(batch, nodeId).find((event) => event.seq === seq)?.id
    }
    return undefined
  }
}

interface PositionsParts {
  readonly written: readonly RunMark[]
  readonly sealed: readonly SealedRun[]
  readonly raw: RawEvents
  readonly ledgerMarks: Marks
  readonly logMarks: Marks
}
