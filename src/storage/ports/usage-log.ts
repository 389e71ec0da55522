import type { UsageEvent } from '../../model/event.ts'

/** The raw events: appended once, read back, never summed for money. */
export interface UsageLog extends AsyncDisposable {
  readonly traits: UsageLogTraits
  /**
   * Appends events; one whose id is there already is left as it is. Durable when it resolves.
   *
   * `shipment` says when events of one run came the way from the spool to here.
   */
  append(events: readonly UsageEvent[], shipment?: Shipment): Promise<void>
  /** The highest `seq` it holds of this node and epoch; 0 if none. Its own watermark. */
  watermark(place: { readonly nodeId: string; readonly epoch: number }): Promise<number>
  /** The highest epoch of the node that it holds anything of; 0 if none. */
  lastEpoch(nodeId: string): Promise<number>
  /** How an event came here, by its place; undefined when that was not written down, or is forgotten. */
  shipmentOf(place: EventPlace): Promise<Shipment | undefined>
  /**
   * Forgets up to `limit` events from before `cutMs`, oldest first, and resolves to how many they were.
   *
   * `cutMs` is the start of a bucket. What is forgotten is evidence only: the ledger keeps its numbers.
   */
  forgetBefore(cutMs: number, limit: number): Promise<number>
  /** From here on nothing was forgotten; 0 when nothing ever was. */
  keptSinceMs(): Promise<number>
  find(id: string): Promise<UsageEvent | undefined>
  /** The newest events with this request id, at most `limit`, oldest first: clients may use one more than once. */
  findByRequestId(requestId: string, limit: number): Promise<readonly UsageEvent[]>
  /** The position of the event appended last; 0 when there is none. */
  newestPosition(): Promise<number>
  /**
   * Events at positions after `position`, some `limit`, in the order they were appended.
   *
   * Fewer than `limit` when there are no more for now.
   */
  appendedAfter(position: number, limit: number): Promise<readonly AppendedEvent[]>
  /** The newest events at positions up to `position`, some `limit`, in the order they were appended. */
  appendedBefore(position: number, limit: number): Promise<readonly AppendedEvent[]>
  /** In the order of time, then id. */
  events(filter: UsageLogFilter): AsyncIterable<UsageEvent>
  /**
   * Admissions since `fromMs`, counted per (tenant, key, route) and time step: how windows are rebuilt.
   *
   * `stepMs` = 1 gives exact moments. Refused requests are not admissions, nor is what never came through a
   * gateway; what is taken back later was admitted all the same.
   */
  admissions(fromMs: number, stepMs: number): AsyncIterable<Admission>
  /** Calls of a span with their latencies, by some of their fields: to look at, never for a bill. */
  breakdown(query: BreakdownQuery): Promise<readonly BreakdownRow[]>
}

/** In what usage logs differ. */
export interface UsageLogTraits {
  /** Whether it may be away while the ledger is there: then nothing may wait for it. */
  readonly isRemote: boolean
  /** How far behind the newest position an event may still come to stand: where many write at once. */
  readonly positionsBehind: number
}

/** Where an event stands among those of its run. */
export interface EventPlace {
  readonly nodeId: string
  readonly epoch: number
  readonly seq: number
}

/** When a group of events went from one store to the next; 0 where that is not known. */
export interface Shipment {
  /** The first and the last commit of the spool that the group came from. */
  readonly spooledFromMs: number
  readonly spooledToMs: number
  /** When they were in the ledger, and on their way here. */
  readonly shippedMs: number
}

export interface UsageLogFilter {
  readonly fromMs?: number
  readonly toMs?: number
  readonly tenantId?: string
  readonly limit?: number
}

/** What calls may be broken down by. */
export type BreakdownField = 'tenant' | 'key' | 'route' | 'refusal'

export interface BreakdownQuery {
  readonly fromMs: number
  readonly toMs: number
  readonly by: readonly BreakdownField[]
  readonly tenantId?: string
}

/** Calls that have the fields in common that were asked for; the others are empty. In the order of the fields. */
export interface BreakdownRow {
  readonly tenantId: string
  readonly keyId: string
  readonly routeId: string
  /** Code of the refusal; empty of what was let through. */
  readonly refusal: string
  readonly requests: number
  readonly refused: number
  /** Answered with 500 and above. */
  readonly failed: number
  readonly billable: number
  readonly usageUnits: number
  readonly bytesReceived: number
  readonly bytesSent: number
  /**
   * The times that half, 95 %, 99 % and all of the calls did not take longer than, in ms; null when there is no
   * call. Of calls that were let through and metered in one piece.
   */
  readonly latencyMs: readonly (number | null)[]
}

/** An event and where it stands in the log: positions only rise, not always by one. */
export interface AppendedEvent {
  readonly position: number
  readonly event: UsageEvent
}

export interface Admission {
  readonly timestampMs: number
  readonly tenantId: string
  readonly keyId: string
  readonly routeId: string
  readonly requests: number
  readonly units: number
}
