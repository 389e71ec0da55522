import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Decision } from '../storage/ports/counters.ts'
import type { TraceContext } from '../telemetry/trace.ts'
import type { CallPlan } from './call-plan.ts'
import type { OnceCall } from './once-call.ts'
import type { Origin } from './origin.ts'
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
  /** Where it comes from, once its head is read. */
  origin: Origin = NOWHERE
  /** Its address as events keep it; empty when they do not. */
  clientIp = ''
  /** Fields of every answer to it, whoever gives it: name, value … */
  fields: readonly string[] = NO_FIELDS
  /** Its place in a trace, once it goes on to its upstream. */
  trace: TraceContext | undefined
  /** The whole body, when it is here before the call goes on. */
  body: Buffer | undefined
  /** Set when it holds an `Idempotency-Key`. */
  once: OnceCall | undefined
  /** What came behind a request that asks to switch to WebSocket; undefined for ordinary requests. */
  readonly early: Buffer | undefined

  constructor(start: ExchangeStart) {
    this.request = start.request
    this.response = start.response
    this.startMs = start.startMs
    this.startMonotonicMs = start.startMonotonicMs
    this.eventId = start.eventId
    this.requestId = start.eventId
    this.early = start.early
    this.body = start.body
  }
}

export interface ExchangeStart {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly startMs: number
  readonly startMonotonicMs: number
  readonly eventId: string
  readonly early?: Buffer | undefined
  readonly body?: Buffer | undefined
}

const NOWHERE: Origin = { ip: '', chain: [], host: '', proto: 'http' }
const NO_FIELDS: readonly string[] = []

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
