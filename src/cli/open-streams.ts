import type { UsageEvent } from '../model/event.ts'

/** More are not remembered: the ends of older ones show the time of their last part. */
const STREAMS_MAX = 10_000

/** Calls that were seen to begin and go on, so that their ends can be shown with how long they took. */
export class OpenStreams {
  readonly #startMs = new Map<string, number>()

  /** An event as it is shown: the end of a call that took long has the time of all of it. */
  whole(event: UsageEvent): UsageEvent {
    const name = `${event.requestId}\t${event.keyId}`
    if (event.outcome === 'open') {
      if (this.#startMs.size >= STREAMS_MAX) this.#startMs.clear()
      if (event.count > 0) this.#startMs.set(name, event.timestampMs)
      return event
    }
    const startMs = event.count === 0 ? this.#startMs.get(name) : undefined
    if (startMs === undefined) return event
    this.#startMs.delete(name)
    return { ...event, responseTimeMs: event.timestampMs + event.responseTimeMs - startMs }
  }
}
