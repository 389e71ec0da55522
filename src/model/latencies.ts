/** Response times in whole milliseconds, as how often each was seen: what exact quantiles are read from. */
export class Latencies {
  readonly #times = new Map<number, number>()
  #count = 0

  add(ms: number, count: number): void {
    this.#times.set(ms, (this.#times.get(ms) ?? 0) + count)
    this.#count += count
  }

  /**
   * The smallest time that a share of all are not above, for each share; rising shares between 0 and 1.
   *
   * Null when there is none. Exact: not from a sample, and not between two times.
   */
  quantiles(shares: readonly number[]): readonly (number | null)[] {
    const times = [...this.#times].sort(([one], [other]) => one - other)
    let [next, seen] = [0, 0]
    return shares.map((share) => {
      const wanted = Math.ceil(share * this.#count)
      while (next < times.length && seen + (times[next]?.[1] ?? 0) < wanted) {
        seen += times[next]?.[1] ?? 0
        next += 1
      }
      return times[next]?.[0] ?? null
    })
  }
}

/** The quantiles that are shown. */
export const LATENCY_SHARES: readonly number[] = [0.5, 0.95, 0.99, 1]
