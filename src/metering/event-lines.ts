/**
 * Events on their way to the meter thread, as the bytes that the spool keeps (UTF-8).
 *
 * Each is made bytes of at once: it is text in many pieces, which are at hand now, and by the time that a batch leaves
 * they are not any more.
 */
export class EventLines {
  #bytes = Buffer.allocUnsafeSlow(BYTES)
  #used = 0

  /** Adds an event, whole, as `encodeEvent` makes it. */
  add(line: string): void {
    const most = line.length * UTF8_BYTES_MAX
    if (this.#used + most > this.#bytes.length) this.#grow(most)
    this.#used += this.#bytes.write(line, this.#used)
  }

  /** All that was added since they were last taken, in memory of its own. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = new Uint8Array(this.#used)
    taken.set(this.#bytes.subarray(0, this.#used))
    this.#used = 0
    // What a disk that stood still let pile up is not kept for good.
    if (this.#bytes.length > KEPT_BYTES_MAX) this.#bytes = Buffer.allocUnsafeSlow(BYTES)
    return taken
  }

  #grow(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#used + bytes))
    this.#bytes.copy(larger, 0, 0, this.#used)
    this.#bytes = larger
  }
}

/** Room for the events of a hundred calls or more. */
const BYTES = 65_536
/** As much as is kept for the next batch. */
const KEPT_BYTES_MAX = 1_048_576
/** Of one unit of a text. */
const UTF8_BYTES_MAX = 3
