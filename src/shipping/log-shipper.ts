import { EventDecoder } from '../metering/event-decoder.ts'
import { SPOOL_START, type SpoolPlace } from '../metering/spool-files.ts'
import type { SpoolReader, SpoolRow } from '../metering/spool-reader.ts'
import type { UsageEvent } from '../model/event.ts'
import { LogLeg, type LogLegParts } from './log-leg.ts'
import type { Ships } from './ship-loop.ts'
import { eventsOf, nextGroup } from './spool-groups.ts'

/** A server takes many at once more easily: each write is a part of its own to it. */
const EVENTS_MAX = 25_000

/**
 * Carries what the ledger has from the spool to a usage log that may be away: on its own, so that the ledger
 * waits for nothing. Until an event is there it stays in the spool.
 *
 * A group whose writing failed is written again as it was, so that the log can tell it from a new one.
 */
export class LogShipper implements Ships {
  readonly #parts: LogShipperParts
  readonly #leg: LogLeg
  readonly #decoder = new EventDecoder()
  #last: SpoolPlace = SPOOL_START
  #unsettled: readonly SpoolRow[] | undefined
  #running: Promise<number> | undefined

  constructor(parts: LogShipperParts) {
    this.#parts = parts
    this.#leg = new LogLeg(parts)
  }

  /** Everything up to here is in both stores. */
  get through(): SpoolPlace {
    return this.#last
  }

  /** Ships what the ledger has by now and resolves to the number of events. Calls that overlap share a run. */
  ship(): Promise<number> {
    this.#running ??= this.#shipAll().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #shipAll(): Promise<number> {
    let shipped = 0
    for (;;) {
      const { spool, ledgerThrough } = this.#parts
      const rows =
        this.#unsettled ??
        nextGroup(spool, this.#last, { through: ledgerThrough(), eventsMax: EVENTS_MAX }).rows
      const last = rows.at(-1)
      if (last === undefined) return shipped
      this.#unsettled = rows
      shipped += await this.#shipGroup(last.epoch, rows)
      this.#unsettled = undefined
      this.#last = { file: last.file, batchId: last.batchId }
      this.#parts.onShipped(this.#last)
    }
  }

  async #shipGroup(epoch: number, rows: readonly SpoolRow[]): Promise<number> {
    const { nodeId, bounded } = this.#parts
    const events = await bounded(eventsOf(rows, { decoder: this.#decoder, nodeId }))
    try {
      await this.#leg.append(epoch, events, rows)
    } catch (error) {
      this.#leg.forget(epoch)
      throw error
    }
    return events.length
  }
}

export interface LogShipperParts extends LogLegParts {
  readonly spool: SpoolReader
  /** Up to where the ledger has what the spool holds. */
  readonly ledgerThrough: () => SpoolPlace
  /** Bounds the values of dimensions, as was done for the ledger. */
  readonly bounded: (events: readonly UsageEvent[]) => Promise<readonly UsageEvent[]>
  readonly onShipped: (through: SpoolPlace) => void
}
