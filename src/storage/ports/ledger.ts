import type { Dimensions } from '../../model/dimension.ts'
import type { Mark } from '../../model/mark.ts'
import type { Seal } from '../../model/seal.ts'

/**
 * The authoritative numbers: rollups in buckets of 15 minutes, and how far each node has come.
 *
 * Money and reports come from here only. The raw events are evidence, kept in the usage log.
 */
export interface LedgerStore {
  /**
   * Adds `entries` to their rollups, `seals` to theirs, leaves notes for who watches quotas, and moves the watermark
   * of `place` from `afterSeq` to `throughSeq`. What marks of rollups change goes into the seal of their bucket: `marks`
   * of `seals` is not looked at.
   *
   * False, and nothing written, when the watermark is not at `afterSeq`: the batch was applied
   * before. Call it inside a transaction; rows, seals and watermark hold together or not at all.
   */
  apply(entries: readonly RollupEntry[], advance: WatermarkAdvance, seals?: readonly Seal[]): Promise<boolean>
  /** How far the events of a run are counted; what the seals say holds where it says more. */
  watermark(place: NodePlace): Promise<number>
  /** Every watermark as it was written. */
  watermarks(): Promise<readonly RunMark[]>
  /** The seals whose bucket starts in [fromMs, toMs), in the order of bucket, node and epoch. */
  seals(fromMs: number, toMs: number): AsyncIterable<Seal>
  /** How many events are under the seals whose bucket starts in [fromMs, toMs): the store adds up, nothing is read. */
  sealedEvents(fromMs: number, toMs: number): Promise<number>
  /** For each run how many of its events have seals, and up to where it was counted before there were any. */
  sealedRuns(): Promise<readonly SealedRun[]>
  /** The rollups whose bucket starts in [fromMs, toMs), in the order of bucket start, unless they may be merged. */
  rollups(filter: RollupFilter): AsyncIterable<Rollup>
  /** How much in the span no reading would come by: nothing, unless someone wrote by hand. */
  strays(fromMs: number, toMs: number): Promise<Strays>
  /** The last level before a moment of each `time-weighted` meter, one for each caller and kind of call. */
  levels(filter: LevelFilter): Promise<readonly Level[]>
  /** The custom meters of billable usage in [fromMs, toMs), and of levels before it; in the order of their ids. */
  usedMeters(fromMs: number, toMs: number): Promise<readonly string[]>
  /** How much there is to tell apart. */
  breadth(): Promise<LedgerBreadth>
  /** The values of each dimension that a tenant has used so far. */
  dimensionValues(tenantId: string): Promise<DimensionValues>
  /** Used quantity of one built-in meter by tenant, over [fromMs, toMs): how quotas are rebuilt. */
  usedByTenant(
    meter: 'calls' | 'units',
    fromMs: number,
    toMs: number,
    only?: UseFilter,
  ): Promise<readonly TenantUse[]>
}

/** Width of a bucket, so that a day can be cut in every time zone. */
export const BUCKET_MS = 15 * 60 * 1000

/** What one rollup is a sum over. */
export interface RollupKey {
  readonly bucketMs: number
  readonly tenantId: string
  readonly keyId: string
  readonly apiId: string
  readonly routeId: string
  readonly planId: string
  readonly planVersion: number
  readonly subscriptionId: string
  /** 2 for 200–299, and so on; 0 without a status. */
  readonly statusClass: number
  readonly billable: boolean
  readonly dimensions: Dimensions
}

/** Sums over all requests of the key, all whole numbers below 2^53. */
export interface RollupSums {
  readonly requests: number
  readonly refused: number
  readonly usageUnits: number
  readonly bytesReceived: number
  readonly bytesSent: number
  readonly durationMs: number
}

export interface Rollup extends RollupKey, RollupSums {
  /** Custom meters of these requests that are added up: id → decimal string. */
  readonly quantities: Readonly<Record<string, string>>
  /** What is kept of the other ones, and of values that could not be metered. */
  readonly marks: readonly Mark[]
}

export type RollupEntry = Rollup

export interface RollupFilter {
  readonly fromMs: number
  readonly toMs: number
  readonly tenantId?: string
  /** Of these tenants only, some thousands at most. */
  readonly among?: readonly string[]
  /**
   * Rollups that differ in nothing but their bucket may come as one, at the first of their buckets, where none of these
   * moments lies between. Those that come then are in the order of such spans, not of their buckets.
   */
  readonly apartAt?: readonly number[]
  /**
   * Where rollups may come as one, those of one caller may, wherever the calls went and however they ended, as long as
   * either all or none are billable: apiId and routeId are empty then, statusClass is 0.
   */
  readonly kindsAsOne?: boolean
}

export interface LevelFilter {
  readonly beforeMs: number
  readonly tenantId?: string
  /** As for rollups. */
  readonly among?: readonly string[]
}

/** What rollups of all times are about. */
export interface LedgerBreadth {
  readonly tenantIds: readonly string[]
  /** Keys, each as often as plan, subscription and dimensions of it differ. */
  readonly callers: number
  /** Routes, each with every class of statuses it answered with. */
  readonly kinds: number
}

/** A level and whose it is. */
export interface Level extends RollupKey {
  readonly mark: Mark
}

/** Dimension id → its values. */
export type DimensionValues = ReadonlyMap<string, ReadonlySet<string>>

export interface NodePlace {
  readonly nodeId: string
  readonly epoch: number
}

/** A run of a node, and a position in it. */
export interface RunMark extends NodePlace {
  readonly seq: number
}

export interface SealedRun extends NodePlace {
  readonly events: number
  readonly lastSeq: number
  /** 0 where every event has a seal. */
  readonly unsealedSeq: number
}

export interface WatermarkAdvance extends NodePlace {
  readonly afterSeq: number
  readonly throughSeq: number
}

/** Rows of the ledger that hang in the air. */
export interface Strays {
  /** Of a tenant, caller or kind that is not there or not possible, or a caller of another tenant. */
  readonly rollups: number
  /** Of custom meters of a rollup that is not there. */
  readonly quantities: number
}

/** Whose use is asked for; all of it if not given. */
export interface UseFilter {
  readonly tenantId: string
  /** Of these subscriptions only. */
  readonly subscriptionIds?: readonly string[]
}

export interface TenantUse {
  readonly tenantId: string
  readonly used: number
}
