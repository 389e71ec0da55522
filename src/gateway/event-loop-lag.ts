/** How often it is looked at. */
export const LAG_EVERY_MS = 20

/**
 * How late this thread's event loop is: the time work waits before it is begun.
 *
 * To be told every `LAG_EVERY_MS` by a timer; what the timer is late, everything is late. One late moment
 * is a pause (collecting garbage, a reload); two in a row are more work than can be done.
 */
export class EventLoopLag {
  #lastMs: number
  #lagMs = 0
  #lagBeforeMs = 0

  constructor(nowMs: number) {
    this.#lastMs = nowMs
  }

  /** Returns how late it is at this look. `nowMs` is a monotonic clock's. */
  tick(nowMs: number): number {
    this.#lagBeforeMs = this.#lagMs
    this.#lagMs = Math.max(0, nowMs - this.#lastMs - LAG_EVERY_MS)
    this.#lastMs = nowMs
    return this.#lagMs
  }

  /** What was late at both of the last two looks. */
  get lagMs(): number {
    return Math.min(this.#lagMs, this.#lagBeforeMs)
  }
}
