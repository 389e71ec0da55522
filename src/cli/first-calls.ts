import type { UsageEvent } from '../model/event.ts'

/**
 * Tells of the first calls of a run: the first that was billed, and before it the first that was not,
 * with the reason, so that nobody waits for a number that cannot come.
 *
 * `sinceMs` is when the program began; calls from before, which an earlier run left behind, do not count.
 */
export class FirstCalls {
  readonly #sinceMs: number
  readonly #print: (line: string) => void
  #toldUnbilled = false
  #done = false

  constructor(sinceMs: number, print: (line: string) => void) {
    this.#sinceMs = sinceMs
    this.#print = print
  }

  /** Takes note of events, as they are shipped. Returns false when there is nothing more to tell. */
  see(events: readonly UsageEvent[]): boolean {
    if (this.#done) return false
    for (const event of events) {
      if (event.timestampMs < this.#sinceMs || event.refusal !== '') continue
      const call = `call ${this.#seconds(event)} s after start: ${event.method} ${event.endpoint} ${event.statusCode}`
      if (event.billable) {
        this.#done = true
        this.#print(`First billed ${call}\n→ gatez usage report   shows it, and all that follow.`)
        return false
      }
      if (!this.#toldUnbilled) this.#print(`First ${call}, not billed: only answers from 200 to 299 are.`)
      this.#toldUnbilled = true
    }
    return true
  }

  /** The end of the call, not its begin: that is when the customer had the answer. */
  #seconds({ timestampMs, responseTimeMs }: UsageEvent): string {
    return ((timestampMs + responseTimeMs - this.#sinceMs) / 1000).toFixed(1)
  }
}
