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

  private constructor(parts: ChangeWatcherParts, sequence: number) {
    this.#parts = parts
    this.#sequence = sequence
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

  #schedule(): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => void this.#look(), this.#parts.everyMs)
  }

  async #look(): Promise<void> {
    try {
      const changes = await this.#parts.changes.after(this.#sequence)
      const last = changes.at(-1)
      if (last !== undefined) {
        await this.#parts.onChanges(changes.map((change) => change.subject))
        this.#sequence = last.sequence
      }
    } catch (error) {
      this.#parts.onError(error)
    }
    this.#schedule()
  }
}

export interface ChangeWatcherParts {
  readonly changes: ChangeStore
  readonly everyMs: number
  /** Called again with the same subjects when it throws. */
  readonly onChanges: (subjects: readonly string[]) => Promise<void>
  readonly onError: (error: unknown) => void
}
