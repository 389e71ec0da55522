import { addQuantities } from '../model/quantity.ts'

/**
 * What of a call that takes long was handed to the meter already, in parts.
 *
 * Each part is an event of what came since the one before: so the parts add up to the whole, exactly. The
 * first one carries the call itself, its units and its id.
 */
export class CallParts {
  /** How many there were. */
  count = 0
  bytesSent = 0
  bytesReceived = 0
  elapsedMs = 0
  readonly quantities: Record<string, string> = {}

  /** Another part was handed over, which took the sums to these. */
  gave(sums: PartSums, quantities: Readonly<Record<string, string>>): void {
    this.count += 1
    this.bytesSent = sums.bytesSent
    this.bytesReceived = sums.bytesReceived
    this.elapsedMs = sums.elapsedMs
    for (const [meterId, quantity] of Object.entries(quantities)) {
      this.quantities[meterId] = addQuantities(this.quantities[meterId] ?? '0', quantity)
    }
  }
}

/** The sums of a call so far. */
export interface PartSums {
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly elapsedMs: number
}
