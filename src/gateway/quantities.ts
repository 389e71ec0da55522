import { statusCounts } from '../model/api.ts'
import { type LeakReason, type Meter, meterTakes } from '../model/meter.ts'
import { compareQuantities, subtractQuantities } from '../model/quantity.ts'
import type { Ending } from './ending.ts'
import type { RouteMeters } from './route-meters.ts'
import { codingOf, mayHoldUsage } from './usage-reader.ts'

/** The custom meters of one exchange, or of a part of it. */
export interface Quantities {
  /** Meter → decimal string, or text where the meter takes texts. */
  readonly quantities: Readonly<Record<string, string>>
  /** Meters that should have a quantity and have none: id → reason, and what was there instead. */
  readonly leaks: readonly Leak[]
}

export interface Leak {
  readonly meterId: string
  readonly reason: LeakReason
  /** What the upstream wrote; empty if nothing. */
  readonly found: string
}

/**
 * Reads what the upstream reported, in header fields and in the answer itself.
 *
 * A value that a meter cannot take (NaN, 16 decimals, text) never becomes a quantity, and so no bill: it is
 * a leak, which is logged and listed.
 */
export function readQuantities(meters: RouteMeters, ending: Ending): Quantities {
  const read = new Reading()
  if (ending.meters !== undefined) {
    for (const meter of meters.header) {
      const value = ending.meters.get(meter.id)
      if (value !== undefined && counts(meter, ending)) read.take(meter, value)
    }
  }
  for (const meter of meters.usage) if (counts(meter, ending)) readUsage(meter, ending, read)
  return read
}

/**
 * What a stream said of its usage so far, less what earlier parts had: those who repeat the sum in each event
 * are metered as they go. Only sums can be given in parts.
 */
export function readSoFar(meters: RouteMeters, ending: Ending, before: Readonly<Record<string, string>>) {
  const read = new Reading()
  for (const meter of meters.usage) {
    const value = ending.usage?.value(meter.field)
    if (meter.aggregation !== 'sum' || value === undefined || !counts(meter, ending)) continue
    if (meterTakes('sum', value)) read.take(meter, value)
  }
  return lessWhatWasGiven(read.quantities, before)
}

/** Quantities of the whole, less those of earlier parts. A sum that became smaller gives nothing more. */
export function lessWhatWasGiven(
  quantities: Readonly<Record<string, string>>,
  before: Readonly<Record<string, string>>,
): Record<string, string> {
  const left: Record<string, string> = {}
  for (const [meterId, quantity] of Object.entries(quantities)) {
    const given = before[meterId]
    if (given === undefined) left[meterId] = quantity
    else if (compareQuantities(quantity, given) > 0) left[meterId] = subtractQuantities(quantity, given)
  }
  return left
}

class Reading implements Quantities {
  readonly quantities: Record<string, string> = {}
  readonly leaks: Leak[] = []

  take({ id, aggregation }: Meter, value: string): void {
    if (!meterTakes(aggregation, value)) this.leak(id, 'invalid', value)
    else this.quantities[id] = aggregation === 'count' ? '1' : value
  }

  leak(meterId: string, reason: LeakReason, found = ''): void {
    this.leaks.push({ meterId, reason, found })
  }
}

function counts(meter: Meter, { status }: Ending): boolean {
  return statusCounts(meter.countStatuses, status)
}

/** On a route that the meter does not name, an answer without usage is no surprise. */
function readUsage(meter: Meter, { usage, head }: Ending, read: Reading): void {
  const value = usage?.value(meter.field)
  const coding = usage === undefined ? codingOf(head?.headers) : ''
  if (value !== undefined) read.take(meter, value)
  else if (usage?.tooLong === true) read.leak(meter.id, 'too-long')
  else if (coding !== '' && mayHoldUsage(head?.headers)) read.leak(meter.id, 'encoded', coding)
  else if (meter.routes !== 'all') read.leak(meter.id, 'missing')
}
