import { GatezError } from '../../errors/gatez-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { holderName, isGone } from '../../lib/holder.ts'
import { isoTime } from '../../lib/iso-time.ts'
import type { ControlStore, ControlTables } from '../../storage/ports/control-store.ts'

/** How long nobody else begins after the holder was last heard of. */
const LEASE_MS = 30_000
const NAME = 'invoices'

/**
 * The right to make invoices: one process has it at a time, wherever it runs.
 *
 * Kept by every transaction that writes invoices: who lost it cannot write. A holder that was killed on this machine is
 * succeeded at once, one on another machine after 30 seconds.
 */
export class InvoicingLease implements AsyncDisposable {
  readonly #store: ControlStore
  readonly #clock: Clock
  readonly #holder = holderName()

  private constructor(store: ControlStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** Takes the lease; throws `invoices-running` when another process has it. */
  static async take(store: ControlStore, clock: Clock): Promise<InvoicingLease> {
    const lease = new InvoicingLease(store, clock)
    await store.transaction((tables) => lease.keep(tables))
    return lease
  }

  /** Keeps the lease for another while, as part of a transaction. Throws `invoices-running` when it is lost. */
  async keep(tables: ControlTables): Promise<void> {
    const nowMs = this.#clock.nowMs()
    const lease = { name: NAME, holder: this.#holder, untilMs: nowMs + LEASE_MS }
    const other = await tables.leases.take(lease, nowMs)
    if (other === undefined) return
    if (isGone(other.holder)) {
      await tables.leases.release(NAME, other.holder)
      if ((await tables.leases.take(lease, nowMs)) === undefined) return
    }
    const [host = '', pid = ''] = other.holder.split(':')
    throw new GatezError(
      'invoices-running',
      `Process ${pid} on ${host} makes invoices right now; if it is dead, its turn ends at ${isoTime(other.untilMs)}.`,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store.leases.release(NAME, this.#holder)
  }
}
