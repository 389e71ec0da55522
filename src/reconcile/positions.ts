import { ADJUSTMENTS, type Adjustment } from '../model/adjustment.ts'
import { OTHER_VALUES } from '../model/dimension.ts'
import type { UsageEvent } from '../model/event.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { EVENTS_PLACE, type EventBatch } from '../storage/ports/events.ts'
import type { HeldSpool, HeldUsageLog } from '../storage/ports/held-stores.ts'
import type { LedgerStore, RunMark, SealedRun } from '../storage/ports/ledger.ts'
import { checkAdjustments } from './check-adjustments.ts'
import { checkEventBatches } from './check-event-batches.ts'
import { checkLedgerMarks, checkLogMarks, ledgerMarks } from './check-marks.ts'
import { checkSpool } from './check-spool.ts'
import type { Difference } from './difference.ts'
import { batchesOf, eventsOfBatch, eventsOfReport, lateEvents, type Marks, RawEvents } from './raw-events.ts'
import { runName } from './recount.ts'

/** What the stores know of runs, adjustments, reported and raw events. */
interface Facts {
  /** Reported events that may not be in the usage log yet, oldest first. */
  readonly batches: readonly EventBatch[]
  readonly written: readonly RunMark[]
  readonly sealed: readonly SealedRun[]
  readonly adjustments: readonly Adjustment[]
  readonly ledgerMarks: Marks
  readonly logMarks: Marks
  readonly raw: RawEvents
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
  readonly #batches: readonly EventBatch[]

  private constructor(stores: HeldStores, { written, sealed, adjustments, batches, ...facts }: Facts) {
    this.#adjustments = adjustments
    this.#batches = batches
    this.#stores = stores
    this.#written = written
    this.#sealed = sealed
    this.#logMarks = facts.logMarks
    this.#unsealed = new Map(sealed.map((run) => [runName(run), run.unsealedSeq]))
    this.marks = facts.ledgerMarks
    this.raw = facts.raw
    this.keptSinceMs = stores.log?.keptSinceMs ?? 0
    this.sealsAreWhole = sealed.every(({ unsealedSeq }) => unsealedSeq === 0)
  }

  static async of(stores: HeldStores): Promise<Positions> {
    const { log, spools, nodeId, control } = stores
    const { ledger, adjustments, events } = control
    const known = {
      written: await ledger.watermarks(),
      sealed: await ledger.sealedRuns(),
      adjustments: await adjustments.after(0),
      batches: await events.batchesAfter(0, BATCHES_MAX),
    }
    const marks = ledgerMarks(known.written, known.sealed)
    const logMarks: Marks = new Map((log?.marks ?? []).map((mark) => [runName(mark), mark.seq]))
    const spooled = await boundedAsCounted(ledger, lateEvents(spools, nodeId, marks, logMarks))
    const others = [...known.adjustments.map(({ event }) => event), ...known.batches.flatMap(eventsOfReport)]
    const late = others.filter((event) => event.seq > (logMarks.get(runName(event)) ?? 0))
    const raw = await RawEvents.of(log, marks, [...spooled, ...late])
    return new Positions(stores, { ...known, ledgerMarks: marks, logMarks, raw })
  }

  /** Whether an event is one of those that were counted when there were seals already. */
  readonly isSealed = (event: UsageEvent): boolean => event.seq > (this.#unsealed.get(runName(event)) ?? 0)

  /** What the watermarks of ledger and usage log do not agree on: empty but for a moment while a gateway ships. */
  checkMarks(): Promise<readonly Difference[]> {
    const adjusted = this.#adjustments.at(-1)?.event.seq ?? 0
    const reported = Math.max(0, ...this.#batches.map(({ firstSeq, count }) => firstSeq + count - 1))
    const waiting = new Map([
      [runName(ADJUSTMENTS), adjusted],
      [runName(EVENTS_PLACE), reported],
    ])
    return checkLogMarks({ ...this.#stores, ledger: this.marks, waiting })
  }

  /** What is wrong with the watermarks of the ledger, and with the spool. */
  async checkRest(): Promise<readonly Difference[]> {
    const marks = { ledgerMarks: this.marks, logMarks: this.#logMarks }
    return [
      ...checkLedgerMarks(this.#written, this.#sealed),
      ...(await checkAdjustments(this.#adjustments, { log: this.#stores.log, marks: this.marks })),
      ...(await checkEventBatches(this.#batches, {
        log: this.#stores.log,
        marks: this.marks,
        logMarks: this.#logMarks,
      })),
      ...(await checkSpool({ ...this.#stores, ...marks })),
    ]
  }

  /** Adjustments by the event they took back. */
  get adjustments(): readonly Adjustment[] {
    return this.#adjustments
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

/** They go to the usage log within a second; more than these wait when nobody ever copies them. */
const BATCHES_MAX = 100_000

/**
 * Events of the spool with their dimensions as the ledger took them: what is more than a tenant may have became
 * one value on the way, and is none that the ledger knows.
 */
async function boundedAsCounted(
  ledger: Pick<LedgerStore, 'dimensionValues'>,
  events: readonly UsageEvent[],
): Promise<readonly UsageEvent[]> {
  const known = new Map<string, Awaited<ReturnType<LedgerStore['dimensionValues']>>>()
  const bounded: UsageEvent[] = []
  for (const event of events) {
    const written = Object.entries(event.dimensions)
    if (written.length === 0) {
      bounded.push(event)
      continue
    }
    const { tenantId } = event
    const values = known.get(tenantId) ?? (await ledger.dimensionValues(tenantId))
    known.set(tenantId, values)
    const dimensions = written.map(([id, value]) => {
      const passes = value.startsWith('(') || values.get(id)?.has(value) === true
      return [id, passes ? value : OTHER_VALUES]
    })
    bounded.push({ ...event, dimensions: Object.fromEntries(dimensions) })
  }
  return bounded
}
