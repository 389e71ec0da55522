import type { Log, LogFields } from './log.ts'

/** How long the first line stands for all that follow it; each time twice as long, while it goes on. */
const QUIET_MS = 10_000
const QUIET_MS_MAX = 300_000
/** Kinds of failures told apart. */
const KINDS_MAX = 200

/**
 * Tells of failures that are tried again and again: the first at once, those after it by a line with their number.
 *
 * Nothing is left untold: the last line comes when they have stopped. What has not failed for as long as it was silent
 * about is told at once again.
 */
export class QuietFailures {
  readonly #log: Pick<Log, 'error'>
  readonly #kinds = new Map<string, Failing>()

  constructor(log: Pick<Log, 'error'>) {
    this.#log = log
  }

  /** The same as the log's own, for what may fail often. */
  error(fields: LogFields, message: string): void {
    const { stack: _, ...said } = fields
    const kind = `${message}\n${JSON.stringify(said)}`
    const known = this.#kinds.get(kind)
    if (known !== undefined) {
      known.untold += 1
      known.fields = fields
      return
    }
    this.#log.error(fields, message)
    // More kinds than anyone would read are told one by one.
    if (this.#kinds.size >= KINDS_MAX) return
    const failing = { message, fields, untold: 0 }
    this.#kinds.set(kind, failing)
    this.#tellLater(kind, failing, QUIET_MS)
  }

  #tellLater(kind: string, failing: Failing, quietMs: number): void {
    const tell = (): void => {
      if (failing.untold === 0) {
        this.#kinds.delete(kind)
        return
      }
      this.#log.error({ ...failing.fields, times: failing.untold, in_s: quietMs / 1_000 }, failing.message)
      failing.untold = 0
      this.#tellLater(kind, failing, Math.min(2 * quietMs, QUIET_MS_MAX))
    }
    setTimeout(tell, quietMs).unref()
  }
}

/** A kind of failure that was told, and how often it came since. */
interface Failing {
  readonly message: string
  /** Of the last one. */
  fields: LogFields
  untold: number
}
