import { type Access, record, type Signed } from '../access/access.ts'
import { checkedText, REASON_LENGTH_MAX } from '../access/text.ts'
import { GatezError } from '../errors/gatez-error.ts'
import { assert } from '../lib/assert.ts'
import { prefixedId, UlidMaker } from '../lib/id.ts'
import { isoTime } from '../lib/iso-time.ts'
import { callOfEvent, callsNamed } from '../metering/calls-named.ts'
import { carryAdjustments } from '../metering/carry-adjustments.ts'
import { rollUp } from '../metering/roll-up.ts'
import { sealUp } from '../metering/seal-up.ts'
import type { WholeCall } from '../metering/whole-calls.ts'
import { ADJUSTMENTS, type Adjustment, isAdjustment, takeBack } from '../model/adjustment.ts'
import type { UsageEvent } from '../model/event.ts'
import { addQuantities } from '../model/quantity.ts'
import { sealedAggregation } from '../model/seal.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import { BUCKET_MS } from '../storage/ports/ledger.ts'
import type { UsageLog } from '../storage/ports/usage-log.ts'
import { bucketOf } from './raw-events.ts'

export interface VoidParts extends Access {
  readonly usageLog: UsageLog
}

export interface VoidRequest extends Signed {
  /** Id of an event, or the request id of an answer. */
  readonly event: string
  readonly reason: string
}

/** A call, or a reported event, that was taken back; the names are stable. */
export interface VoidedEvent {
  readonly id: string
  /** Of a call that was metered in parts the first of them, and so with the two ids beside it. */
  readonly event_id: string
  /** The event that takes it back, in the usage log behind all others. */
  readonly adjustment_event_id: string
  /** How many events were taken back: more than one of a call that took long. */
  readonly parts: number
  readonly tenant_id: string
  readonly reason: string
  readonly actor: string
  readonly at: string
  /** When the adjustment counts. */
  readonly counts_at: string
  readonly usage_units: number
  readonly quantities: Readonly<Record<string, string>>
  /** Meters that it had a value of and that are no sums: those stay as they are. */
  readonly kept_meters: readonly string[]
  /** True when it was taken back before, and nothing was done now. */
  readonly already: boolean
}

/**
 * Takes back one billed call or reported event by an adjustment: nothing that was written is changed.
 *
 * Ledger, adjustments and audit row are one transaction; the usage log follows. A call that was metered in parts
 * is taken back whole, in the period where it counts: once that is billed, the next invoice has the difference. It is
 * taken back once: asked again, the first adjustment is the answer. Throws `not-found`, and `wrong-state` for what was
 * not billed.
 */
export async function voidEvent(parts: VoidParts, request: VoidRequest): Promise<VoidedEvent> {
  const { store, usageLog, clock } = parts
  const reason = checkedText('reason', request.reason, REASON_LENGTH_MAX)
  const { event: call, pieces } = await findCall(usageLog, request.event)
  refuseUnbilled(call)
  const billed = pieces.filter(({ billable }) => billable)
  const signed = { reason, actor: request.actor, atMs: clock.nowMs() }
  const { adjustments, already } = await store.transaction((tables) =>
    takeBackAll(tables, billed, { parts, signed }),
  )
  await carryAdjustments(store, usageLog, signed.atMs)
  return view(adjustments, billed, already)
}

interface TakeBackParts {
  readonly parts: VoidParts
  readonly signed: { readonly reason: string; readonly actor: string; readonly atMs: number }
}

/** Takes back what was not taken back yet; returns the adjustments of all of `events`. */
async function takeBackAll(
  tables: ControlTables,
  events: readonly UsageEvent[],
  { parts, signed }: TakeBackParts,
): Promise<{ readonly adjustments: readonly Adjustment[]; readonly already: boolean }> {
  const { clock } = parts
  const ids = new UlidMaker(clock, { epoch: 0, thread: 31 })
  const afterSeq = await tables.ledger.watermark(ADJUSTMENTS)
  const [known, made]: [Adjustment[], Adjustment[]] = [[], []]
  for (const event of events) {
    const before = await tables.adjustments.ofEvent(event.id)
    if (before !== undefined) {
      known.push(before)
      continue
    }
    const place = { id: ids.next(), seq: afterSeq + made.length + 1, timestampMs: event.timestampMs }
    const opposite = takeBack(event, { ...place, aggregationOf: await aggregationsThen(tables, event) })
    const what = { eventId: event.id, eventMs: event.timestampMs, event: opposite }
    made.push({ id: prefixedId('adj'), ...what, ...signed })
  }
  if (made.length > 0) await write(tables, made, afterSeq)
  return { adjustments: [...known, ...made], already: made.length === 0 }
}

/** How the meters of an event were counted, whatever the file says by now: its seal knows. */
async function aggregationsThen(tables: ControlTables, event: UsageEvent) {
  const { nodeId, epoch, seq } = event
  const bucketMs = bucketOf(event.timestampMs)
  const seals = await Array.fromAsync(tables.ledger.seals(bucketMs, bucketMs + BUCKET_MS))
  const seal = seals.find((each) => each.nodeId === nodeId && each.epoch === epoch)
  return (meterId: string) => (seal && sealedAggregation(seal, meterId, seq)) ?? 'sum'
}

async function write(
  tables: ControlTables,
  adjustments: readonly Adjustment[],
  afterSeq: number,
): Promise<void> {
  const events = adjustments.map(({ event }) => event)
  const advance = { ...ADJUSTMENTS, afterSeq, throughSeq: afterSeq + events.length }
  // First: a ledger may lower its sums only where what is taken back is written down.
  for (const adjustment of adjustments) await tables.adjustments.insert(adjustment)
  // Whatever the meters are: what is taken back is added, with a sign.
  const applied = await tables.ledger.apply(rollUp(events), advance, sealUp(events))
  assert(applied, 'only one adjustment is written at a time')
  const [first] = adjustments
  if (first === undefined) return
  const { event, eventId, reason, actor, atMs } = first
  const detail = { reason, adjustment: first.id, tenant: event.tenantId, parts: adjustments.length }
  await record(tables, { atMs, actor, action: 'usage.voided', subject: `event:${eventId}`, detail })
}

async function findCall(usageLog: UsageLog, written: string): Promise<WholeCall> {
  // An id of ours first: a client may use anything as its request id.
  const call = await callOfEvent(usageLog, written)
  if (call !== undefined) return call
  const [only, other] = (await callsNamed(usageLog, written)).slice(-2)
  if (only === undefined) {
    const detail = `No event has the id or request id ${JSON.stringify(written)}. gatez usage tail and gatez usage explain show ids.`
    throw new GatezError('not-found', detail)
  }
  if (other !== undefined) {
    const detail = `More than one call had the request id ${JSON.stringify(written)}: name one by its event id, as ${only.event.id} or ${other.event.id}.`
    throw new GatezError('invalid-parameter', detail)
  }
  return only
}

function refuseUnbilled(event: UsageEvent): void {
  if (isAdjustment(event)) {
    const of = event.requestId.replace(/^void:/, '')
    const detail = `Event ${event.id} is itself what takes back event ${of}: that cannot be taken back.`
    throw new GatezError('wrong-state', detail)
  }
  if (event.billable) return
  const why =
    event.outcome === 'refused' ? 'it was refused' : `it was answered ${event.statusCode || 'by nothing'}`
  const detail = `Event ${event.id} was never billed (${why}), so there is nothing to take back: gatez why ${event.id}.`
  throw new GatezError('wrong-state', detail)
}

function view(
  adjustments: readonly Adjustment[],
  events: readonly UsageEvent[],
  already: boolean,
): VoidedEvent {
  const [first] = adjustments
  assert(first !== undefined, 'what is billed has a billed event')
  const quantities: Record<string, string> = {}
  for (const { event } of adjustments) {
    for (const [meterId, quantity] of Object.entries(event.quantities)) {
      quantities[meterId] = addQuantities(quantities[meterId] ?? '0', quantity)
    }
  }
  const meterIds = new Set(events.flatMap((event) => Object.keys(event.quantities)))
  return {
    id: first.id,
    event_id: first.eventId,
    adjustment_event_id: first.event.id,
    parts: adjustments.length,
    tenant_id: first.event.tenantId,
    reason: first.reason,
    actor: first.actor,
    at: isoTime(first.atMs),
    counts_at: isoTime(first.event.timestampMs),
    usage_units: adjustments.reduce((sum, { event }) => sum + event.usageUnits, 0),
    quantities,
    kept_meters: [...meterIds].filter((meterId) => !Object.hasOwn(quantities, meterId)).sort(),
    already,
  }
}
