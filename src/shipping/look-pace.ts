/** How often it is looked at least, and at most. */
const EVERY_MS = 1_000
const EVERY_MS_MAX = 10_000
/** The part of the time that looking may take: one thirtieth. */
const SHARE = 30

/**
 * When to look again at what takes the longer the more tenants call: a second after the last time, and later where a
 * look takes more than a thirtieth of that, for it takes its time from the calls.
 */
export class LookPace {
  readonly #nowMs: () => number
  #nextMs = Number.NEGATIVE_INFINITY

  /** `nowMs` is a monotonic clock. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Looks if it is time to; a look that fails counts as one. */
  async look(run: () => Promise<void>): Promise<void> {
    const beganMs = this.#nowMs()
    if (beganMs < this.#nextMs) return
    try {
      await run()
    } finally {
      const tookMs = this.#nowMs() - beganMs
      this.#nextMs = beganMs + Math.min(Math.max(EVERY_MS, tookMs * SHARE), EVERY_MS_MAX)
    }
  }
}
