import { JsonNumber } from '../lib/exact-json.ts'
import { type Dimension, type Dimensions, dimensionValue } from '../model/dimension.ts'
import type { Meter } from '../model/meter.ts'
import type { Period } from '../model/period.ts'
import type { Countable, UsageFields } from './count-once.ts'
import type { EventFault, IncomingEvent } from './incoming-event.ts'
import { matchMeters } from './match-meters.ts'
import { invalid } from './read-event.ts'
import { subscriptionAt, type TenantFacts } from './tenant-book.ts'

/** Who reports. */
export type EventSender =
  /** May name any tenant. */
  | { readonly kind: 'operator' }
  /** A customer by one of its keys: only for itself. */
  | {
      readonly kind: 'tenant'
      readonly tenantId: string
      readonly keyId: string
      /** False for test keys. */
      readonly billed: boolean
    }

/** What an event is looked at with. */
export interface Placing {
  readonly sender: EventSender
  /** Of the tenant it names. */
  readonly facts: TenantFacts
  readonly meters: readonly Meter[]
  readonly dimensions: readonly Dimension[]
  readonly nowMs: number
  /** The periods that are closed: what happened in one is billed by the next invoice, as an adjustment. */
  readonly closed: readonly Period[]
}

/**
 * Finds whose an event is, when it counts, under which plan, and on which meters; or why it may not.
 *
 * Up to five minutes ahead is a clock that is wrong; more is refused. A day late is flagged. What happened in
 * a closed period counts when it happened: the invoice stays as it is, the next one has the difference.
 */
export function placeEvent(event: IncomingEvent, placing: Placing): Countable | EventFault {
  const { sender, facts, meters, dimensions, nowMs, closed } = placing
  if (sender.kind === 'operator' && event.tenant === undefined) return invalid('tenant_id is missing')
  const { tenant } = facts
  if (sender.kind === 'tenant' && tenant?.id !== sender.tenantId) return FOREIGN
  if (tenant === undefined) return unknownTenant(event.tenant ?? '')
  const happenedMs = event.timestampMs ?? event.keptSinceMs ?? nowMs
  if (happenedMs > nowMs + AHEAD_MS_MAX)
    return invalid('timestamp is more than five minutes ahead of the clock of gatez')
  const match = matchMeters(event, meters, { mayLower: sender.kind === 'operator' })
  if ('fault' in match) return match
  const subscription = subscriptionAt(facts, happenedMs)
  const usage: UsageFields = {
    ...NO_CALL,
    timestampMs: happenedMs,
    tenantId: tenant.id,
    keyId: sender.kind === 'tenant' ? sender.keyId : '',
    planId: subscription?.planId ?? '',
    planVersion: subscription?.planVersion ?? 0,
    subscriptionId: subscription?.id ?? '',
    endpoint: event.metric,
    billable: sender.kind === 'operator' || sender.billed,
    quantities: match.quantities,
    dimensions: dimensionsOf(event, dimensions),
    requestId: event.id,
  }
  return {
    tenantId: tenant.id,
    source: event.source,
    id: event.id,
    hash: event.hash,
    matched: Object.keys(match.quantities),
    late: nowMs - happenedMs > LATE_MS,
    adjustment: closed.some(({ startMs, endMs }) => startMs <= happenedMs && happenedMs < endMs),
    usage,
  }
}

/** Whether an event was refused before it got any further. */
export function isFault<Other extends object>(event: Other | EventFault): event is EventFault {
  return 'fault' in event
}

const AHEAD_MS_MAX = 5 * 60_000
const LATE_MS = 24 * 60 * 60_000

/** The fields of a usage event that only calls have. An event is no request: it counts 0 of them. */
const NO_CALL = {
  apiId: '',
  routeId: '',
  method: '',
  statusCode: 0,
  outcome: 'ok',
  refusal: '',
  responseTimeMs: 0,
  bytesSent: 0,
  bytesReceived: 0,
  usageUnits: 0,
  clientIp: '',
  source: 'api',
  count: 0,
} as const

/** Scalars only, as with meters; what cannot be a value becomes one that says so. */
function dimensionsOf({ properties }: IncomingEvent, declared: readonly Dimension[]): Dimensions {
  const found: Record<string, string> = {}
  for (const { id, from, name } of declared) {
    if (from !== 'event' || !Object.hasOwn(properties, name)) continue
    const property = properties[name]
    const text = property instanceof JsonNumber ? property.text : property
    const value = typeof text === 'string' ? dimensionValue(text) : undefined
    if (value !== undefined) found[id] = value
  }
  return found
}

const FOREIGN: EventFault = {
  code: 'foreign-tenant',
  fault: 'tenant_id names another tenant; a key reports usage of its own tenant only',
}

function unknownTenant(name: string): EventFault {
  const fault = `there is no tenant ${JSON.stringify(name)}; the event is kept and listed (gatez usage leaks)`
  return { code: 'unknown-tenant', fault }
}
