import { formatQuantity, quantityFemtos } from '../model/quantity.ts'
import type { Rollup } from '../storage/ports/ledger.ts'

/**
 * What a row of a report adds up to.
 *
 * `requests` and `refused` count all requests; units, bytes and quantities cover the billable ones.
 */
export interface UsageTotals {
  readonly requests: number
  readonly billable: number
  readonly refused: number
  readonly usageUnits: number
  readonly bytesReceived: number
  readonly bytesSent: number
  /** Custom meters: id → decimal string, in the order of the ids. */
  readonly quantities: Readonly<Record<string, string>>
}

/** Adds up rollups, exactly. */
export class UsageSums {
  #requests = 0
  #billable = 0
  #refused = 0
  #usageUnits = 0
  #bytesReceived = 0
  #bytesSent = 0
  readonly #femtos = new Map<string, bigint>()

  add(rollup: Rollup): void {
    this.#requests += rollup.requests
    this.#refused += rollup.refused
    if (!rollup.billable) return
    this.#billable += rollup.requests
    this.#usageUnits += rollup.usageUnits
    this.#bytesReceived += rollup.bytesReceived
    this.#bytesSent += rollup.bytesSent
    for (const [meterId, quantity] of Object.entries(rollup.quantities)) {
      this.#femtos.set(meterId, (this.#femtos.get(meterId) ?? 0n) + quantityFemtos(quantity))
    }
  }

  totals(): UsageTotals {
    const meters = [...this.#femtos].sort(([left], [right]) => (left < right ? -1 : 1))
    return {
      requests: this.#requests,
      billable: this.#billable,
      refused: this.#refused,
      usageUnits: this.#usageUnits,
      bytesReceived: this.#bytesReceived,
      bytesSent: this.#bytesSent,
      quantities: Object.fromEntries(meters.map(([meterId, femtos]) => [meterId, formatQuantity(femtos)])),
    }
  }
}
