import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, ManualClock } from '../../src/lib/clock.ts'
import { UlidMaker } from '../../src/lib/id.ts'
import { encodeCaller, encodeEvent } from '../../src/metering/event.ts'
import { Spool } from '../../src/metering/spool.ts'
import type { SpoolPlace } from '../../src/metering/spool-files.ts'
import { SpoolReader } from '../../src/metering/spool-reader.ts'
import type { UsageEvent } from '../../src/model/event.ts'
import { Shipper } from '../../src/shipping/ship.ts'
import { openControlStore, openUsageLog } from '../../src/storage/open.ts'
import { storesIn } from './control-store.ts'
import { usageEvent } from './usage-events.ts'

/** What a test may want to know or to differ. */
export interface CountedStores {
  readonly folder: string
  /** How many events are shipped. */
  readonly events: number
  /** How many more stay in the spool. */
  readonly spooled?: number
  readonly tenants?: number
  /** How much time the events take up. */
  readonly spanMs?: number
  readonly startMs?: number
  /** The control store, where it is not a file of the folder. */
  readonly controlUrl?: string
  /** Events shipped at once. */
  readonly group?: number
}

export const NODE_ID = 'node_2f6k0123456789abcdef'

/** Where the events of these stores begin. */
export const COUNTED_FROM = Date.UTC(2026, 2, 10, 9)

/**
 * Fills stores as a gateway of two runs would: calls of several tenants, keys and routes, refusals, failures,
 * sums of refusals and custom meters; the last ones are still in the spool.
 */
export async function fillStores(wanted: CountedStores): Promise<void> {
  const { folder, events, spooled = 0, group = GROUP, controlUrl } = wanted
  const files = storesIn(folder)
  const control =
    controlUrl === undefined ? files.stores.control : ({ driver: 'postgres', url: controlUrl } as const)
  const config = { stores: { ...files.stores, control } }
  const clock = new ManualClock(wanted.startMs ?? COUNTED_FROM)
  mkdirSync(config.stores.dataDir, { recursive: true })
  writeFileSync(join(config.stores.dataDir, 'node'), `${NODE_ID}\n`)
  await using store = await openControlStore(config, clock)
  await using usageLog = await openUsageLog(config)
  const path = join(config.stores.dataDir, 'spool.db')
  const make = eventMaker(wanted, clock)
  const first = Math.floor(events / 3)
  for (const [epoch, shipped, left] of [
    [1, first, 0],
    [2, events - first, spooled],
  ] as const) {
    await store.nodes.startEpoch(NODE_ID, clock.nowMs())
    const spool = new Spool({ path, durability: 'process', epoch, clock })
    const reader = new SpoolReader(path)
    let through = 0
    const onShipped = ({ batchId }: SpoolPlace) => {
      through = batchId
    }
    const shipper = new Shipper({ spool: reader, store, usageLog, nodeId: NODE_ID, clock, onShipped })
    for (let done = 0; done < shipped; done += group) {
      spool.append(batchesOf(make, Math.min(group, shipped - done)), through)
      await shipper.ship()
    }
    spool.append([], through)
    if (left > 0) spool.append(batchesOf(make, left), through)
    spool.close()
    reader.close()
  }
  // Reading one tenant brings the index by tenant up to date.
  await Array.fromAsync(usageLog.events({ tenantId: 'tenant-0', limit: 1 }))
}

const GROUP = 2_000
const BATCH = 50

function batchesOf(make: () => string, count: number) {
  const batches: { lines: string; count: number; thread: number }[] = []
  for (let done = 0; done < count; done += BATCH) {
    const size = Math.min(BATCH, count - done)
    batches.push({
      lines: Array.from({ length: size }, make).join(''),
      count: size,
      thread: batches.length % 2,
    })
  }
  return batches
}

/** Lines of events that differ in all that events differ in; the same in every run but for the ids. */
function eventMaker(wanted: CountedStores, clock: ManualClock): () => string {
  const { events, spooled = 0, tenants = 5, spanMs = 6 * 3_600_000, startMs = COUNTED_FROM } = wanted
  const ids = new UlidMaker(clock, { epoch: 1, thread: 0 })
  let number = 0
  return () => {
    const at = number
    number += 1
    clock.set(startMs + Math.floor((at * spanMs) / (events + spooled)))
    const tenant = at % tenants
    const id = ids.next()
    return lineOf({
      ...usageEvent({ id, requestId: at % 4 === 0 ? `order-${at}` : id }),
      timestampMs: clock.nowMs(),
      tenantId: `tenant-${tenant}`,
      keyId: `key_${tenant}_${at % 3}`,
      subscriptionId: `sub_${tenant}`,
      routeId: ['search', 'lookup', 'export'][at % 3] ?? '',
      endpoint: `/v1/${at % 97}`,
      responseTimeMs: at % 211,
      bytesSent: 100 + (at % 1_009),
      bytesReceived: at % 13,
      usageUnits: (at % 3) + 1,
      ...KINDS[at % KINDS.length],
    })
  }
}

const REFUSED = { billable: false, outcome: 'refused', usageUnits: 0, bytesSent: 0 } as const
const KINDS: readonly Partial<UsageEvent>[] = [
  ...Array.from({ length: 12 }, () => ({})),
  { quantities: { tokens: '12.5' } },
  { quantities: { tokens: '0.000000000000001', images: '2' }, clientIp: '203.0.113.9' },
  { statusCode: 502, outcome: 'upstream_error', refusal: 'upstream-unreachable', billable: false },
  { ...REFUSED, statusCode: 429, refusal: 'rate-limited' },
  { ...REFUSED, statusCode: 429, refusal: 'rate-limited', count: 17 },
  { outcome: 'client_aborted' },
  { tenantId: '', keyId: '', planId: '', planVersion: 0, subscriptionId: '', billable: false },
]

function lineOf(event: UsageEvent): string {
  const text = (record: Readonly<Record<string, string>>) =>
    Object.keys(record).length === 0 ? '' : JSON.stringify(record)
  const { quantities, dimensions } = event
  const caller = encodeCaller(event)
  return encodeEvent({ ...event, caller, quantities: text(quantities), dimensions: text(dimensions) })
}

/** The clock of a test that does not care. */
export const anyClock: Clock = new ManualClock(COUNTED_FROM)
