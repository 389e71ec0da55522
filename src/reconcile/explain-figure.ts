import { isoTime } from '../lib/iso-time.ts'
import type { UsageEvent } from '../model/event.ts'
import type { Period } from '../model/period.ts'
import { formatQuantity, quantityFemtos } from '../model/quantity.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { BUCKET_MS } from '../storage/ports/ledger.ts'
import { type Figure, femtosOfEvent, isCustom, isPartOf } from './figure.ts'
import { FigureTally } from './figure-tally.ts'
import { isValue } from './meter-tally.ts'
import type { Positions } from './positions.ts'
import { SealedMeters } from './sealed-meters.ts'

/** What is needed to open a figure. */
export interface FigureParts {
  readonly control: ControlTables
  readonly positions: Positions
}

/** A figure with what stands behind it; the names are stable. */
export interface ExplainedFigure {
  readonly meter: string
  readonly from: string
  readonly to: string
  readonly tenant_id: string | null
  readonly key_id: string | null
  readonly route_id: string | null
  readonly api_id: string | null
  readonly plan_id: string | null
  /** What the row of a breakdown by dimensions is about; empty for none. */
  readonly dimensions: Readonly<Record<string, string>>
  /** As the ledger has it, and reports show it: a decimal. */
  readonly quantity: string
  /** What a file says of it; null when none was given. */
  readonly stated: string | null
  readonly buckets: readonly ExplainedBucket[]
  /** How many events stand behind it, and what they come to. */
  readonly events_total: number
  readonly events_quantity: string
  /** Ids and what each adds: the first of them. */
  readonly events: readonly ExplainedEvent[]
  /** Whether the events come to the figure. */
  readonly equal: boolean
  /** Before it single events are forgotten; null when none of the span are. */
  readonly forgotten_before: string | null
}

export interface ExplainedBucket {
  readonly start: string
  /** What the quarter of an hour comes to alone: these add up, but for meters that are no sums. */
  readonly quantity: string
}

export interface ExplainedEvent {
  readonly id: string
  readonly request_id: string
  readonly timestamp: string
  /** A decimal; a text of a meter that counts how many differ. */
  readonly quantity: string
}

/** How many events are named with the figure; `eventsBehind` gives all. */
const NAMED_MAX = 5

/**
 * Opens a figure: the buckets of the ledger it is the sum of, and the events behind them.
 *
 * The events must come to the same figure; where they do not, `gatez reconcile` finds out why.
 */
export async function explainFigure(
  parts: FigureParts,
  figure: Figure,
  stated: string | undefined,
): Promise<ExplainedFigure> {
  const { keptSinceMs } = parts.positions
  const { span, meter } = figure
  const forgotten = keptSinceMs > span.startMs
  const kept = forgotten ? { startMs: Math.min(keptSinceMs, span.endMs), endMs: span.endMs } : span
  const ledger = await ofLedger(parts.control, figure, kept)
  const found = new FigureTally(meter)
  const events: ExplainedEvent[] = []
  let total = 0
  const sealed = await SealedMeters.read(parts.control.ledger, kept, meter)
  for await (const each of eventsBehind(parts, figure, sealed)) {
    total += 1
    found.addEvent(each.event, sealed)
    if (events.length < NAMED_MAX) events.push(viewOf(each))
  }
  if (!forgotten) for (const { tenantId, mark } of ledger.levels) found.addLevel(tenantId, mark)
  const femtos = found.value(kept)
  return {
    meter,
    from: isoTime(span.startMs),
    to: isoTime(span.endMs),
    tenant_id: figure.tenantId ?? null,
    key_id: figure.keyId ?? null,
    route_id: figure.routeId ?? null,
    api_id: figure.apiId ?? null,
    plan_id: figure.planId ?? null,
    dimensions: figure.dimensions ?? {},
    quantity: formatQuantity(ledger.whole.value(span)),
    stated: stated ?? null,
    buckets: ledger.buckets,
    events_total: total,
    events_quantity: formatQuantity(femtos),
    events,
    equal: femtos === ledger.kept.value(kept),
    forgotten_before: forgotten ? isoTime(keptSinceMs) : null,
  }
}

/** Every event behind a figure with what it says of the meter, one after the other: there may be millions. */
export async function* eventsBehind(
  { positions }: Pick<FigureParts, 'positions'>,
  figure: Figure,
  sealed: SealedMeters,
): AsyncGenerator<EventBehind> {
  const { tenantId, span, meter } = figure
  const fromMs = Math.max(span.startMs, positions.keptSinceMs)
  const lists =
    tenantId === undefined
      ? positions.raw.between(fromMs, span.endMs)
      : positions.raw.ofTenant(tenantId, fromMs, span.endMs)
  const gone = takenBackWithin(positions, figure)
  for await (const events of lists) {
    for (const event of events) {
      if (!isPartOf(figure, event)) continue
      const value = isCustom(meter) ? customValue(meter, event, sealed) : ourValue(meter, event)
      // What was taken back within the span adds nothing; but what is no sum stays.
      if (value === undefined || (value.isAdded && gone.has(event.id))) continue
      yield { event, quantity: value.quantity }
    }
  }
}

/** An event and what it says of a meter: a decimal, or a text where the meter counts how many differ. */
export interface EventBehind {
  readonly event: UsageEvent
  readonly quantity: string
}

interface EventValue {
  readonly quantity: string
  readonly isAdded: boolean
}

function ourValue(meter: string, event: UsageEvent): EventValue | undefined {
  const femtos = femtosOfEvent(meter, event)
  return femtos === 0n ? undefined : { quantity: formatQuantity(femtos), isAdded: true }
}

function customValue(meter: string, event: UsageEvent, sealed: SealedMeters): EventValue | undefined {
  const value = event.quantities[meter]
  if (value === undefined || !event.billable) return undefined
  const aggregation = sealed.aggregationOf(event)
  if (!isValue(aggregation, value)) return undefined
  const isAdded = aggregation === 'sum' || aggregation === 'count'
  const isNothing = aggregation === 'sum' && quantityFemtos(value) === 0n
  return isNothing ? undefined : { quantity: aggregation === 'count' ? '1' : value, isAdded }
}

/** Events of the span that were taken back in the span, and what took them back: together they add nothing. */
function takenBackWithin({ adjustments }: Positions, { span }: Figure): ReadonlySet<string> {
  const within = (ms: number): boolean => ms >= span.startMs && ms < span.endMs
  const gone = new Set<string>()
  for (const { eventId, eventMs, event } of adjustments) {
    if (within(event.timestampMs) && within(eventMs)) gone.add(eventId).add(event.id)
  }
  return gone
}

/** An event behind a figure, under its public names. */
export function viewOf({ event, quantity }: EventBehind): ExplainedEvent {
  return { id: event.id, request_id: event.requestId, timestamp: isoTime(event.timestampMs), quantity }
}

/** What the ledger has of a figure: of the whole span, of the part whose events are there, and by bucket. */
async function ofLedger({ ledger }: ControlTables, figure: Figure, keptSpan: Period) {
  const { span, tenantId, meter } = figure
  const ofTenant = tenantId !== undefined && { tenantId }
  const [whole, kept] = [new FigureTally(meter), new FigureTally(meter)]
  const buckets: ExplainedBucket[] = []
  let bucket: { readonly startMs: number; readonly tally: FigureTally } | undefined
  const close = (): void => {
    if (bucket === undefined) return
    const femtos = bucket.tally.value({ startMs: bucket.startMs, endMs: bucket.startMs + BUCKET_MS })
    if (femtos !== 0n) buckets.push({ start: isoTime(bucket.startMs), quantity: formatQuantity(femtos) })
  }
  for await (const rollup of ledger.rollups({ fromMs: span.startMs, toMs: span.endMs, ...ofTenant })) {
    if (!isPartOf(figure, rollup)) continue
    if (bucket?.startMs !== rollup.bucketMs) {
      close()
      bucket = { startMs: rollup.bucketMs, tally: new FigureTally(meter) }
    }
    whole.addRollup(rollup)
    bucket.tally.addRollup(rollup)
    if (rollup.bucketMs >= keptSpan.startMs) kept.addRollup(rollup)
  }
  close()
  const before = await ledger.levels({ beforeMs: span.startMs, ...ofTenant })
  const levels = before.filter(
    (each) => each.billable && each.mark.meterId === meter && isPartOf(figure, each),
  )
  for (const { tenantId: of, mark } of levels) {
    whole.addLevel(of, mark)
    if (keptSpan.startMs === span.startMs) kept.addLevel(of, mark)
  }
  return { whole, kept, buckets, levels }
}
