import type { SpoolBatch } from './spool.ts'

/**
 * Holds the spool to its bound: looks at its size now and then, by how much went in since the last look.
 *
 * Tells once when it is four fifths full, and again only after it had shrunk to three fifths.
 */
export class SpoolGauge {
  readonly #parts: SpoolGaugeParts
  #bytesSinceLook = 0
  #told = false

  constructor(parts: SpoolGaugeParts) {
    this.#parts = parts
  }

  /** Batches are about to go in. Throws when the spool is over its bound; `now` looks in any case. */
  take(batches: readonly SpoolBatch[], now: boolean): void {
    const { bytesMax, usedBytes, onFilling } = this.#parts
    for (const batch of batches) this.#bytesSinceLook += batch.lines.length
    if (this.#bytesSinceLook < bytesMax / LOOKS && !now) return
    this.#bytesSinceLook = 0
    const used = usedBytes()
    if (used > bytesMax) throw new Error(`the spool holds ${used} bytes, more than its bound of ${bytesMax}`)
    if (used < bytesMax * SHRUNK) this.#told = false
    if (used < bytesMax * FILLING || this.#told) return
    this.#told = true
    onFilling(used)
  }
}

export interface SpoolGaugeParts {
  readonly bytesMax: number
  readonly usedBytes: () => number
  readonly onFilling: (bytes: number) => void
}

/** How many looks while it fills up: each costs some microseconds. */
const LOOKS = 200
const FILLING = 0.8
const SHRUNK = 0.6
