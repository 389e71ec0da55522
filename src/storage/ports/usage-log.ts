import type { UsageEvent } from '../../model/event.ts'

/** The raw events: appended once, read back, never summed for money. */
export interface UsageLog extends AsyncDisposable {
  /** Appends events; one whose id is there already is left as it is. Durable when it resolves. */
  append(events: readonly UsageEvent[]): Promise<void>
  /** The highest `seq` it holds of this node and epoch; 0 if none. Its own watermark. */
  watermark(place: { readonly nodeId: string; readonly epoch: number }): Promise<number>
  find(id: string): Promise<UsageEvent | undefined>
  /** The newest events with this request id, at most `limit`, oldest first: clients may use one more than once. */
  findByRequestId(requestId: string, limit: number): Promise<readonly UsageEvent[]>
  /** The position of the event appended last; 0 when there is none. */
  newestPosition(): Promise<number>
  /** Events at positions after `position`, at most `limit`, in the order they were appended. */
  appendedAfter(position: number, limit: number): Promise<readonly AppendedEvent[]>
  /** In the order of time, then id. */
  events(filter: UsageLogFilter): AsyncIterable<UsageEvent>
  /**
   * Admissions since `fromMs`, counted per (tenant, key, route) and time step: how windows are rebuilt.
   *
   * `stepMs` = 1 gives exact moments. Refused requests are not admissions, nor is what never came through a
   * gateway.
   */
  admissions(fromMs: number, stepMs: number): AsyncIterable<Admission>
}

export interface UsageLogFilter {
  readonly fromMs?: number
  readonly toMs?: number
  readonly tenantId?: string
  readonly limit?: number
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
