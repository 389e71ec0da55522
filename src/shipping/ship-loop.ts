/**
 * From a commit in the spool to the look at it. The longer, the more events share a row and a page of
 * the stores; but a call must be in the reports within a second, and shipping takes its time too.
 */
const DELAY_MS = 250
/** From a failed run to the next; where a store may be away for long, ever longer up to a bound. */
const RETRY_MS = 500

/** Ships soon after events became durable, and again when that failed. */
export class ShipLoop {
  readonly #shipper: Ships
  readonly #onError: (error: unknown) => void
  readonly #delayMs: number
  readonly #retryMsMax: number
  #retryMs = RETRY_MS
  #timer: NodeJS.Timeout | undefined
  #running = false
  #again = false
  #stopped = false

  constructor(shipper: Ships, onError: (error: unknown) => void, pace: Pace = {}) {
    this.#shipper = shipper
    this.#onError = onError
    this.#delayMs = pace.delayMs ?? DELAY_MS
    this.#retryMsMax = pace.retryMsMax ?? RETRY_MS
  }

  /** There is something to ship. */
  wake(): void {
    if (this.#running) this.#again = true
    else this.#schedule(this.#delayMs)
  }

  /** Ends the loop; a last `ship` is the caller's. */
  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== undefined || this.#stopped) return
    this.#timer = setTimeout(() => void this.#run(), delayMs)
  }

  async #run(): Promise<void> {
    this.#timer = undefined
    this.#running = true
    this.#again = false
    let failed = false
    try {
      await this.#shipper.ship()
    } catch (error) {
      failed = true
      this.#onError(error)
    }
    this.#running = false
    if (failed) {
      this.#schedule(this.#retryMs)
      this.#retryMs = Math.min(2 * this.#retryMs, this.#retryMsMax)
      return
    }
    this.#retryMs = RETRY_MS
    if (this.#again) this.#schedule(this.#delayMs)
  }
}

/** How soon a loop looks. */
export interface Pace {
  readonly delayMs?: number
  /** From one failed run to the next, at most. */
  readonly retryMsMax?: number
}

/** What ships all there is, and may be called again while it does. */
export interface Ships {
  ship(): Promise<number>
}
