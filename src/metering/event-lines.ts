import { ByteText } from '../lib/byte-text.ts'
import { type EventFields, writeEvent } from './event.ts'

/**
 * Events on their way to the meter thread, as the bytes that the spool keeps (UTF-8).
 *
 * Each is made bytes of at once: what it is made of is at hand now, and by the time that a batch leaves it is not any
 * more.
 */
export class EventLines {
  readonly #lines = new ByteText(BYTES)

  /** Adds an event. */
  add(event: EventFields): void {
    writeEvent(this.#lines, event)
  }

  /** All that was added since they were last taken, in memory of its own. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#lines.take()
  }
}

/** Room for the events of a hundred calls or more. */
const BYTES = 65_536
