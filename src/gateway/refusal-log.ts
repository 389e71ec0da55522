import type { Clock } from '../lib/clock.ts'
import type { EventFields } from '../metering/event.ts'
import type { CallPlan } from './call-plan.ts'
import type { MeterClient } from './meter.ts'
import type { Refusal } from './refusal.ts'

/** Refusals of one kind that are logged one by one, per second; the rest as one row with a count. */
const SINGLE_PER_SECOND = 10

/** What a row says of a call that was refused. */
export interface RefusedCall {
  readonly eventId: string
  readonly requestId: string
  readonly startMs: number
  readonly startMonotonicMs: number
  readonly clientIp: string
  readonly request: { readonly method?: string | undefined }
}

/** A kind: one key on one route, refused for one reason. */
interface Kind {
  singles: number
  /** The event the further ones are counted on. */
  summed: EventFields | undefined
}

/**
 * Logs refusals without letting a flood of them fill the log.
 *
 * Nothing is lost: a row that stands for many says how many. Refusals are never billed, so none
 * waits for the disk.
 */
export class RefusalLog {
  readonly #meter: MeterClient
  readonly #clock: Clock
  readonly #kinds = new Map<string, Kind>()
  #second = 0

  constructor(meter: MeterClient, clock: Clock) {
    this.#meter = meter
    this.#clock = clock
  }

  record(exchange: RefusedCall, endpoint: string, call: CallPlan, refusal: Refusal): void {
    const second = Math.floor(exchange.startMs / 1000)
    if (second !== this.#second) {
      this.flush()
      this.#second = second
    }
    const name = `${call.caller.origin}\t${call.matched.route.id}\t${refusal.code}`
    let kind = this.#kinds.get(name)
    if (kind === undefined) {
      kind = { singles: 0, summed: undefined }
      this.#kinds.set(name, kind)
    }
    if (kind.summed !== undefined) kind.summed = { ...kind.summed, count: kind.summed.count + 1 }
    else {
      const event = this.#event(exchange, endpoint, call, refusal)
      kind.singles += 1
      if (kind.singles <= SINGLE_PER_SECOND && this.#meter.available) {
        this.#meter.record(event, undefined)
      } else kind.summed = event
    }
  }

  /**
   * Writes the rows that stand for many. At the end of each second; `final` before the thread ends.
   *
   * While events cannot be written it goes on adding up, so that a long outage takes no more memory than
   * there are kinds.
   */
  flush(final = false): void {
    if (!final && !this.#meter.available) return
    for (const { summed } of this.#kinds.values()) {
      if (summed !== undefined) this.#meter.record(summed, undefined)
    }
    this.#kinds.clear()
  }

  #event(exchange: RefusedCall, endpoint: string, call: CallPlan, refusal: Refusal): EventFields {
    return {
      id: exchange.eventId,
      timestampMs: exchange.startMs,
      caller: call.caller.origin,
      apiId: call.matched.api.id,
      routeId: call.matched.route.id,
      method: exchange.request.method ?? '',
      endpoint,
      statusCode: refusal.status,
      outcome: 'refused',
      refusal: refusal.code,
      billable: false,
      responseTimeMs: Math.round(this.#clock.monotonicMs() - exchange.startMonotonicMs),
      bytesSent: 0,
      bytesReceived: 0,
      usageUnits: 0,
      quantities: '',
      dimensions: '',
      clientIp: exchange.clientIp,
      requestId: exchange.requestId,
      count: 1,
    }
  }
}
