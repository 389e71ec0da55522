import type { ControlTables } from '../ports/control-store.ts'
import type { HeldSpool, HeldUsageLog } from '../ports/held-stores.ts'
import type { SnapshotPlace, StoresSnapshot } from '../ports/stores-snapshot.ts'
import type { HeldClickHouseUsageLog } from './held-usage-log.ts'

/**
 * A snapshot of the other stores, and beside it the usage log in ClickHouse, held after them.
 *
 * Copies are made of the others only.
 */
export class SnapshotBesideLog implements StoresSnapshot {
  readonly #others: StoresSnapshot
  readonly #log: HeldClickHouseUsageLog

  constructor(others: StoresSnapshot, log: HeldClickHouseUsageLog) {
    this.#others = others
    this.#log = log
  }

  get names(): readonly string[] {
    return this.#others.names
  }

  async places(nodeId: string): Promise<readonly SnapshotPlace[]> {
    const logged = new Map(
      this.#log.marks.filter((mark) => mark.nodeId === nodeId).map(({ epoch, seq }) => [epoch, seq]),
    )
    const places = (await this.#others.places(nodeId)).map((place) => ({
      ...place,
      usageLog: logged.get(place.epoch) ?? 0,
    }))
    const known = new Set(places.map(({ epoch }) => epoch))
    const rest = [...logged].filter(([epoch]) => !known.has(epoch))
    const alone = rest.map(([epoch, usageLog]) => ({ epoch, ledger: 0, usageLog, ...NOT_SPOOLED }))
    return [...places, ...alone].sort((one, other) => one.epoch - other.epoch)
  }

  copy(name: string, to: string): Promise<void> {
    return this.#others.copy(name, to)
  }

  control(): Promise<ControlTables> {
    return this.#others.control()
  }

  usageLog(): HeldUsageLog {
    return this.#log
  }

  spools(): readonly HeldSpool[] {
    return this.#others.spools()
  }

  [Symbol.dispose](): void {
    this.#others[Symbol.dispose]()
    this.#log.close()
  }
}

const NOT_SPOOLED = { spoolFirst: null, spoolLast: null }
