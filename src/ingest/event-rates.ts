import { Counter, type LocalCounterStore } from '../storage/ports/counters.ts'
import { problem } from './answer-events.ts'
import type { EventsAnswer, EventsRequest } from './ingest-messages.ts'

const MINUTE_MS = 60_000

/** How many events a tenant may report with its own keys in any minute. The operator's tokens are not counted. */
export class EventRates {
  readonly #counters: LocalCounterStore
  readonly #nowMs: () => number
  #perMinute: number | null

  constructor(counters: LocalCounterStore, nowMs: () => number, perMinute: number | null) {
    this.#counters = counters
    this.#nowMs = nowMs
    this.#perMinute = perMinute
  }

  /** Puts another rate in force; null = any number. */
  replace(perMinute: number | null): void {
    this.#perMinute = perMinute
  }

  /** Why a request with so many events is not taken in now; takes nothing then. */
  admit({ sender }: EventsRequest, events: number): EventsAnswer | undefined {
    const amount = this.#perMinute
    if (amount === null || sender.kind === 'operator') return undefined
    const nowMs = this.#nowMs()
    const counter = new Counter({
      tenantId: sender.tenantId,
      name: `events:{${sender.tenantId}}`,
      kind: amount > 1_000 ? 'steps' : 'log',
      id: 'events',
      amount,
      cost: events,
      windowMs: MINUTE_MS,
    })
    const decision = this.#counters.take([counter], nowMs)
    // Without room to count, nobody is turned away: this protects, it does not bill.
    if (decision.outcome !== 'refused') return undefined
    const detail = `Events reported with keys of one tenant are limited to ${amount} a minute; none of these was counted.`
    const resetsInMs = (decision.resetAtMs[0] ?? nowMs) - nowMs
    return problem('rate-limited', detail, {}, Math.max(1, Math.ceil(resetsInMs / 1_000)))
  }
}
