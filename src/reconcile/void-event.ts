import { type Access, record, type Signed } from '../access/access.ts'
import { checkedText, REASON_LENGTH_MAX } from '../access/text.ts'
import { GatezError } from '../errors/gatez-error.ts'
import { assert } from '../lib/assert.ts'
import { prefixedId, UlidMaker } from '../lib/id.ts'
import { isoTime } from '../lib/iso-time.ts'
import { carryAdjustments } from '../metering/carry-adjustments.ts'
import { rollUp } from '../metering/roll-up.ts'
import { sealUp } from '../metering/seal-up.ts'
import { ADJUSTMENTS, type Adjustment, isAdjustment, takeBack } from '../model/adjustment.ts'
import type { UsageEvent } from '../model/event.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import type { UsageLog } from '../storage/ports/usage-log.ts'

export interface VoidParts extends Access {
  readonly usageLog: UsageLog
  /**
   * Whether the period of a moment is closed: then the adjustment counts in the period of today, and what was
   * billed stays as it is.
   */
  readonly isClosed: (ms: number) => boolean
}

export interface VoidRequest extends Signed {
  /** Id of an event, or the request id of an answer. */
  readonly event: string
  readonly reason: string
}

/** An event that was taken back; the names are stable. */
export interface VoidedEvent {
  readonly id: string
  readonly event_id: string
  /** The event that takes it back, in the usage log behind all others. */
  readonly adjustment_event_id: string
  readonly tenant_id: string
  readonly reason: string
  readonly actor: string
  readonly at: string
  /** When the adjustment counts. */
  readonly counts_at: string
  readonly usage_units: number
  readonly quantities: Readonly<Record<string, string>>
  /** True when it was taken back before, and nothing was done now. */
  readonly already: boolean
}

/**
 * Takes back one billed event by an adjustment: nothing that was written is changed.
 *
 * Ledger, adjustment and audit row are one transaction; the usage log follows. An event is taken back once:
 * asked again, the first adjustment is the answer. Throws `not-found`, and `wrong-state` for what was not billed.
 */
export async function voidEvent(parts: VoidParts, request: VoidRequest): Promise<VoidedEvent> {
  const { store, usageLog, clock, isClosed } = parts
  const reason = checkedText('reason', request.reason, REASON_LENGTH_MAX)
  const event = await findEvent(usageLog, request.event)
  refuseUnbilled(event)
  const atMs = clock.nowMs()
  const id = new UlidMaker(clock, { epoch: 0, thread: 31 }).next()
  const timestampMs = isClosed(event.timestampMs) ? atMs : event.timestampMs

  const { adjustment, already } = await store.transaction(async (tables) => {
    const known = await tables.adjustments.ofEvent(event.id)
    if (known !== undefined) return { adjustment: known, already: true }
    const afterSeq = await tables.ledger.watermark(ADJUSTMENTS)
    const opposite = takeBack(event, { id, seq: afterSeq + 1, timestampMs })
    const what = { eventId: event.id, eventMs: event.timestampMs, event: opposite }
    const made = { id: prefixedId('adj'), ...what, reason, actor: request.actor, atMs }
    await write(tables, made, afterSeq)
    return { adjustment: made, already: false }
  })
  await carryAdjustments(store, usageLog, atMs)
  return view(adjustment, already)
}

async function write(tables: ControlTables, adjustment: Adjustment, afterSeq: number): Promise<void> {
  const { event, eventId, reason, actor, atMs } = adjustment
  const advance = { ...ADJUSTMENTS, afterSeq, throughSeq: event.seq }
  const applied = await tables.ledger.apply(rollUp([event]), advance, sealUp([event]))
  assert(applied, 'only one adjustment is written at a time')
  await tables.adjustments.insert(adjustment)
  const detail = { reason, adjustment: adjustment.id, tenant: event.tenantId }
  await record(tables, { atMs, actor, action: 'usage.voided', subject: `event:${eventId}`, detail })
}

async function findEvent(usageLog: UsageLog, written: string): Promise<UsageEvent> {
  const event = await usageLog.find(written)
  if (event !== undefined) return event
  const named = await usageLog.findByRequestId(written, 2)
  const [only, other] = named
  if (only === undefined) {
    const detail = `No event has the id or request id ${JSON.stringify(written)}. gatez usage tail and gatez usage explain show ids.`
    throw new GatezError('not-found', detail)
  }
  if (other !== undefined) {
    const detail = `More than one call had the request id ${JSON.stringify(written)}: name one by its event id, as ${only.id} or ${other.id}.`
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

function view({ id, eventId, reason, actor, atMs, event }: Adjustment, already: boolean): VoidedEvent {
  return {
    id,
    event_id: eventId,
    adjustment_event_id: event.id,
    tenant_id: event.tenantId,
    reason,
    actor,
    at: isoTime(atMs),
    counts_at: isoTime(event.timestampMs),
    usage_units: event.usageUnits,
    quantities: event.quantities,
    already,
  }
}
