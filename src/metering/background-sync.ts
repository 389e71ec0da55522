import { close, fdatasync, open } from 'node:fs'

/** From a write to the sync that makes it survive a power cut, at most; the sync itself takes its time too. */
const SYNC_MS = 500

/** Syncs a file soon after it was written to, without making its writer wait. */
export class BackgroundSync {
  readonly #path: string
  readonly #onError: (error: Error) => void
  #file: number | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false

  /** `onError` hears of a sync that failed: what was written since the last one may be lost with the power. */
  constructor(path: string, onError: (error: Error) => void) {
    this.#path = path
    this.#onError = onError
  }

  /** The file was written to. */
  written(): void {
    this.#timer ??= setTimeout(this.#sync, SYNC_MS)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    if (this.#file !== undefined) close(this.#file)
    this.#file = undefined
  }

  readonly #sync = (): void => {
    // What is written from here on needs another one.
    this.#timer = undefined
    if (this.#file !== undefined) {
      fdatasync(this.#file, this.#synced)
      return
    }
    open(this.#path, 'r+', (error, file) => {
      if (error !== null) this.#synced(error)
      else if (this.#closed) close(file)
      else {
        this.#file = file
        fdatasync(file, this.#synced)
      }
    })
  }

  readonly #synced = (error: Error | null): void => {
    if (error !== null && !this.#closed) this.#onError(error)
  }
}
