import type { Exchange, Limited, Planned } from './exchange.ts'
import { addRateHeaders } from './headers.ts'
import type { PipelineParts } from './pipeline-parts.ts'
import type { Refusal } from './refusal.ts'
import { RefusalLog } from './refusal-log.ts'

/** Answers calls that go no further, with a problem and what is left of their limits. */
export class Refuser {
  readonly #parts: RefuserParts
  readonly #log: RefusalLog

  constructor(parts: RefuserParts) {
    this.#parts = parts
    this.#log = new RefusalLog(parts.meter, parts.clock)
  }

  /** Sends out what was held back to be logged in sum; `final` before the thread ends. */
  flush(final: boolean): void {
    this.#log.flush(final)
  }

  /** A refusal of whoever it is: not logged. */
  refuseAnyone(exchange: Exchange, refusal: Refusal): void {
    this.#answer(exchange, refusal, ['x-request-id', exchange.requestId])
  }

  /** A refusal of a known key: logged with its tenant, never billed, never held. */
  refuseKnown(planned: Planned, refusal: Refusal): void {
    const { accepted, call } = planned
    const { exchange } = accepted
    exchange.once?.abandon()
    this.#answer(exchange, refusal, this.limitsNow(planned, refusal))
    this.#log.record(exchange, accepted.target.path, call, refusal)
  }

  /** A refusal of a call that was let through: its event says what became of it. */
  refuseAdmitted(limited: Limited, refusal: Refusal): void {
    const fields: string[] = []
    this.addLimits(fields, limited)
    this.#answer(limited.planned.accepted.exchange, refusal, fields)
  }

  /** Adds the request id and what a call that was let through left of its limits. */
  addLimits(fields: string[], { planned, decision }: Limited): void {
    const { exchange } = planned.accepted
    const { counters, policy } = planned.call.limits
    fields.push('x-request-id', exchange.requestId)
    addRateHeaders(fields, counters, policy, decision, exchange.startMs)
  }

  /** What is left for a call that takes nothing of its limits: refused, or answered from what is kept. */
  limitsNow(planned: Planned, refusal?: Refusal): string[] {
    const fields = ['x-request-id', planned.accepted.exchange.requestId]
    const { counters, policy } = planned.call.limits
    if (counters.length === 0 || refusal?.headers.includes('RateLimit') === true) return fields
    const nowMs = planned.accepted.exchange.startMs
    const decision = this.#parts.counters.peek(counters, nowMs)
    // A table without room for the counters says nothing of them.
    const known = !(decision instanceof Promise) && decision.outcome !== 'full'
    if (known) addRateHeaders(fields, counters, policy, decision, nowMs)
    return fields
  }

  #answer(exchange: Exchange, refusal: Refusal, fields: readonly string[]): void {
    this.#parts.answer(exchange, refusal, fields)
  }
}

export type RefuserParts = Pick<PipelineParts, 'answer' | 'counters' | 'meter' | 'clock'>
