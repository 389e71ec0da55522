/** How an exchange ended. `open`: it has not yet, the event is a part of it, and another one follows. */
export type Outcome = 'ok' | 'open' | 'client_aborted' | 'upstream_truncated' | 'upstream_error' | 'refused'

/**
 * One usage record: what the usage log keeps of a request, for ever the same.
 *
 * Times are ms since 1970, sizes bytes of bodies, `responseTimeMs` a whole number.
 */
export interface UsageEvent {
  /** ULID, ours. */
  readonly id: string
  /** When the request was admitted or refused; of a further part, when that began. */
  readonly timestampMs: number
  /** Empty on a route without authentication. */
  readonly tenantId: string
  readonly keyId: string
  readonly apiId: string
  readonly routeId: string
  readonly planId: string
  /** The version whose prices hold; 0 without a plan. */
  readonly planVersion: number
  readonly subscriptionId: string
  readonly method: string
  /** Path without query. */
  readonly endpoint: string
  /** 0 when the client left before there was one. */
  readonly statusCode: number
  readonly outcome: Outcome
  /** The code of our refusal; empty if there was none. */
  readonly refusal: string
  readonly billable: boolean
  readonly responseTimeMs: number
  readonly bytesSent: number
  readonly bytesReceived: number
  /** The cost of the route; 0 when refused. */
  readonly usageUnits: number
  /** Custom meters: id → decimal string. */
  readonly quantities: Readonly<Record<string, string>>
  readonly dimensions: Readonly<Record<string, string>>
  readonly clientIp: string
  readonly requestId: string
  readonly nodeId: string
  readonly epoch: number
  /** Position in the spool of this node and epoch. */
  readonly seq: number
  /** `gateway`, `api` or `import`. */
  readonly source: string
  /**
   * How many requests this row stands for: 1, more only for refusals logged in sum, and 0 for the further
   * parts of an answer that took long.
   */
  readonly count: number
  /** Meters that should have a quantity and have none: id → reason. Not there when none is missing. */
  readonly leaks?: Readonly<Record<string, string>>
}
