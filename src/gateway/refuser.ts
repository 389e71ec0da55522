import type { Decision } from '../storage/ports/counters.ts'
import type { Exchange, Limited, Planned } from './exchange.ts'
import { FieldList, type FieldWriter, writeField } from './field-writer.ts'
import { writeRateHeaders } from './headers.ts'
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
    this.#parts.watch.refused(exchange, refusal, undefined)
    this.#parts.answer(exchange, refusal, ['x-request-id', exchange.requestId])
  }

  /** A refusal of a known key: logged with its tenant, never billed, never held. */
  refuseKnown(planned: Planned, refusal: Refusal): void {
    const { accepted, call } = planned
    const { exchange } = accepted
    exchange.once?.abandon()
    this.#parts.watch.refused(exchange, refusal, planned)
    const fields = this.limitsNow(planned, refusal)
    if (fields instanceof Promise)
      void fields.then((settled) => this.#parts.answer(exchange, refusal, settled))
    else this.#parts.answer(exchange, refusal, fields)
    this.#log.record(exchange, accepted.target.path, call, refusal)
  }

  /** A refusal of a call that was let through: its event says what became of it. */
  refuseAdmitted(limited: Limited, refusal: Refusal): void {
    const fields: string[] = []
    this.writeLimits(new FieldList(fields), limited)
    this.#parts.watch.failed(refusal)
    this.#parts.answer(limited.planned.accepted.exchange, refusal, fields)
  }

  /** Writes the request id and what a call that was let through left of its limits. */
  writeLimits(to: FieldWriter, { planned, decision }: Limited): void {
    const { exchange } = planned.accepted
    const { counters, policy } = planned.call.limits
    writeField(to, 'x-request-id', exchange.requestId)
    writeRateHeaders(to, counters, policy, decision, exchange.startMs)
  }

  /** What is left for a call that takes nothing of its limits: refused, or answered from what is kept. */
  limitsNow(planned: Planned, refusal?: Refusal): string[] | Promise<string[]> {
    const { requestId, startMs } = planned.accepted.exchange
    const fields = ['x-request-id', requestId]
    const { counters, policy } = planned.call.limits
    if (counters.length === 0 || refusal?.headers.includes('RateLimit') === true) return fields
    const add = (decision: Decision): string[] => {
      // A table without room for the counters says nothing of them.
      const isKnown = decision.outcome !== 'full' && decision.outcome !== 'away'
      if (isKnown) writeRateHeaders(new FieldList(fields), counters, policy, decision, startMs)
      return fields
    }
    const decision = this.#parts.counters.peek(counters, startMs)
    return decision instanceof Promise ? decision.then(add, () => fields) : add(decision)
  }
}

export type RefuserParts = Pick<PipelineParts, 'answer' | 'counters' | 'meter' | 'clock' | 'watch'>
