import { hash } from 'node:crypto'
import { GatezError } from '../../errors/gatez-error.ts'
import { isoTime } from '../../lib/iso-time.ts'
import { MeterSums, quantityOf } from '../../metering/meter-sums.ts'
import type { Period } from '../../model/period.ts'
import { formatExactly } from '../../model/rational.ts'
import type { ControlStore } from '../../storage/ports/control-store.ts'
import type { LedgerStore } from '../../storage/ports/ledger.ts'
import type { ExportedPiece } from '../../storage/ports/usage-exports.ts'

/**
 * The usage of a span as events for a billing system that adds them up: one for each tenant, meter and hour.
 *
 * What each says is written down before anyone sees it, and never said otherwise: an hour that changed since gets one more
 * event, with the difference and an identifier of its own. So all events of an hour add up to what the ledger says, however
 * often and whenever usage is exported. An event that was handed over is not given again, unless `again` is asked.
 * Call `done` when they are where they belong: those of a run that broke off before come with the next one. What is older
 * than the other system takes is never handed over, and said each time.
 */
export async function meterEvents(
  store: Pick<ControlStore, 'ledger' | 'usageExports' | 'tenants' | 'transaction'>,
  request: MeterEventsRequest,
): Promise<MeterEvents> {
  const { target, tenantId, meters, again, oldestMs, nowMs, batch } = request
  const span = wholeHours(request.span)
  const asked = { target, fromMs: span.startMs, toMs: span.endMs, tenantId, meters }
  const totals = await hourlyTotals(store.ledger, { span, tenantId, meters })
  const taken = { ...asked, fromMs: Math.max(asked.fromMs, oldestMs) }
  const old = { ...asked, toMs: Math.min(asked.toMs, oldestMs) }
  const { pieces, left } = await store.transaction(async ({ usageExports }) => {
    await usageExports.insertAll(target, newPieces(totals, await usageExports.list(asked)))
    const claimed = await usageExports.claim(taken, batch)
    return {
      pieces: again ? await usageExports.list(taken) : claimed,
      left: again ? await usageExports.list(old) : await usageExports.listUnwritten(old),
    }
  })
  const customers = new Map<string, string | null>()
  for (const id of new Set(pieces.map((piece) => piece.tenantId))) {
    customers.set(id, (await store.tenants.find(id))?.externalId ?? null)
  }
  return {
    events: pieces.map((piece) =>
      toEvent(piece, { target, customer: customers.get(piece.tenantId) ?? null }),
    ),
    tooOld: hoursOf(left),
    done: () => store.usageExports.markWritten(target, batch, nowMs),
  }
}

export interface MeterEventsRequest {
  /** Who gets them, as `stripe`; each has an account of its own of what it got. */
  readonly target: string
  readonly span: Period
  /** All tenants if not given. */
  readonly tenantId?: string | undefined
  /** Ids of meters that are added up. */
  readonly meters: readonly string[]
  /** Also what was handed over before, with the same identifiers. */
  readonly again: boolean
  /** Who gets them takes nothing from before. */
  readonly oldestMs: number
  readonly nowMs: number
  /** Names this run. */
  readonly batch: string
}

export interface MeterEvents {
  /** In the order of time. */
  readonly events: readonly MeterEvent[]
  /** What was asked for and is not among them, in the order of time. */
  readonly tooOld: readonly TooOldUsage[]
  /** Writes down that they were handed over. */
  readonly done: () => Promise<void>
}

export interface MeterEvent {
  /** The same for the same event, for ever. */
  readonly identifier: string
  /** The beginning of the hour it is about. */
  readonly atMs: number
  readonly tenantId: string
  /** What the tenant is called there; null when nobody said. */
  readonly customer: string | null
  readonly meter: string
  /** A whole number, below 0 where something was taken back. */
  readonly value: string
}

/** What was used in an hour that is too long ago to be handed over. */
export interface TooOldUsage {
  readonly tenantId: string
  readonly meter: string
  /** The beginning of the hour. */
  readonly atMs: number
}

const HOUR_MS = 3_600_000

/** An hour is one event wherever days begin, so a span takes the whole of the hours it touches. */
function wholeHours({ startMs, endMs }: Period): Period {
  return {
    startMs: Math.floor(startMs / HOUR_MS) * HOUR_MS,
    endMs: Math.ceil(endMs / HOUR_MS) * HOUR_MS,
  }
}

/** Tenant, hour and meter → what the ledger says now. */
type Totals = ReadonlyMap<string, Omit<ExportedPiece, 'revision'>>

async function hourlyTotals(
  ledger: Pick<LedgerStore, 'rollups'>,
  { span, tenantId, meters }: Pick<MeterEventsRequest, 'span' | 'tenantId' | 'meters'>,
): Promise<Totals> {
  const sums = new Map<string, { tenantId: string; bucketMs: number; sums: MeterSums }>()
  const filter = { fromMs: span.startMs, toMs: span.endMs, ...(tenantId !== undefined && { tenantId }) }
  for await (const rollup of ledger.rollups(filter)) {
    if (!rollup.billable || rollup.subscriptionId === '') continue
    const bucketMs = Math.floor(rollup.bucketMs / HOUR_MS) * HOUR_MS
    const name = `${rollup.tenantId} ${bucketMs}`
    const hour = sums.get(name) ?? { tenantId: rollup.tenantId, bucketMs, sums: new MeterSums() }
    sums.set(name, hour)
    hour.sums.add(rollup)
  }
  const totals = new Map<string, Omit<ExportedPiece, 'revision'>>()
  for (const hour of sums.values()) {
    for (const meter of meters) {
      const piece = { tenantId: hour.tenantId, bucketMs: hour.bucketMs, meter }
      totals.set(nameOf(piece), { ...piece, quantity: wholeText(hour.sums.sum(meter), piece) })
    }
  }
  return totals
}

/** What is to be said beside what was: for each hour the difference, if there is one. */
function newPieces(totals: Totals, said: readonly ExportedPiece[]): readonly ExportedPiece[] {
  const before = new Map<string, { quantity: bigint; revision: number; piece: ExportedPiece }>()
  for (const piece of said) {
    const { quantity = 0n } = before.get(nameOf(piece)) ?? {}
    const { revision } = piece
    before.set(nameOf(piece), { quantity: quantity + BigInt(piece.quantity), revision, piece })
  }
  const pieces: ExportedPiece[] = []
  for (const [name, total] of totals) {
    const { quantity = 0n, revision = -1 } = before.get(name) ?? {}
    const difference = BigInt(total.quantity) - quantity
    pieces.push(...inParts({ ...total, revision: revision + 1 }, difference))
  }
  // What the ledger no longer has at all is taken back.
  for (const [name, { quantity, revision, piece }] of before) {
    if (totals.has(name) || quantity === 0n) continue
    pieces.push(...inParts({ ...piece, revision: revision + 1 }, -quantity))
  }
  return pieces
}

/** The hours that pieces are about. Where they come to nothing there is nothing to say. */
function hoursOf(pieces: readonly ExportedPiece[]): readonly TooOldUsage[] {
  const hours = new Map<string, TooOldUsage & { readonly quantity: bigint }>()
  for (const piece of pieces) {
    const { quantity = 0n } = hours.get(nameOf(piece)) ?? {}
    const { tenantId, meter, bucketMs: atMs } = piece
    hours.set(nameOf(piece), { tenantId, meter, atMs, quantity: quantity + BigInt(piece.quantity) })
  }
  const used = [...hours.values()].filter(({ quantity }) => quantity !== 0n)
  return used.map(({ tenantId, meter, atMs }) => ({ tenantId, meter, atMs }))
}

/** A quantity as pieces of at most 15 digits, which is all that Stripe takes in one; none for 0. */
function inParts(first: Omit<ExportedPiece, 'quantity'>, quantity: bigint): readonly ExportedPiece[] {
  const pieces: ExportedPiece[] = []
  for (let left = quantity; left !== 0n; ) {
    const part = left > PART_MAX ? PART_MAX : left < -PART_MAX ? -PART_MAX : left
    const revision = first.revision + pieces.length
    pieces.push({ ...first, revision, quantity: String(part) })
    left -= part
    if (pieces.length < PARTS_MAX || left === 0n) continue
    const { meter, tenantId, bucketMs } = first
    throw new GatezError(
      'invalid-parameter',
      `meter ${meter} has ${quantity} of ${tenantId} in the hour from ${isoTime(bucketMs)}: that is more than ${PARTS_MAX} events of 15 digits say, so name other meters with --meters.`,
    )
  }
  return pieces
}

const PART_MAX = 999_999_999_999_999n
const PARTS_MAX = 1_000

function wholeText(
  femtos: bigint,
  { tenantId, meter, bucketMs }: Omit<ExportedPiece, 'revision' | 'quantity'>,
): string {
  const quantity = quantityOf(femtos)
  if (quantity.denominator === 1n) return String(quantity.numerator)
  throw new GatezError(
    'invalid-parameter',
    `meter ${meter} has ${formatExactly(quantity)} of ${tenantId} in the hour from ${isoTime(bucketMs)}: events take whole numbers, so name others with --meters.`,
  )
}

function nameOf({
  tenantId,
  meter,
  bucketMs,
}: Pick<ExportedPiece, 'tenantId' | 'meter' | 'bucketMs'>): string {
  return `${tenantId} ${bucketMs} ${meter}`
}

function toEvent(
  { tenantId, meter, bucketMs, revision, quantity }: ExportedPiece,
  { target, customer }: { readonly target: string; readonly customer: string | null },
): MeterEvent {
  const name = `${target}\n${tenantId}\n${meter}\n${bucketMs}\n${revision}`
  const identifier = `gz_${hash('sha256', name).slice(0, 32)}`
  return { identifier, atMs: bucketMs, tenantId, customer, meter, value: quantity }
}
