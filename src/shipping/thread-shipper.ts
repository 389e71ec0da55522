import { copyEvents } from '../ingest/copy-events.ts'
import type { Clock } from '../lib/clock.ts'
import { carryAdjustments } from '../metering/carry-adjustments.ts'
import type { SpoolPlace } from '../metering/spool-files.ts'
import type { UsageEvent } from '../model/event.ts'
import type { UsageLog } from '../storage/ports/usage-log.ts'
import { LogShipper } from './log-shipper.ts'
import { LookPace } from './look-pace.ts'
import { NodeWord } from './node-word.ts'
import { QuotaWatch } from './quota-watch.ts'
import { type MeteringRules, Shipper, type ShipperParts } from './ship.ts'
import type { Ships } from './ship-loop.ts'

/** All that a ship thread does again and again. */
export interface ThreadShipper extends Ships {
  replaceMetering(rules: MeteringRules): void
  /** What fills a usage log that may be away. */
  readonly ofLog?: Ships
}

/** Everything up to this place is in both stores; these events just reached the ledger. */
export type OnShipped = (through: SpoolPlace, events: readonly UsageEvent[]) => void

export interface ThreadShipperParts extends Pick<ShipperParts, 'spool' | 'store' | 'nodeId'> {
  readonly metering: MeteringRules
  readonly usageLog: UsageLog
  readonly clock: Clock
}

/** Fills both stores in one go, or, where the usage log may be away, the ledger by itself. */
export function threadShipper(parts: ThreadShipperParts, onShipped: OnShipped): ThreadShipper {
  const { store, clock, metering } = parts
  const shipper = parts.usageLog.traits.isRemote ? apart(parts, onShipped) : together(parts, onShipped)
  const quotas = new QuotaWatch({ store, clock, metering })
  // Each look costs some 100 µs a tenant that called.
  const pace = new LookPace(() => clock.monotonicMs())
  const word = new NodeWord(parts)
  return {
    ...shipper,
    ship: async () => {
      const shipped = await word.after(() => shipper.ship())
      await pace.look(() => quotas.look())
      return shipped
    },
    replaceMetering: (rules) => {
      shipper.replaceMetering(rules)
      quotas.replaceMetering(rules)
    },
  }
}

function together(parts: ThreadShipperParts, onShipped: OnShipped): ThreadShipper {
  const ofSpool = new Shipper({ ...parts, onShipped })
  return {
    // What came in as events is in the ledger already.
    ship: async () => (await ofSpool.ship()) + (await copyEvents(parts)),
    replaceMetering: (rules) => ofSpool.replaceMetering(rules),
  }
}

/** The ledger by itself, and the usage log behind it, when it is there. */
function apart(parts: ThreadShipperParts, onShipped: OnShipped): ThreadShipper {
  const { store, usageLog, clock } = parts
  const ofLedger: Shipper = new Shipper({
    ...parts,
    usageLog: undefined,
    // The spool keeps what the log does not have yet.
    onShipped: (_, events) => onShipped(ofSpool.through, events),
  })
  const ofSpool = new LogShipper({
    ...parts,
    ledgerThrough: () => ofLedger.through,
    bounded: (events) => ofLedger.bounded(events),
    onShipped: (through) => onShipped(through, []),
  })
  return {
    ship: () => ofLedger.ship(),
    replaceMetering: (rules) => ofLedger.replaceMetering(rules),
    ofLog: {
      ship: async () => {
        const shipped = await ofSpool.ship()
        await carryAdjustments(store, usageLog, clock.nowMs())
        return shipped + (await copyEvents(parts))
      },
    },
  }
}
