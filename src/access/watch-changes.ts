import type { Clock } from '../lib/clock.ts'
import type { ChangeStore } from '../storage/ports/changes.ts'

/**
 * Tells of every change in the store, made by whichever process, soon after it was committed.
 *
 * Looks every `everyMs`; a look that fails is reported and tried again, and nothing is missed: the
 * sequence goes on where it stopped. Ends with `stop`, after a look that is under way.
 */
export class ChangeWatcher {
  readonly #parts: ChangeWatcherParts
  #sequence: number
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  #looking = false
  /** Someone rang while we looked: what he means may have come after it. */
  #rung = false
  #lastLookMs: number

  private constructor(parts: ChangeWatcherParts, sequence: number) {
    this.#parts = parts
    this.#sequence = sequence
    this.#lastLookMs = parts.clock.monotonicMs()
    this.#schedule()
  }

  /** Starts after the newest change there is now. */
  static async start(parts: ChangeWatcherParts): Promise<ChangeWatcher> {
    return new ChangeWatcher(parts, await parts.changes.latestSequence())
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  /** There may be a change: looks at once. */
  ring(): void {
    if (this.#looking) this.#rung = true
    else {
      clearTimeout(this.#timer)
      void this.#look()
    }
  }

  #schedule(): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => void this.#look(), this.#parts.everyMs)
  }

  async #look(): Promise<void> {
    if (this.#stopped) return
    this.#looking = true
    this.#rung = false
    try {
      const changes = await this.#parts.changes.after(this.#sequence)
      const last = changes.at(-1)
      if (last !== undefined) {
        await this.#parts.onChanges(changes.map((change) => change.subject))
        this.#sequence = last.sequence
      }
      this.#lastLookMs = this.#parts.clock.monotonicMs()
    } catch (error) {
      this.#parts.onError(error)
      if (this.#parts.clock.monotonicMs() - this.#lastLookMs > BLIND_MS_MAX) await this.#goBlind()
    }
    this.#looking = false
    if (this.#rung) void this.#look()
    else this.#schedule()
  }

  /** For too long nobody could say what was revoked: what is remembered holds no more. */
  async #goBlind(): Promise<void> {
    try {
      await this.#parts.onChanges([EVERYTHING])
    } catch (error) {
      this.#parts.onError(error)
    }
  }
}

/** The subject of a change that can be of anything. */
const EVERYTHING = '*'

/** How long a gateway goes on with what it knows when the store cannot be asked. */
export const BLIND_MS_MAX = 5 * 60_000

export interface ChangeWatcherParts {
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly changes: ChangeStore
  readonly everyMs: number
  /** Called again with the same subjects when it throws. */
  readonly onChanges: (subjects: readonly string[]) => Promise<void>
  readonly onError: (error: unknown) => void
}
