import type { Clock } from '../lib/clock.ts'
import { isoTime } from '../lib/iso-time.ts'
import { histogramSince, quantileMs, type TrafficTotals } from './traffic.ts'

/** The seconds that are kept, and those of them the figures of the last minute are of. */
const SECONDS = 120
const MINUTE = 60

/**
 * What the counts of traffic were in each of the last seconds: how many requests a minute, how fast, how many of
 * them failed.
 *
 * Counts only: nothing is sampled, so what ended is in it. It holds some two minutes and never more.
 */
export class TrafficWindow {
  readonly #clock: Clock
  readonly #read: () => TrafficTotals
  readonly #sinceMs: number
  /** Oldest first; one more than there are seconds between them. */
  #looks: readonly TrafficTotals[]

  constructor(clock: Clock, read: () => TrafficTotals) {
    this.#clock = clock
    this.#read = read
    this.#sinceMs = clock.nowMs()
    this.#looks = [read()]
  }

  /** To be called once a second. */
  look(): void {
    this.#looks = [...this.#looks.slice(-SECONDS), this.#read()]
  }

  /** The figures as they are at this moment. */
  view(): TrafficNow {
    const now = this.#read()
    const before = this.#looks.at(-1 - MINUTE) ?? this.#looks[0] ?? now
    const counts = this.#looks.map(requestsOf)
    const refused = sumOf(now.refusedByStatus)
    return {
      at: isoTime(this.#clock.nowMs()),
      since: isoTime(this.#sinceMs),
      completed: now.calls,
      metered: now.callsDurable,
      metered_percent: percentText(now.callsDurable, now.calls),
      refused,
      open: now.openNow,
      statuses: Object.fromEntries([...now.byStatus].filter(([, calls]) => calls > 0)),
      last_minute: minuteOf(now, before),
      per_second: counts.slice(1).map((count, index) => count - (counts[index] ?? 0)),
    }
  }
}

/** The traffic of one gateway: totals since it started, and the last minute; names are stable. */
export interface TrafficNow {
  readonly at: string
  readonly since: string
  /** Calls that were let through and whose answer is over. */
  readonly completed: number
  /** Those of them whose event is durable. */
  readonly metered: number
  /** `metered` of `completed` in percent, rounded down to hundredths; null before the first. */
  readonly metered_percent: string | null
  /** Calls that were not let through. */
  readonly refused: number
  /** Calls under way. */
  readonly open: number
  /** What was let through, by class, as `2xx`. */
  readonly statuses: Readonly<Record<string, number>>
  readonly last_minute: {
    /** Completed and refused together: requests a minute. */
    readonly requests: number
    readonly refused: number
    /** Answered with 500 and above. */
    readonly errors: number
    readonly errors_percent: string | null
    /** The times half, 95 % and 99 % of the calls did not take longer than, in ms; null without any. */
    readonly p50_ms: number | null
    readonly p95_ms: number | null
    readonly p99_ms: number | null
    /** Refusals by their code, the most frequent first. */
    readonly refusals: Readonly<Record<string, number>>
  }
  /** Requests in each of the last seconds, oldest first. */
  readonly per_second: readonly number[]
}

function minuteOf(now: TrafficTotals, before: TrafficTotals): TrafficNow['last_minute'] {
  const latency = histogramSince(now.latency, before.latency)
  const requests = requestsOf(now) - requestsOf(before)
  const errors = errorsOf(now) - errorsOf(before)
  const refusals = [...now.refusedByCode]
    .map(([code, times]) => [code, times - (before.refusedByCode.get(code) ?? 0)] as const)
    .filter(([, times]) => times > 0)
    .sort(([, one], [, other]) => other - one)
  return {
    requests,
    refused: sumOf(now.refusedByStatus) - sumOf(before.refusedByStatus),
    errors,
    errors_percent: percentText(errors, requests, Math.ceil),
    p50_ms: quantileMs(latency, 0.5),
    p95_ms: quantileMs(latency, 0.95),
    p99_ms: quantileMs(latency, 0.99),
    refusals: Object.fromEntries(refusals),
  }
}

function requestsOf({ calls, refusedByStatus }: TrafficTotals): number {
  return calls + sumOf(refusedByStatus)
}

/** Answered with 500 and above, or with nothing at all. */
function errorsOf({ byStatus, refusedByStatus }: TrafficTotals): number {
  return (byStatus.get('5xx') ?? 0) + (byStatus.get('none') ?? 0) + (refusedByStatus.get('5xx') ?? 0)
}

function sumOf(counts: ReadonlyMap<unknown, number>): number {
  let sum = 0
  for (const count of counts.values()) sum += count
  return sum
}

/**
 * In hundredths of a percent, rounded down if not told otherwise: 100 only when it is all.
 *
 * Counts may be read while a call is between two of them; there is never more than all.
 */
function percentText(part: number, whole: number, round = Math.floor): string | null {
  if (whole === 0) return null
  return String(Math.min(10_000, round((part * 10_000) / whole)) / 100)
}
