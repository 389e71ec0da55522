import { loosened, parseExactJson } from '../lib/exact-json.ts'
import { PriceBook } from '../metering/price-book.ts'
import { isAdjustment } from '../model/adjustment.ts'
import type { UsageEvent } from '../model/event.ts'
import type { LeakKind } from '../model/leak-kind.ts'
import type { Period } from '../model/period.ts'
import type { ControlTables } from '../storage/ports/control-store.ts'
import type { UnattributedEvent } from '../storage/ports/unattributed.ts'
import { OpenCalls } from './open-calls.ts'
import type { Positions } from './positions.ts'

/** Usage that may be missing on a bill, or that nobody may have received; the names are stable. */
export interface LeakedUsage {
  readonly kind: LeakKind
  readonly tenant_id: string
  readonly route_id: string
  /** Empty where it is not about a meter. */
  readonly meter: string
  readonly reason: string
  /** Of the event, or the one its sender gave it; empty of events that are forgotten. */
  readonly id: string
  /** How many values it stands for: 1, but for events that are forgotten. */
  readonly count: number
  /** What was reported, of events that could not be counted. */
  readonly event?: unknown
}

/** Where leaks are looked for. */
export interface LeakParts {
  readonly control: ControlTables
  readonly positions: Positions
}

export interface LeakFilter {
  readonly span: Period
  readonly tenantId?: string | undefined
  /** Only this kind. */
  readonly kind?: LeakKind | undefined
}

/**
 * Goes through a span and finds, one by one, what may be missing on the bills: events that nobody can be billed for,
 * calls without a quantity they should have, usage without a price, good answers that are not billed, and billed
 * ones that may not have arrived.
 *
 * Reads every raw event of the span; memory does not grow with it.
 */
export async function* findLeaks(parts: LeakParts, filter: LeakFilter): AsyncGenerator<LeakedUsage> {
  if (isWanted(filter, 'unattributed')) yield* unattributed(parts, filter)
  if (isWanted(filter, 'missing-quantity')) yield* forgotten(parts, filter)
  if (filter.kind === 'unattributed') return
  const { span, tenantId } = filter
  const { positions, control } = parts
  const prices = new PriceBook(control)
  const keys = new TestKeys(control)
  const open = new OpenCalls()
  const fromMs = Math.max(span.startMs, positions.keptSinceMs)
  const gone = new Set(positions.adjustments.map(({ eventId }) => eventId))
  for await (const event of eachOf(positions.raw.between(fromMs, span.endMs))) {
    if (event.tenantId === '' || (tenantId !== undefined && event.tenantId !== tenantId)) continue
    if (isAdjustment(event) || gone.has(event.id)) continue
    if (isWanted(filter, 'delivery-unknown')) open.add(event)
    for (const leak of [
      ...missingQuantities(event),
      ...(isWanted(filter, 'unpriced') ? await unpriced(event, prices) : []),
      ...(isWanted(filter, 'not-billed') ? await notBilled(event, keys) : []),
      ...clientLeft(event),
    ]) {
      if (isWanted(filter, leak.kind)) yield leak
    }
  }
  for (const event of await open.brokenOff(positions, span.endMs)) {
    yield leakOf(event, 'delivery-unknown', { reason: 'broke-off' })
  }
}

async function* eachOf(lists: AsyncIterable<readonly UsageEvent[]>): AsyncGenerator<UsageEvent> {
  for await (const events of lists) yield* events
}

function isWanted({ kind }: LeakFilter, each: LeakKind): boolean {
  return kind === undefined || kind === each
}

/** What was reported and does not count, by when it came first. */
async function* unattributed({ control }: LeakParts, filter: LeakFilter): AsyncGenerator<LeakedUsage> {
  const { span, tenantId } = filter
  let after: UnattributedEvent | undefined
  for (;;) {
    const page = await control.unattributed.list({ limit: PAGE_EVENTS, after })
    after = page.at(-1)
    for (const { tenant, reason, id, firstAtMs, body } of page) {
      if (firstAtMs < span.startMs || firstAtMs >= span.endMs) continue
      if (tenantId !== undefined && tenant !== tenantId) continue
      const event = loosened(parseExactJson(body))
      yield { kind: 'unattributed', tenant_id: tenant, route_id: '', meter: '', reason, id, count: 1, event }
    }
    if (page.length < PAGE_EVENTS) return
  }
}

/** Of events that are forgotten the ledger still knows how many there were. */
async function* forgotten(
  { control, positions }: LeakParts,
  filter: LeakFilter,
): AsyncGenerator<LeakedUsage> {
  const { span, tenantId } = filter
  const toMs = Math.min(span.endMs, positions.keptSinceMs)
  if (toMs <= span.startMs) return
  const ofTenant = tenantId !== undefined && { tenantId }
  for await (const { tenantId: tenant_id, routeId: route_id, marks } of control.ledger.rollups({
    ...{ fromMs: span.startMs, toMs },
    ...ofTenant,
  })) {
    for (const { aggregation, meterId: meter, member: reason, quantity } of marks) {
      if (aggregation !== 'leak') continue
      yield { kind: 'missing-quantity', tenant_id, route_id, meter, reason, id: '', count: Number(quantity) }
    }
  }
}

function missingQuantities(event: UsageEvent): readonly LeakedUsage[] {
  return Object.entries(event.leaks ?? {}).map(([meter, reason]) => {
    return leakOf(event, 'missing-quantity', { meter, reason })
  })
}

/** Billed, and no price: of no plan, of a plan that is not there, or of a meter that the plan has no word on. */
async function unpriced(event: UsageEvent, prices: PriceBook): Promise<readonly LeakedUsage[]> {
  if (!event.billable) return []
  if (event.planId === '') return [leakOf(event, 'unpriced', { reason: 'no-plan' })]
  const charges = await prices.charges({ ...event, period: dayOf(event.timestampMs) })
  if (charges === undefined) return [leakOf(event, 'unpriced', { reason: 'no-plan-version' })]
  // A plan without any price is free on purpose.
  if (!charges.some(({ meter }) => meter !== null)) return []
  return Object.keys(event.quantities)
    .filter((meterId) => !charges.some(({ meter }) => meter === meterId))
    .map((meter) => leakOf(event, 'unpriced', { meter, reason: 'no-charge' }))
}

/** A tenant's own prices do not change what is priced at all: which ones held that day is near enough. */
function dayOf(atMs: number): Period {
  const startMs = atMs - (atMs % DAY_MS)
  return { startMs, endMs: startMs + DAY_MS }
}

const DAY_MS = 24 * 60 * 60 * 1000

/** Answered well, and not billed. */
async function notBilled(event: UsageEvent, keys: TestKeys): Promise<readonly LeakedUsage[]> {
  const { statusCode, billable, outcome, source, refusal } = event
  const isGood = statusCode >= 200 && statusCode <= 299 && outcome !== 'refused'
  if (billable || !isGood || source !== 'gateway') return []
  if (outcome === 'upstream_truncated') return [leakOf(event, 'not-billed', { reason: 'broken-off' })]
  if (refusal !== '') return [leakOf(event, 'not-billed', { reason: refusal })]
  const reason = (await keys.has(event.keyId)) ? 'test-key' : 'status-not-counted'
  return [leakOf(event, 'not-billed', { reason })]
}

function clientLeft(event: UsageEvent): readonly LeakedUsage[] {
  const isLeft = event.billable && event.outcome === 'client_aborted'
  return isLeft ? [leakOf(event, 'delivery-unknown', { reason: 'client-left' })] : []
}

function leakOf(
  { tenantId, routeId, id }: UsageEvent,
  kind: LeakKind,
  { meter = '', reason }: { readonly meter?: string; readonly reason: string },
): LeakedUsage {
  return { kind, tenant_id: tenantId, route_id: routeId, meter, reason, id, count: 1 }
}

/** Knows which keys are test keys, each looked up once. */
class TestKeys {
  readonly #control: Pick<ControlTables, 'keys'>
  readonly #known = new Map<string, boolean>()

  constructor(control: Pick<ControlTables, 'keys'>) {
    this.#control = control
  }

  async has(keyId: string): Promise<boolean> {
    const known = this.#known.get(keyId) ?? (await this.#control.keys.find(keyId))?.mode === 'test'
    this.#known.set(keyId, known)
    return known
  }
}

const PAGE_EVENTS = 500
