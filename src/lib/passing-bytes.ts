import { youngCollector } from './shrink-heap.ts'

/** As many bytes may have passed before their buffers are given back: a quarter of what makes V8 look at all of its heap. */
const BYTES_MAX = 16 * 1024 * 1024

/**
 * Has the buffers of what passes through this thread given back, while V8 still takes them for short-lived ones.
 *
 * Of a body that streams hardly anything is on V8's heap: no reason to collect what is short-lived there, while the
 * bytes pile up outside of it, until after some 64 MB all of the heap is looked through. That took a third of the
 * processor under large uploads (docs/decisions/0051).
 */
export class PassingBytes {
  readonly #collect = youngCollector()
  #bytes = 0

  /** So many bytes came, either way, each piece in a buffer of its own. */
  passed(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes < BYTES_MAX) return
    this.#bytes %= BYTES_MAX
    this.#collect()
  }
}
