import { GatezError } from '../errors/gatez-error.ts'

/** Look-ups under way at a time, per thread: a flood of new keys must not fill the memory. */
const WAITING_MAX = 1_000

/**
 * Reads of the store by a hash: those that want the same wait for one read.
 *
 * Rejects with `store-unavailable` when too many wait already.
 */
export class LookUps<Found> {
  readonly #read: (hash: string) => Found | undefined | Promise<Found | undefined>
  readonly #waiting = new Map<string, Promise<Found | undefined>>()

  constructor(read: (hash: string) => Found | undefined | Promise<Found | undefined>) {
    this.#read = read
  }

  of(hash: string): Found | undefined | Promise<Found | undefined> {
    const waiting = this.#waiting.get(hash)
    if (waiting !== undefined) return waiting
    if (this.#waiting.size >= WAITING_MAX) return Promise.reject(new GatezError('store-unavailable', BUSY))
    const found = this.#read(hash)
    if (!(found instanceof Promise)) return found
    const settled = found.finally(() => this.#waiting.delete(hash))
    this.#waiting.set(hash, settled)
    return settled
  }
}

const BUSY = 'Too many keys are being looked up at once.'
