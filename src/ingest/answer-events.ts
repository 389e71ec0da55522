import { isoTime } from '../lib/iso-time.ts'
import type { EventOutcome } from './event-outcome.ts'
import type { EventFault, IncomingEvent } from './incoming-event.ts'
import type { EventsAnswer } from './ingest-messages.ts'
import { isFault } from './place-event.ts'

/** What a sender learns of an event; the names are stable. */
export interface EventResult {
  readonly status: 'accepted' | 'duplicate' | 'failed'
  /** Its id in the usage log; null where it is not counted. */
  readonly id: string | null
  readonly duplicate: boolean
  readonly tenant_id: string | null
  readonly source: string
  readonly idempotency_key: string | null
  /** The meters that took it. */
  readonly matched: readonly string[]
  /** More than a day old when it came. */
  readonly late: boolean
  /** Of a closed period: the next invoice has it as an adjustment. */
  readonly adjustment: boolean
  readonly received_at: string | null
  readonly warning?: string
  /** Why it failed: a code of the catalogue. */
  readonly code?: string
  readonly detail?: string
}

/** The answer to one event by itself: 202 when it is new, 200 when it came before, else its problem. */
export function answerOne(event: IncomingEvent | EventFault, outcome: EventOutcome): EventsAnswer {
  if (outcome.kind === 'refused') return problem(outcome.code, sentence(outcome.fault), {})
  const result = resultOf(event, outcome)
  return { kind: 'answer', status: result.duplicate ? 200 : 202, json: JSON.stringify(result) }
}

/**
 * The answer to several: what came of each, in their order. 207 when some failed, and a problem when all did,
 * so that no one who looks at the status alone takes a loss for a success.
 */
export function answerMany(
  events: readonly (IncomingEvent | EventFault)[],
  outcomes: readonly EventOutcome[],
): EventsAnswer {
  const results = outcomes.map((outcome, index) => {
    const { status, ...rest } = resultOf(events[index] ?? NO_EVENT, outcome)
    return { index, status, ...rest }
  })
  const count = (status: EventResult['status']): number =>
    results.filter((result) => result.status === status).length
  const counts = { accepted: count('accepted'), duplicates: count('duplicate'), failed: count('failed') }
  if (counts.failed === results.length) {
    const [first] = results
    const detail = `None of the ${results.length} events was accepted; the first: ${first?.detail ?? ''}`
    return problem('invalid-event', detail, { ...counts, results })
  }
  const status = counts.failed > 0 ? 207 : counts.accepted > 0 ? 202 : 200
  return { kind: 'answer', status, json: JSON.stringify({ ...counts, results }) }
}

/** What a sender learns of one event. */
export function resultOf(event: IncomingEvent | EventFault, outcome: EventOutcome): EventResult {
  const named = isFault(event) ? NOT_READ : { source: event.source, idempotency_key: event.id }
  const none = { id: null, duplicate: false, ...NOTHING, ...named }
  if (outcome.kind === 'refused') {
    const tenant_id = isFault(event) ? null : (event.tenant ?? null)
    return { status: 'failed', ...none, tenant_id, code: outcome.code, detail: sentence(outcome.fault) }
  }
  const duplicate = !outcome.isNew
  const status = duplicate ? 'duplicate' : 'accepted'
  if (outcome.kind === 'unmatched') {
    return { status, ...none, duplicate, tenant_id: outcome.tenantId, warning: UNMATCHED }
  }
  const { taken } = outcome
  return {
    status,
    id: taken.eventId,
    duplicate,
    tenant_id: taken.tenantId,
    ...named,
    matched: taken.matched,
    late: taken.late,
    adjustment: taken.adjustment,
    received_at: isoTime(taken.receivedAtMs),
  }
}

/** A problem for a whole request. */
export function problem(
  code: Extract<EventsAnswer, { kind: 'problem' }>['code'],
  detail: string,
  extra: Readonly<Record<string, unknown>> = {},
  retryAfterS: number | null = null,
): EventsAnswer {
  return { kind: 'problem', code, detail, extra, retryAfterS }
}

/** Faults begin with the name of a field, which keeps its form. */
function sentence(fault: string): string {
  return `The event was not accepted: ${fault}.`
}

const NOT_READ = { source: '', idempotency_key: null }

const NOTHING = {
  tenant_id: null,
  matched: [],
  late: false,
  adjustment: false,
  received_at: null,
} as const

const NO_EVENT: EventFault = { code: 'invalid-event', fault: '' }

const UNMATCHED =
  'No meter takes this metric: the event is kept and not counted. Once one does, send it again, or run gatez usage leaks --retry.'
