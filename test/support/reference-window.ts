/** The limiter by its definition, slow and plain: the oracle the fast ones are held against. */
export class ReferenceWindow {
  readonly admittedAtMs: number[] = []
  readonly limit: number
  readonly windowMs: number

  constructor(limit: number, windowMs: number) {
    this.limit = limit
    this.windowMs = windowMs
  }

  /** Calls in the trailing window (nowMs − windowMs, nowMs]. */
  used(nowMs: number): number {
    let used = 0
    for (let index = this.admittedAtMs.length - 1; index >= 0; index -= 1) {
      if ((this.admittedAtMs[index] ?? 0) <= nowMs - this.windowMs) break
      used += 1
    }
    return used
  }

  /** Whether one more call would be within the limit. */
  hasRoom(nowMs: number, cost = 1): boolean {
    return this.used(nowMs) + cost <= this.limit
  }

  record(nowMs: number, cost = 1): void {
    for (let unit = 0; unit < cost; unit += 1) this.admittedAtMs.push(nowMs)
  }
}
