import type { Clock } from '../../lib/clock.ts'
import { holderName, isGone } from '../../lib/holder.ts'
import type { ControlStore } from '../../storage/ports/control-store.ts'

/** How long nobody else begins after the holder was last heard of. */
const LEASE_MS = 30_000
const RENEW_EVERY_MS = 10_000
const NAME = 'desk'

/**
 * The right to do what is done unasked: of all nodes that share a control store one has it, and mail goes once.
 *
 * A holder that was killed on this machine is succeeded at once, one on another machine after 30 seconds. While
 * the store cannot be reached it is not renewed: what is under way then may be begun by another node as well.
 */
export class DeskLease implements AsyncDisposable {
  readonly #store: Pick<ControlStore, 'leases'>
  readonly #clock: Clock
  readonly #holder = holderName()
  #renewing: NodeJS.Timeout | undefined
  /** When it was last written that we have it. */
  #takenMs = Number.NEGATIVE_INFINITY

  constructor(store: Pick<ControlStore, 'leases'>, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** Whether this process has it now; it then keeps it, however long its work takes. */
  async hold(): Promise<boolean> {
    const isFresh = this.#clock.monotonicMs() - this.#takenMs < RENEW_EVERY_MS
    const isOurs = isFresh || (await this.#take())
    if (isOurs) {
      this.#renewing ??= setInterval(() => void this.#take().catch(() => {}), RENEW_EVERY_MS).unref()
    } else {
      clearInterval(this.#renewing)
      this.#renewing = undefined
    }
    return isOurs
  }

  /** Another node may have it at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#renewing)
    // Who cannot be told learns it from the time.
    await this.#store.leases.release(NAME, this.#holder).catch(() => {})
  }

  async #take(): Promise<boolean> {
    const beganMs = this.#clock.monotonicMs()
    const isOurs = await this.#tryToTake()
    this.#takenMs = isOurs ? beganMs : Number.NEGATIVE_INFINITY
    return isOurs
  }

  async #tryToTake(): Promise<boolean> {
    const { leases } = this.#store
    const nowMs = this.#clock.nowMs()
    const lease = { name: NAME, holder: this.#holder, untilMs: nowMs + LEASE_MS }
    const other = await leases.take(lease, nowMs)
    if (other === undefined) return true
    if (!isGone(other.holder)) return false
    await leases.release(NAME, other.holder)
    return (await leases.take(lease, nowMs)) === undefined
  }
}
