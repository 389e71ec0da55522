import { setImmediate as otherWork } from 'node:timers/promises'
import { assert } from '../lib/assert.ts'
import { type Clock, systemClock } from '../lib/clock.ts'
import type { SpoolRow } from '../metering/spool-reader.ts'
import type { UsageEvent } from '../model/event.ts'
import type { Shipment, UsageLog } from '../storage/ports/usage-log.ts'

/** The last step of the way: appends what comes out of the spool to the usage log, by its watermark. */
export class LogLeg {
  readonly #parts: LogLegParts
  readonly #marks = new Map<number, number>()

  constructor(parts: LogLegParts) {
    this.#parts = parts
  }

  /** Appends the events of a group, all of one epoch, as far as they are not there yet. */
  async append(epoch: number, events: readonly UsageEvent[], rows: readonly SpoolRow[]): Promise<void> {
    const { usageLog, nodeId } = this.#parts
    const mark = this.#marks.get(epoch) ?? (await usageLog.watermark({ nodeId, epoch }))
    const fresh = eventsAfter(events, mark)
    if (fresh.length > 0) await usageLog.append(fresh, this.#shipmentOf(rows, mark))
    this.#marks.set(epoch, fresh.at(-1)?.seq ?? mark)
    await otherWork()
  }

  /** A write failed, and may yet have been made: where the log stands, it must say. */
  forget(epoch: number): void {
    this.#marks.delete(epoch)
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

export interface LogLegParts {
  readonly usageLog: UsageLog
  readonly nodeId: string
  /** The host's if not given. */
  readonly clock?: Clock | undefined
}

/** Those of a sequence that a watermark has not passed. */
export function eventsAfter(events: readonly UsageEvent[], mark: number): readonly UsageEvent[] {
  const first = events[0]
  if (first === undefined || first.seq > mark) {
    assert(first === undefined || first.seq === mark + 1, 'the spool has no gap')
    return events
  }
  return events.filter((event) => event.seq > mark)
}
