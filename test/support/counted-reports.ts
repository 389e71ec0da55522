import { copyEvents } from '../../src/ingest/copy-events.ts'
import { countOnce, type UsageFields } from '../../src/ingest/count-once.ts'
import type { ManualClock } from '../../src/lib/clock.ts'
import { UlidMaker } from '../../src/lib/id.ts'
import { declaredAggregations } from '../../src/metering/roll-up.ts'
import type { Meter } from '../../src/model/meter.ts'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'
import type { UsageLog } from '../../src/storage/ports/usage-log.ts'
import { COUNTED_METERS } from './counted-meters.ts'

/** Events of senders with ids of their own, a transaction each 40 of them. */
export async function reportEvents(
  wanted: ReportedEvents,
  { store, usageLog, clock, prefix = 'txn', series = 'A' }: ReportParts,
): Promise<void> {
  const { reported = 0, tenants = 5, spanMs = 6 * 3_600_000, startMs } = wanted
  const drawn = new UlidMaker(clock, { epoch: 9, thread: 9 })
  let made = 0
  const ids = {
    next: () => {
      made += 1
      return `${drawn.next().slice(0, 10)}C0VNTED9${series}${String(made).padStart(7, '0')}`
    },
  }
  const aggregationOf = declaredAggregations(wanted.meters ?? COUNTED_METERS)
  for (let done = 0; done < reported; done += REPORTED_AT_ONCE) {
    const countables = Array.from({ length: Math.min(REPORTED_AT_ONCE, reported - done) }, (_, index) => {
      const at = done + index
      const tenantId = `tenant-${at % tenants}`
      const timestampMs = startMs + Math.floor((at * spanMs) / reported)
      const quantities = REPORTED_QUANTITIES[at % REPORTED_QUANTITIES.length]!
      return {
        ...REPORTED,
        tenantId,
        id: `${prefix}-${at}`,
        usage: {
          ...REPORTED_USAGE,
          tenantId,
          timestampMs,
          quantities,
          subscriptionId: `sub_${at % tenants}`,
        },
      }
    })
    await store.transaction((tables) =>
      countOnce(tables, countables, { ids, nowMs: clock.nowMs(), aggregationOf }),
    )
    if (done < reported / 2) await copyEvents({ store, usageLog })
  }
}

/** How many there are, of how many tenants, and when. */
export interface ReportedEvents {
  readonly reported?: number
  readonly meters?: readonly Meter[]
  readonly tenants?: number
  readonly spanMs?: number
  readonly startMs: number
}

interface ReportParts {
  readonly store: ControlStore
  readonly usageLog: UsageLog
  readonly clock: ManualClock
  /** What their ids begin with. */
  readonly prefix?: string
  /** A letter that is part of the ids of ours. */
  readonly series?: string
}

const REPORTED_AT_ONCE = 40
const REPORTED = { source: 'shop', hash: 'ab12', matched: ['tokens'], late: false, adjustment: false }
const REPORTED_USAGE: Omit<UsageFields, 'tenantId' | 'timestampMs' | 'quantities' | 'subscriptionId'> = {
  ...{
    keyId: '',
    apiId: '',
    routeId: '',
    planId: 'pro',
    planVersion: 1,
    method: '',
  },
  ...{ endpoint: 'order', statusCode: 0, outcome: 'ok', refusal: '', billable: true, responseTimeMs: 0 },
  ...{ bytesSent: 0, bytesReceived: 0, usageUnits: 0, dimensions: {}, clientIp: '', requestId: 'txn' },
  ...{ source: 'api', count: 0 },
}
const REPORTED_QUANTITIES: readonly Record<string, string>[] = [
  { tokens: '-0.25', jobs: '1' },
  { users: 'zoe', peak: '17.5' },
  { tokens: '1.234567890123456', seats: '9' },
  { storage: '12', seats: '4' },
  { tokens: '3', users: 'ann' },
]
