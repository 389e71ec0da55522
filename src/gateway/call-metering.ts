import { assert } from '../lib/assert.ts'
import type { Clock } from '../lib/clock.ts'
import { type EventFields, encodeQuantities } from '../metering/event.ts'
import { COUNTED_STATUSES, statusCounts } from '../model/api.ts'
import { type Dimension, dimensionsText, dimensionValue, INVALID_VALUE } from '../model/dimension.ts'
import { holdsSecret } from '../model/key.ts'
import type { CallParts, PartSums } from './call-parts.ts'
import type { Ending } from './ending.ts'
import type { Limited } from './exchange.ts'
import type { LeakLog } from './leak-log.ts'
import { type LongAnswer, LongAnswers, type LongSource } from './long-answers.ts'
import type { Held, MeterClient } from './meter.ts'
import { lessWhatWasGiven, type Quantities, readQuantities, readSoFar } from './quantities.ts'
import { removeNamed } from './request-head.ts'
import type { AnswerHead, UpstreamHeaders } from './response-head.ts'
import type { RouteMeters } from './route-meters.ts'
import type { Rules } from './rules.ts'
import { UsageReader } from './usage-reader.ts'

/**
 * Stage 6, before the meter: makes the events of calls that were let through, however they end (design 6).
 *
 * One event a call; of an answer that takes long one for each part, which add up to the whole.
 */
export class CallMetering {
  readonly #parts: CallMeteringParts
  readonly #long: LongAnswers
  #rules: Rules

  constructor(parts: CallMeteringParts) {
    this.#parts = parts
    this.#long = new LongAnswers(parts.clock)
    this.#rules = parts.rules
  }

  /** Puts other rules in force, from the next event on. */
  replaceRules(rules: Rules): void {
    this.#rules = rules
  }

  /** Asks the upstream for an answer that can be read, where one is read for its usage. */
  prepare(limited: Limited): void {
    if (usageMetersOf(limited, this.#rules) === undefined) return
    const { forward } = limited.planned.accepted.head
    removeNamed(forward, 'accept-encoding')
    forward.push('accept-encoding', 'identity')
  }

  /** What reads the usage object of this answer as it passes by; undefined when nothing does. */
  usageReader(limited: Limited, head: AnswerHead): UsageReader | undefined {
    return usageMetersOf(limited, this.#rules) === undefined ? undefined : UsageReader.of(head.headers)
  }

  /** What meters an answer in parts while it goes on; null when a part could not be billed. */
  longAnswer({ planned }: Limited, status: number, source: LongSource): LongAnswer | null {
    const { call, accepted } = planned
    const mayBill = call.caller.billed && accepted.exchange.once?.billedBefore !== true
    return mayBill && statusCounts(COUNTED_STATUSES, status) ? this.#long.watch(source) : null
  }

  /** Records a part of an answer that goes on. `held` is released once it is durable. */
  recordPart(limited: Limited, soFar: Ending, held: Held): void {
    const parts = soFar.parts
    assert(parts !== undefined, 'a part is of an answer that is metered in parts')
    const sums = this.#sums(limited, soFar)
    const meters = metersOf(limited, this.#rules)
    const quantities = meters === undefined ? NOTHING : readSoFar(meters, soFar, parts.quantities)
    this.#record(limited, soFar, { sums, quantities, leaks: NOTHING, billable: true, ends: false }, held)
    parts.gave(sums, quantities)
  }

  /**
   * Records the end of a call, and returns whether it is billed. `held` is released once that is durable.
   *
   * Billable when it ended by itself or by its client, with a status that some meter counts, for a live key.
   * What parts of it gave before stays billed, for the client has it.
   */
  record(limited: Limited, ending: Ending, held: Held | undefined): boolean {
    const { accepted, call } = limited.planned
    const { once } = accepted.exchange
    const meters = metersOf(limited, this.#rules)
    const read = meters === undefined ? NO_QUANTITIES : readQuantities(meters, ending)
    const finished = ending.outcome === 'ok' || ending.outcome === 'client_aborted'
    const anyCounts = !isEmpty(read.quantities) || statusCounts(COUNTED_STATUSES, ending.status)
    const billable = finished && anyCounts && call.caller.billed && once?.billedBefore !== true
    const before = ending.parts?.quantities
    const quantities = before === undefined ? read.quantities : lessWhatWasGiven(read.quantities, before)
    const leaks = billable && read.leaks.length > 0 ? this.#tellLeaks(limited, read) : NOTHING
    const billed = billable || (ending.parts !== undefined && ending.parts.count > 0)
    const release = once === undefined ? held : once.finish(ending, billed, held)
    const sums = this.#sums(limited, ending)
    this.#record(limited, ending, { sums, quantities, leaks, billable, ends: true }, release)
    return billed
  }

  #record(limited: Limited, ending: Ending, part: Part, held: Held | undefined): void {
    const { accepted, call } = limited.planned
    const { exchange, target } = accepted
    const { sums, quantities, leaks, billable } = part
    const { dimensions } = this.#rules
    const before = ending.parts ?? NO_PARTS
    const isFirst = before.count === 0
    const event: EventFields = {
      id: isFirst ? exchange.eventId : this.#parts.nextId(),
      timestampMs: exchange.startMs + before.elapsedMs,
      caller: call.caller.origin,
      apiId: call.matched.api.id,
      routeId: call.matched.route.id,
      method: exchange.request.method ?? '',
      endpoint: target.path,
      statusCode: ending.status,
      outcome: ending.outcome,
      refusal: ending.refusal?.code ?? (exchange.once?.billedBefore === true ? BILLED_BEFORE : ''),
      billable,
      responseTimeMs: sums.elapsedMs - before.elapsedMs,
      bytesSent: sums.bytesSent - before.bytesSent,
      bytesReceived: sums.bytesReceived - before.bytesReceived,
      usageUnits: isFirst ? call.matched.route.cost : 0,
      quantities: quantities === NOTHING && leaks === NOTHING ? '' : encodeQuantities(quantities, leaks),
      dimensions: dimensions.length === 0 ? '' : readDimensions(limited, ending.head?.headers, dimensions),
      clientIp: exchange.clientIp,
      requestId: exchange.requestId,
      count: isFirst ? 1 : 0,
    }
    if (part.ends) this.#parts.meter.recordEnd(event, held)
    else this.#parts.meter.record(event, held)
  }

  #sums(limited: Limited, { bytesSent, bytesReceived }: Ending): PartSums {
    const { startMonotonicMs } = limited.planned.accepted.exchange
    return {
      bytesSent,
      bytesReceived,
      elapsedMs: Math.round(this.#parts.clock.monotonicMs() - startMonotonicMs),
    }
  }

  #tellLeaks(limited: Limited, { leaks }: Quantities): Readonly<Record<string, string>> {
    const { route } = limited.planned.call.matched
    for (const leak of leaks) this.#parts.leakLog.tell(route.id, leak)
    return Object.fromEntries(leaks.map(({ meterId, reason }) => [meterId, reason]))
  }
}

export interface CallMeteringParts {
  readonly rules: Rules
  readonly meter: MeterClient
  readonly clock: Clock
  readonly leakLog: LeakLog
  /** Makes the id of an event. */
  readonly nextId: () => string
}

/** What the event of a call says whose `Idempotency-Key` is on the bill already. */
const BILLED_BEFORE = 'billed-before'

/** What one event has of a call. */
interface Part {
  readonly sums: PartSums
  readonly quantities: Readonly<Record<string, string>>
  readonly leaks: Readonly<Record<string, string>>
  readonly billable: boolean
  /** Whether it is the last of its call. */
  readonly ends: boolean
}

const NOTHING: Readonly<Record<string, string>> = Object.freeze({})

const NO_QUANTITIES: Quantities = { quantities: NOTHING, leaks: [] }

const NO_PARTS: Pick<CallParts, 'count' | keyof PartSums> = {
  count: 0,
  bytesSent: 0,
  bytesReceived: 0,
  elapsedMs: 0,
}

function metersOf({ planned }: Limited, { routeMeters }: Rules): RouteMeters | undefined {
  return routeMeters.size === 0 ? undefined : routeMeters.get(planned.call.matched.route.id)
}

function usageMetersOf(limited: Limited, rules: Rules): RouteMeters | undefined {
  const meters = metersOf(limited, rules)
  return meters === undefined || meters.usage.length === 0 ? undefined : meters
}

function isEmpty(texts: Readonly<Record<string, string>>): boolean {
  for (const _ in texts) return false
  return true
}

/** The dimensions of a call as its event has them; what could be a key stays out. */
function readDimensions(
  { planned }: Limited,
  headers: UpstreamHeaders | undefined,
  dimensions: readonly Dimension[],
): string {
  const { request } = planned.accepted.exchange
  const values: Record<string, string> = {}
  for (const { id, from, name } of dimensions) {
    if (from === 'event') continue
    const written = from === 'request-header' ? request.headers[name] : headers?.[name]
    const value = dimensionValue(typeof written === 'string' ? written : written?.[0])
    if (value !== undefined) values[id] = holdsSecret(value) ? INVALID_VALUE : value
  }
  return dimensionsText(values)
}
