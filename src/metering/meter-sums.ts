import { assert } from '../lib/assert.ts'
import { QUANTITY_PLACES, quantityFemtos } from '../model/quantity.ts'
import { type Rational, rational } from '../model/rational.ts'
import type { Rollup } from '../storage/ports/ledger.ts'

/** Adds up what every meter counted in rollups, exactly: the quantities that are billed. */
export class MeterSums {
  #calls = 0
  #units = 0
  #bytesIn = 0
  #bytesOut = 0
  #durationMs = 0
  readonly #femtos = new Map<string, bigint>()

  /** Takes billable rollups only. */
  add(rollup: Rollup): void {
    assert(rollup.billable, 'what is billed is billable')
    this.#calls += rollup.requests
    this.#units += rollup.usageUnits
    this.#bytesIn += rollup.bytesReceived
    this.#bytesOut += rollup.bytesSent
    this.#durationMs += rollup.durationMs
    for (const [meter, quantity] of Object.entries(rollup.quantities)) {
      this.#femtos.set(meter, (this.#femtos.get(meter) ?? 0n) + quantityFemtos(quantity))
    }
  }

  /** The quantity of one meter, in femtos; 0 of a meter that counted nothing. */
  femtos(meter: string): bigint {
    const count = this.#builtIn(meter)
    return count === undefined ? (this.#femtos.get(meter) ?? 0n) : BigInt(count) * FEMTOS
  }

  #builtIn(meter: string): number | undefined {
    switch (meter) {
      case 'calls':
        return this.#calls
      case 'units':
        return this.#units
      case 'bytes_in':
        return this.#bytesIn
      case 'bytes_out':
        return this.#bytesOut
      case 'bandwidth':
        return this.#bytesIn + this.#bytesOut
      case 'duration_ms':
        return this.#durationMs
      default:
        return undefined
    }
  }
}

/** Femtos as the number they stand for. */
export function quantityOf(femtos: bigint): Rational {
  return rational(femtos, FEMTOS)
}

const FEMTOS = 10n ** BigInt(QUANTITY_PLACES)
