/**
 * From a commit in the spool to the look at it. The longer, the more events share a row and a page of
 * the stores; but a call must be in the reports within a second, and shipping takes its time too.
 */
const DELAY_MS = 250
/** From a failed run to the next. */
const RETRY_MS = 500

/** Ships soon after events became durable, and again when that failed. */
export class ShipLoop {
  readonly #shipper: Ships
  readonly #onError: (error: unknown) => void
  #timer: NodeJS.Timeout | undefined
  #running = false
  #again = false
  #stopped = false

  constructor(shipper: Ships, onError: (error: unknown) => void) {
    this.#shipper = shipper
    this.#onError = onError
  }

  /** There is something to ship. */
  wake(): void {
    if (this.#running) this.#again = true
    else this.#schedule(DELAY_MS)
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
    if (failed) this.#schedule(RETRY_MS)
    else if (this.#again) this.#schedule(DELAY_MS)
  }
}

/** What ships all there is, and may be called again while it does. */
export interface Ships {
  ship(): Promise<number>
}
