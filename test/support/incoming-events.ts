import { readEvent } from '../../src/ingest/read-event.ts'
import { parseExactJson } from '../../src/lib/exact-json.ts'
import type { Meter } from '../../src/model/meter.ts'

/** A meter that takes events; `overrides` say what differs. */
export function eventMeter(id: string, overrides: Partial<Meter> = {}): Meter {
  return { id, aggregation: 'sum', from: 'event', field: '', routes: 'all', countStatuses: [], ...overrides }
}

/** The event of the first example of all, with what differs; undefined takes a field out. */
export function eventJson(overrides: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    tenant_id: 'acme',
    metric: 'compute_ms',
    value: 145,
    idempotency_key: 'txn_009912',
    ...overrides,
  })
}

/** The same, read. */
export function incoming(overrides: Readonly<Record<string, unknown>> = {}) {
  return readEvent(parseExactJson(eventJson(overrides)))
}
