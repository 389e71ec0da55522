import type { UsageEvent } from '../../model/event.ts'

/** The raw events: appended once, read back, never summed for money. */
export interface UsageLog extends AsyncDisposable {
  /** Appends events; one whose id is there already is left as it is. Durable when it resolves. */
  append(events: readonly UsageEvent[]): Promise<void>
  /** The highest `seq` it holds of this node and epoch; 0 if none. Its own watermark. */
  watermark(place: { readonly nodeId: string; readonly epoch: number }): Promise<number>
  find(id: string): Promise<UsageEvent | undefined>
  /** In the order of time, then id. */
  events(filter: UsageLogFilter): AsyncIterable<UsageEvent>
  /**
   * Admissions since `fromMs`, counted per (tenant, key, route) and time step: how windows are rebuilt.
   *
   * `stepMs` = 1 gives exact moments. Refused requests are not admissions.
   */
  admissions(fromMs: number, stepMs: number): AsyncIterable<Admission>
}

export interface UsageLogFilter {
  readonly fromMs?: number
  readonly toMs?: number
  readonly tenantId?: string
  readonly limit?: number
}

export interface Admission {
  readonly timestampMs: number
  readonly tenantId: string
  readonly keyId: string
  readonly routeId: string
  readonly requests: number
  readonly units: number
}
