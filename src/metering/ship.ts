import { assert } from '../lib/assert.ts'
import type { UsageEvent } from '../model/event.ts'
import type { ControlStore } from '../storage/ports/control-store.ts'
import type { UsageLog } from '../storage/ports/usage-log.ts'
import { decodeEvents } from './event.ts'
import { rollUp } from './roll-up.ts'
import type { SpoolReader, SpoolRow } from './spool.ts'

/** Spool batches read at once, and the events after which a group is closed: bounds memory. */
const ROWS_MAX = 256
const EVENTS_MAX = 10_000

/**
 * Carries events from the spool to the ledger and the usage log: at least once, applied exactly once.
 *
 * Each of the two has its own watermark per node and epoch, written together with the rows. After a
 * crash the same batches come again, and what a watermark has passed is left out.
 */
export class Shipper {
  readonly #parts: ShipperParts
  readonly #ledgerMarks = new Map<number, number>()
  readonly #logMarks = new Map<number, number>()
  #lastBatchId = 0
  #running: Promise<number> | undefined

  constructor(parts: ShipperParts) {
    this.#parts = parts
  }

  /** Ships all that the spool holds and resolves to the number of events. Calls that overlap share a run. */
  ship(): Promise<number> {
    this.#running ??= this.#shipAll().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #shipAll(): Promise<number> {
    let shipped = 0
    for (;;) {
      const rows = this.#parts.spool.after(this.#lastBatchId, ROWS_MAX)
      if (rows.length === 0) return shipped
      for (const group of groupRows(rows)) shipped += await this.#shipGroup(group)
    }
  }

  async #shipGroup(rows: readonly SpoolRow[]): Promise<number> {
    const { nodeId } = this.#parts
    const epoch = rows[0]?.epoch ?? 0
    const events = rows.flatMap((row) => decodeEvents(row.lines, { nodeId, epoch, firstSeq: row.firstSeq }))
    await this.#applyToLedger(epoch, events)
    await this.#appendToLog(epoch, events)
    this.#lastBatchId = rows.at(-1)?.batchId ?? this.#lastBatchId
    this.#parts.onShipped(this.#lastBatchId)
    return events.length
  }

  async #applyToLedger(epoch: number, events: readonly UsageEvent[]): Promise<void> {
    const { store, nodeId } = this.#parts
    const mark = this.#ledgerMarks.get(epoch) ?? (await store.ledger.watermark({ nodeId, epoch }))
    const fresh = eventsAfter(events, mark)
    const throughSeq = fresh.at(-1)?.seq
    if (throughSeq !== undefined) {
      const entries = rollUp(fresh)
      const advance = { nodeId, epoch, afterSeq: mark, throughSeq }
      const applied = await store.transaction((tables) => tables.ledger.apply(entries, advance))
      assert(applied, 'only this node moves its watermark')
    }
    this.#ledgerMarks.set(epoch, throughSeq ?? mark)
  }

  async #appendToLog(epoch: number, events: readonly UsageEvent[]): Promise<void> {
    const { usageLog, nodeId } = this.#parts
    const mark = this.#logMarks.get(epoch) ?? (await usageLog.watermark({ nodeId, epoch }))
    const fresh = eventsAfter(events, mark)
    if (fresh.length > 0) await usageLog.append(fresh)
    this.#logMarks.set(epoch, fresh.at(-1)?.seq ?? mark)
  }
}

export interface ShipperParts {
  readonly spool: SpoolReader
  readonly store: ControlStore
  readonly usageLog: UsageLog
  readonly nodeId: string
  /** Called when everything up to this batch is in both stores. */
  readonly onShipped: (throughBatchId: number) => void
}

/** Cuts rows into groups of one epoch and a bounded number of events. */
function groupRows(rows: readonly SpoolRow[]): SpoolRow[][] {
  const groups: SpoolRow[][] = []
  let events = 0
  for (const row of rows) {
    const group = groups.at(-1)
    if (group !== undefined && group[0]?.epoch === row.epoch && events + row.count <= EVENTS_MAX) {
      group.push(row)
      events += row.count
    } else {
      groups.push([row])
      events = row.count
    }
  }
  return groups
}

function eventsAfter(events: readonly UsageEvent[], mark: number): readonly UsageEvent[] {
  const first = events[0]
  if (first === undefined || first.seq > mark) {
    assert(first === undefined || first.seq === mark + 1, 'the spool has no gap')
    return events
  }
  return events.filter((event) => event.seq > mark)
}
