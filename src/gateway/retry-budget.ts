/** A retry for so many calls, over time. */
const CALLS_PER_RETRY = 5
/** Retries saved up at most. */
const SAVED_MAX = 20
/** Retries that come back each second whatever the traffic, so that a quiet api has some. */
const PER_SECOND = 1

/**
 * How many calls of an api may be tried again.
 *
 * One in five over time: when everything fails, retries add a fifth to the load of an upstream that is
 * down, not twice as much.
 */
export class RetryBudget {
  #saved = SAVED_MAX
  #seenMs = Number.NEGATIVE_INFINITY

  /** A call began. */
  earn(): void {
    this.#saved = Math.min(SAVED_MAX, this.#saved + 1 / CALLS_PER_RETRY)
  }

  /** Takes one retry, if there is one. `nowMs` is a monotonic clock's. */
  spend(nowMs: number): boolean {
    if (this.#seenMs !== Number.NEGATIVE_INFINITY) {
      const seconds = Math.max(0, nowMs - this.#seenMs) / 1000
      this.#saved = Math.min(SAVED_MAX, this.#saved + seconds * PER_SECOND)
    }
    this.#seenMs = nowMs
    if (this.#saved < 1) return false
    this.#saved -= 1
    return true
  }
}
