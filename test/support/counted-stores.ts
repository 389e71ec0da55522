import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../src/config/config.ts'
import { type Clock, ManualClock } from '../../src/lib/clock.ts'
import { UlidMaker } from '../../src/lib/id.ts'
import { encodeCaller, encodeEvent, encodeQuantities } from '../../src/metering/event.ts'
import { Spool } from '../../src/metering/spool.ts'
import type { SpoolPlace } from '../../src/metering/spool-files.ts'
import { SpoolReader } from '../../src/metering/spool-reader.ts'
import type { UsageEvent } from '../../src/model/event.ts'
import type { Meter } from '../../src/model/meter.ts'
import { Shipper } from '../../src/shipping/ship.ts'
import { openControlStore, openUsageLog } from '../../src/storage/open.ts'
import { storesIn } from './control-store.ts'
import { COUNTED_METERS } from './counted-meters.ts'
import { reportEvents } from './counted-reports.ts'
import { usagePlace } from './services/clickhouse-place.ts'
import { usageEvent } from './usage-events.ts'

/** What a test may want to know or to differ. */
export interface CountedStores {
  readonly folder: string
  /** How many events are shipped. */
  readonly events: number
  /** How many more stay in the spool. */
  readonly spooled?: number
  /** How many are reported by themselves; the last ones are not in the usage log yet. */
  readonly reported?: number
  /** `COUNTED_METERS` if not given. */
  readonly meters?: readonly Meter[]
  /** Without what there was not before there were seals: meters that are no sums, dimensions, missing quantities. */
  readonly plain?: boolean
  /** What the file says in the second run, if not the same. */
  readonly metersLater?: readonly Meter[]
  readonly tenants?: number
  /** How much time the events take up. */
  readonly spanMs?: number
  readonly startMs?: number
  /** Those stores that are no files of the folder. */
  readonly servers?: { readonly control?: string; readonly usage?: string }
  /** Events shipped at once. */
  readonly group?: number
}

export const NODE_ID = 'node_2f6k0123456789abcdef'

/** Where the events of these stores begin. */
export const COUNTED_FROM = Date.UTC(2026, 2, 10, 9)

/**
 * Fills stores as a gateway of two runs would: calls of several tenants, keys and routes, refusals, failures,
 * sums of refusals, meters of all aggregations and dimensions; the last ones are still in the spool.
 */
export async function fillStores(wanted: CountedStores): Promise<void> {
  const { events, spooled = 0, group = GROUP } = wanted
  const config = { stores: storesOf(wanted) }
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
    const later = epoch === 2 ? wanted.metersLater : undefined
    const metering = { meters: later ?? wanted.meters ?? COUNTED_METERS, dimensions: [DIMENSION] }
    const shipper = new Shipper({
      spool: reader,
      store,
      usageLog,
      nodeId: NODE_ID,
      clock,
      metering,
      onShipped,
    })
    for (let done = 0; done < shipped; done += group) {
      spool.append(batchesOf(make, Math.min(group, shipped - done)), through)
      await shipper.ship()
    }
    spool.append([], through)
    if (left > 0) spool.append(batchesOf(make, left), through)
    spool.close()
    reader.close()
  }
  await reportEvents({ startMs: COUNTED_FROM, ...wanted }, { store, usageLog, clock })
  // Reading one tenant brings the index by tenant up to date.
  await Array.fromAsync(usageLog.events({ tenantId: 'tenant-0', limit: 1 }))
}

/** Reports so many events more, with ids of their own. */
export async function reportMore(folder: string, reported: number): Promise<void> {
  const [config, clock] = [storesIn(folder), new ManualClock(COUNTED_FROM)]
  await using store = await openControlStore(config, clock)
  await using usageLog = await openUsageLog(config)
  const ids = { prefix: 'more', series: 'B' }
  await reportEvents({ reported, startMs: COUNTED_FROM }, { store, usageLog, clock, ...ids })
}

function storesOf({ folder, servers = {} }: CountedStores): Config['stores'] {
  const { stores } = storesIn(folder)
  const { control, usage } = servers
  return {
    ...stores,
    ...(control !== undefined && { control: { driver: 'postgres', url: control } as const }),
    ...(usage !== undefined && {
      usage: { driver: 'clickhouse', ...usagePlace(usage), retentionDays: 400 } as const,
    }),
  }
}

const DIMENSION = { id: 'model', from: 'request-header', name: 'x-model', maxValues: 2 } as const

const GROUP = 2_000
const BATCH = 50

function batchesOf(make: () => string, count: number) {
  const batches: { lines: Buffer; count: number; thread: number }[] = []
  for (let done = 0; done < count; done += BATCH) {
    const size = Math.min(BATCH, count - done)
    batches.push({
      lines: Buffer.from(Array.from({ length: size }, make).join('')),
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
  const kinds = wanted.plain === true ? PLAIN_KINDS : KINDS
  let number = 0
  return () => {
    const at = number
    number += 1
    clock.set(startMs + Math.floor((at * spanMs) / (events + spooled)))
    const tenant = at % tenants
    // Of every run the same, so that what names events can be compared.
    const id = `${ids.next().slice(0, 10)}C0VNTED0A${String(at).padStart(7, '0')}`
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
      ...kinds[at % kinds.length],
      // One call that takes long.
      ...STREAM[at - STREAM_FROM],
      // And one that gatez was killed in.
      ...(at === BROKEN_AT && { ...PART, count: 1, usageUnits: 1, requestId: 'the-broken-one' }),
    })
  }
}

const REFUSED = { billable: false, outcome: 'refused', usageUnits: 0, bytesSent: 0 } as const
const PLAIN_KINDS: readonly Partial<UsageEvent>[] = [
  ...Array.from({ length: 12 }, () => ({})),
  { quantities: { tokens: '12.5' } },
  { quantities: { tokens: '0.000000000000001', images: '2' }, clientIp: '203.0.113.9' },
  { statusCode: 502, outcome: 'upstream_error', refusal: 'upstream-unreachable', billable: false },
  { ...REFUSED, statusCode: 429, refusal: 'rate-limited' },
  { ...REFUSED, statusCode: 429, refusal: 'rate-limited', count: 17 },
  { outcome: 'client_aborted' },
  { tenantId: '', keyId: '', planId: '', planVersion: 0, subscriptionId: '', billable: false },
]
const KINDS: readonly Partial<UsageEvent>[] = [
  ...PLAIN_KINDS,
  { quantities: { peak: '9.5', jobs: '1', users: 'ann' }, dimensions: { model: 'large' } },
  { quantities: { peak: '11', seats: '3', storage: '100', users: 'bob' }, dimensions: { model: 'small' } },
  { quantities: { seats: '5', storage: '80' }, dimensions: { model: 'tiny' } },
  { quantities: { users: 'eve', tokens: '7' }, billable: false, statusCode: 404 },
  { leaks: { tokens: 'missing' } },
  { outcome: 'upstream_truncated', billable: false },
  { billable: false },
]

/** The parts of one call of the second run. */
const STREAM_FROM = 500
const BROKEN_AT = 50
const PART: Partial<UsageEvent> = {
  ...{
    tenantId: 'tenant-3',
    keyId: 'key_3_0',
    subscriptionId: 'sub_3',
    routeId: 'search',
    requestId: 'the-stream',
  },
  ...{ endpoint: '/v1/stream', quantities: {}, dimensions: {}, billable: true, statusCode: 200, refusal: '' },
  ...{
    planId: 'pro',
    planVersion: 1,
    leaks: undefined,
    outcome: 'open',
    count: 0,
    usageUnits: 0,
    clientIp: '',
  },
}
const STREAM: readonly Partial<UsageEvent>[] = [
  { ...PART, count: 1, usageUnits: 2, quantities: { tokens: '3' } },
  { ...PART, quantities: { tokens: '4' } },
  { ...PART, outcome: 'ok', quantities: { tokens: '5' } },
]

function lineOf(event: UsageEvent): string {
  const { quantities, dimensions, leaks = {} } = event
  return encodeEvent({
    ...event,
    caller: encodeCaller(event),
    quantities: encodeQuantities(quantities, leaks),
    dimensions: Object.keys(dimensions).length === 0 ? '' : JSON.stringify(dimensions),
  })
}

/** The clock of a test that does not care. */
export const anyClock: Clock = new ManualClock(COUNTED_FROM)
