import { GatezError } from '../errors/gatez-error.ts'
import { didYouMean } from '../lib/closest.ts'
import type { UsageEvent } from '../model/event.ts'
import type { Period } from '../model/period.ts'
import { QUANTITY_PLACES, quantityFemtos } from '../model/quantity.ts'
import type { Rollup } from '../storage/ports/ledger.ts'

/** Which figure is meant: a meter over a span, of all usage or of the part that is named. */
export interface Figure extends FigureParts {
  readonly meter: string
  readonly span: Period
}

/** What a figure can be narrowed to; undefined is all, empty text what has none. */
export interface FigureParts {
  readonly tenantId?: string | undefined
  readonly keyId?: string | undefined
  readonly routeId?: string | undefined
  readonly apiId?: string | undefined
  readonly planId?: string | undefined
  /** 2 for 200–299, and so on; 0 without a status. */
  readonly statusClass?: number | undefined
}

/** Meters with a name of ours; the others are those that the file declares. */
export const FIGURE_METERS = [
  ...['calls', 'requests', 'refused', 'units', 'bytes_in', 'bytes_out', 'bandwidth', 'duration_ms'],
] as const

/** Reads the name of a meter; throws `invalid-parameter` for one that nothing is counted by. */
export function figureMeter(written: string, meterIds: readonly string[]): string {
  const known = [...FIGURE_METERS, ...meterIds]
  if (known.includes(written)) return written
  const hint = didYouMean(written, known)
  throw new GatezError(
    'invalid-parameter',
    `--meter is ${JSON.stringify(written)}${hint}; there are ${known.join(', ')}.`,
  )
}

/** Whether a rollup or an event is part of the figure. */
export function isPartOf(figure: Figure, of: Rollup | UsageEvent): boolean {
  const statusClass = 'statusClass' in of ? of.statusClass : Math.floor(of.statusCode / 100)
  return (
    (figure.tenantId === undefined || figure.tenantId === of.tenantId) &&
    (figure.keyId === undefined || figure.keyId === of.keyId) &&
    (figure.routeId === undefined || figure.routeId === of.routeId) &&
    (figure.apiId === undefined || figure.apiId === of.apiId) &&
    (figure.planId === undefined || figure.planId === of.planId) &&
    (figure.statusClass === undefined || figure.statusClass === statusClass)
  )
}

/** What a rollup adds to a meter, in femtos. */
export function femtosOfRollup(meter: string, rollup: Rollup): bigint {
  const { requests, refused, usageUnits, bytesReceived, bytesSent, durationMs, billable, quantities } = rollup
  const sums = { requests, refused, usageUnits, bytesReceived, bytesSent, durationMs, billable }
  return femtosOf(meter, sums, quantities)
}

/** What one event adds to a meter, in femtos. */
export function femtosOfEvent(meter: string, event: UsageEvent): bigint {
  const { count, outcome, usageUnits, bytesReceived, bytesSent, responseTimeMs, billable, quantities } = event
  const refused = outcome === 'refused' ? count : 0
  const sums = { requests: count, refused, usageUnits, bytesReceived, bytesSent, billable }
  return femtosOf(meter, { ...sums, durationMs: responseTimeMs }, quantities)
}

interface Sums {
  readonly requests: number
  readonly refused: number
  readonly usageUnits: number
  readonly bytesReceived: number
  readonly bytesSent: number
  readonly durationMs: number
  readonly billable: boolean
}

function femtosOf(meter: string, sums: Sums, quantities: Readonly<Record<string, string>>): bigint {
  if (meter === 'requests') return whole(sums.requests)
  if (meter === 'refused') return whole(sums.refused)
  if (!sums.billable) return 0n
  switch (meter) {
    case 'calls':
      return whole(sums.requests)
    case 'units':
      return whole(sums.usageUnits)
    case 'bytes_in':
      return whole(sums.bytesReceived)
    case 'bytes_out':
      return whole(sums.bytesSent)
    case 'bandwidth':
      return whole(sums.bytesReceived) + whole(sums.bytesSent)
    case 'duration_ms':
      return whole(sums.durationMs)
    default:
      return quantityFemtos(quantities[meter] ?? '0')
  }
}

function whole(value: number): bigint {
  return BigInt(value) * ONE
}

const ONE = 10n ** BigInt(QUANTITY_PLACES)
