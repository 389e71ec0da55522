import type { StatusRanges } from './api.ts'
import type { Aggregation } from './mark.ts'
import { isDecimal, isQuantity } from './quantity.ts'

/** A meter declared in the file; the built-in ones need no entry. */
export interface Meter {
  readonly id: string
  readonly aggregation: Aggregation
  /** `header` reads `x-gatez-meter-<id>` of the upstream's answer, `openai-usage` the `usage` object in it. */
  readonly from: 'header' | 'openai-usage' | 'event'
  /** Where in the usage object: names with dots between them. Empty unless `from` is `openai-usage`. */
  readonly field: string
  /** Ids of the routes it is read on; `all`, or those whose answers are expected to carry it. */
  readonly routes: readonly string[] | 'all'
  readonly countStatuses: StatusRanges
  /** Which events it takes, when it is from events; by its id, and their value, if not given. */
  readonly event?: EventRule | undefined
}

/** Which events a meter takes, and what of them. */
export interface EventRule {
  /** What events call their metric (or CloudEvents their type). */
  readonly metrics: readonly string[]
  /** The property that holds the quantity; null = the value of the event. */
  readonly property: string | null
  /** Whether a quantity may be below zero. */
  readonly negative: boolean
}

/** The meters that every call has, whatever the file says. */
export const BUILT_IN_METERS = [
  'calls',
  'units',
  'bytes_in',
  'bytes_out',
  'bandwidth',
  'duration_ms',
] as const

export type BuiltInMeter = (typeof BUILT_IN_METERS)[number]

/** Characters of a value that `unique_count` takes. */
const UNIQUE_VALUE_LENGTH_MAX = 128

/**
 * Whether a meter can take what was reported: a quantity, and for `unique_count` a short text of visible
 * characters. What it cannot take must never reach an invoice.
 */
export function meterTakes(aggregation: Aggregation, value: string): boolean {
  return aggregation === 'unique_count' ? UNIQUE_VALUE.test(value) : isQuantity(value)
}

/**
 * Whether a value that an event has can be counted: as `meterTakes`, but a quantity may be below zero, where it
 * was let in so, or takes something back.
 */
export function meterCounts(aggregation: Aggregation, value: string): boolean {
  return aggregation === 'unique_count' ? UNIQUE_VALUE.test(value) : isDecimal(value)
}

const UNIQUE_VALUE = new RegExp(`^[!-~](?:[ -~]{0,${UNIQUE_VALUE_LENGTH_MAX - 2}}[!-~])?$`)

/** Why a value did not become a quantity. */
const LEAK_REASONS = ['invalid', 'missing', 'encoded', 'too-long'] as const

export type LeakReason = (typeof LEAK_REASONS)[number]
