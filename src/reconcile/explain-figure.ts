import { isoTime } from '../lib/iso-time.ts'
import type { UsageEvent } from '../model/event.ts'
import { formatQuantity } from '../model/quantity.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { type Figure, femtosOfEvent, femtosOfRollup, isPartOf } from './figure.ts'
import type { Positions } from './positions.ts'

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
  /** As the ledger has it: a decimal. */
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
  readonly quantity: string
}

export interface ExplainedEvent {
  readonly id: string
  readonly request_id: string
  readonly timestamp: string
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
  const buckets = await bucketsBehind(parts.control, figure)
  const quantity = buckets.reduce((sum, each) => sum + each.femtos, 0n)
  const events: ExplainedEvent[] = []
  let [total, femtos] = [0, 0n]
  for (const { event, quantity: each } of eventsBehind(parts, figure)) {
    total += 1
    femtos += each
    if (events.length < NAMED_MAX) events.push(viewOf(event, each))
  }
  const forgotten = keptSinceMs > span.startMs
  return {
    meter,
    from: isoTime(span.startMs),
    to: isoTime(span.endMs),
    tenant_id: figure.tenantId ?? null,
    key_id: figure.keyId ?? null,
    route_id: figure.routeId ?? null,
    api_id: figure.apiId ?? null,
    plan_id: figure.planId ?? null,
    quantity: formatQuantity(quantity),
    stated: stated ?? null,
    buckets: buckets.map((each) => ({
      start: isoTime(each.bucketMs),
      quantity: formatQuantity(each.femtos),
    })),
    events_total: total,
    events_quantity: formatQuantity(femtos),
    events,
    equal: forgotten ? femtos === keptPart(buckets, keptSinceMs) : femtos === quantity,
    forgotten_before: forgotten ? isoTime(keptSinceMs) : null,
  }
}

/** Every event behind a figure with what it adds in femtos, one after the other: there may be millions. */
export function* eventsBehind(
  { positions }: Pick<FigureParts, 'positions'>,
  figure: Figure,
): Generator<{ readonly event: UsageEvent; readonly quantity: bigint }> {
  const { tenantId, span, meter } = figure
  const fromMs = Math.max(span.startMs, positions.keptSinceMs)
  const events =
    tenantId === undefined
      ? positions.raw.between(fromMs, span.endMs)
      : positions.raw.ofTenant(tenantId, fromMs, span.endMs)
  const gone = takenBackWithin(positions, figure)
  for (const event of events) {
    if (!isPartOf(figure, event) || gone.has(event.id)) continue
    const quantity = femtosOfEvent(meter, event)
    if (quantity !== 0n) yield { event, quantity }
  }
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
export function viewOf(event: UsageEvent, quantity: bigint): ExplainedEvent {
  return {
    id: event.id,
    request_id: event.requestId,
    timestamp: isoTime(event.timestampMs),
    quantity: formatQuantity(quantity),
  }
}

interface BucketSum {
  readonly bucketMs: number
  femtos: bigint
}

async function bucketsBehind({ ledger }: ControlTables, figure: Figure): Promise<readonly BucketSum[]> {
  const { span, tenantId, meter } = figure
  const filter = { fromMs: span.startMs, toMs: span.endMs, ...(tenantId !== undefined && { tenantId }) }
  const buckets = new Map<number, BucketSum>()
  for await (const rollup of ledger.rollups(filter)) {
    if (!isPartOf(figure, rollup)) continue
    const femtos = femtosOfRollup(meter, rollup)
    const known = buckets.get(rollup.bucketMs)
    if (known === undefined) buckets.set(rollup.bucketMs, { bucketMs: rollup.bucketMs, femtos })
    else known.femtos += femtos
  }
  return [...buckets.values()].filter(({ femtos }) => femtos !== 0n)
}

function keptPart(buckets: readonly BucketSum[], keptSinceMs: number): bigint {
  return buckets
    .filter(({ bucketMs }) => bucketMs >= keptSinceMs)
    .reduce((sum, { femtos }) => sum + femtos, 0n)
}
