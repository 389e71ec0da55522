import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Decision } from '../storage/ports/counters.ts'
import type { CallPlan } from './call-plan.ts'
import type { RequestHead } from './request-head.ts'
import type { MatchedRoute } from './router.ts'
import type { Target } from './target.ts'

/** One request and its answer, from the first byte in to the last byte out. */
export class Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly startMs: number
  readonly startMonotonicMs: number
  /** The client's when it is well-formed, else the event id. */
  requestId: string
  /** Ours, always. */
  readonly eventId: string
  readonly clientIp: string
  /** What came behind a request that asks to switch to WebSocket; undefined for ordinary requests. */
  readonly early: Buffer | undefined

  constructor(start: ExchangeStart) {
    this.request = start.request
    this.response = start.response
    this.startMs = start.startMs
    this.startMonotonicMs = start.startMonotonicMs
    this.eventId = start.eventId
    this.requestId = start.eventId
    this.clientIp = start.clientIp
    this.early = start.early
  }
}

export interface ExchangeStart {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly startMs: number
  readonly startMonotonicMs: number
  readonly eventId: string
  readonly clientIp: string
  readonly early: Buffer | undefined
}

/** After stage 1: well-formed, and its route is known. */
export interface Accepted {
  readonly exchange: Exchange
  readonly head: RequestHead
  readonly target: Target
  readonly matched: MatchedRoute
}

/** After stage 3: the key is known (or none is needed), and what its plan says of this route. */
export interface Planned {
  readonly accepted: Accepted
  readonly call: CallPlan
}

/** After stage 4: admitted, and what is left. */
export interface Limited {
  readonly planned: Planned
  readonly decision: Decision
}
