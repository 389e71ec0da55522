import { z } from '@hono/zod-openapi'
import { LEAK_KINDS } from '../../model/leak-kind.ts'
import { operation } from '../operation.ts'
import { tenantName, words } from '../schemas.ts'
import { jsonLines } from '../streams.ts'
import { EXAMPLES } from './examples.ts'

const READ = { by: 'operator', scope: 'read' } as const

const time = z.string().openapi({ format: 'date-time' })
const span = { month: words(20).optional(), from: words(40).optional(), to: words(40).optional() }
const place = z.number().int().min(1).max(999_999_999)

const figure = {
  ...span,
  tenant: tenantName.optional(),
  key: words(200).optional(),
  route: words(200).optional(),
  meter: words(200).default('calls'),
  line: z
    .object({ invoice: words(200), line: place })
    .optional()
    .openapi({ description: 'A line of an invoice, in place of all the others.' }),
  csv: z
    .object({ file: words(1_000), line: place, text: z.string() })
    .optional()
    .openapi({ description: 'A row of a CSV export: the file as text, and the line.' }),
}

const explainUsage = operation({
  id: 'explainUsage',
  isRepeatable: true,
  method: 'post',
  path: '/api/v1/usage/explain',
  tag: 'usage',
  summary: 'Open a figure: the buckets it is the sum of, and the events behind it.',
  access: READ,
  input: z.object(figure),
  answer: z
    .looseObject({
      ...{ meter: z.string(), from: time, to: time, quantity: z.string(), stated: z.string().nullable() },
      buckets: z.array(z.looseObject({ start: time, quantity: z.string() })),
      ...{ events_total: z.number().int(), events_quantity: z.string(), equal: z.boolean() },
    })
    .openapi('ExplainedFigure'),
  errors: ['not-found'],
  example: {
    input: { tenant: 'acme', month: '2026-03' },
    answer: {
      ...{ meter: 'calls', from: EXAMPLES.report.from, to: EXAMPLES.report.to, tenant_id: 'acme' },
      ...{ key_id: null, route_id: null, api_id: null, plan_id: null, dimensions: {} },
      ...{ quantity: '12', stated: null },
      buckets: [{ start: '2026-03-10T12:00:00.000Z', quantity: '12' }],
      ...{ events_total: 12, events_quantity: '12', events: [], equal: true, forgotten_before: null },
    },
  },
  handle: ({ evidence }, asked) => evidence.explain(asked),
})

const explainEvents = operation({
  id: 'explainEvents',
  isRepeatable: true,
  method: 'post',
  path: '/api/v1/usage/explain/events',
  tag: 'usage',
  summary: 'Every event behind a figure, a JSON line each.',
  access: READ,
  input: z.object(figure),
  answer: undefined,
  download: 'application/x-ndjson',
  errors: ['not-found'],
  example: { input: { tenant: 'acme', month: '2026-03' }, answer: `{"id":"${EXAMPLES.event.id}",…}\n` },
  handle: ({ evidence }, asked) => jsonLines((each) => evidence.eachBehind(asked, each)),
})

const eventTrail = operation({
  id: 'eventTrail',
  method: 'get',
  path: '/api/v1/usage/events/{event}',
  tag: 'usage',
  summary: 'Show the way of an event: received, deduplicated, spooled, shipped, rated.',
  access: READ,
  input: z.object({ event: z.string().min(1).max(300).openapi({ example: EXAMPLES.event.id }) }),
  answer: z
    .looseObject({ event: z.looseObject({ id: z.string() }), received_at: time, answered_at: time })
    .openapi('EventTrail'),
  errors: ['not-found'],
  example: {
    input: { event: EXAMPLES.event.id },
    answer: {
      ...{ event: EXAMPLES.event, part: 1, parts: 1 },
      ...{ received_at: '2026-03-10T11:59:59.988Z', answered_at: EXAMPLES.event.timestamp },
    },
  },
  handle: ({ evidence }, { event }) => evidence.trail(event),
})

const voidEvent = operation({
  id: 'voidEvent',
  isRepeatable: true,
  method: 'post',
  path: '/api/v1/usage/events/{event}/void',
  tag: 'usage',
  summary:
    'Take back a billed call or event, by an adjustment: nothing written is changed, and it holds once.',
  access: { by: 'operator', scope: 'billing' },
  input: z.object({
    event: z.string().min(1).max(300).openapi({ example: EXAMPLES.event.id }),
    reason: words(),
  }),
  answer: z
    .looseObject({
      ...{ id: z.string(), event_id: z.string(), adjustment_event_id: z.string(), tenant_id: z.string() },
      ...{ reason: z.string(), actor: z.string(), at: time, counts_at: time, already: z.boolean() },
    })
    .openapi('VoidedEvent'),
  errors: ['not-found', 'wrong-state'],
  example: {
    input: { event: EXAMPLES.event.id, reason: 'outage of 3 March' },
    answer: {
      ...{ id: 'adj_2f6k8m0q1r3t5w7x9z2b', event_id: EXAMPLES.event.id },
      ...{ adjustment_event_id: '01KKBSWHG0SEB9A0010000Y5WX', parts: 1, tenant_id: 'acme' },
      ...{ reason: 'outage of 3 March', actor: 'token:tok_2f6k8m0q1r3t5w7x9z2b' },
      ...{ at: EXAMPLES.event.timestamp, counts_at: EXAMPLES.event.timestamp, usage_units: 1 },
      ...{ quantities: {}, kept_meters: [], already: false },
    },
  },
  handle: ({ evidence, actor }, asked) => evidence.voidEvent({ ...asked, actor }),
})

const leakedEvents = operation({
  id: 'leakedEvents',
  method: 'get',
  path: '/api/v1/usage/leaks/events',
  tag: 'usage',
  summary: 'Every event that may be missing on a bill, a JSON line each.',
  access: READ,
  input: z.object({ ...span, tenant: tenantName.optional(), kind: z.enum(LEAK_KINDS).optional() }),
  answer: undefined,
  download: 'application/x-ndjson',
  errors: ['not-found'],
  example: { input: { kind: 'unpriced' }, answer: `{"kind":"unpriced","id":"${EXAMPLES.event.id}",…}\n` },
  handle: ({ evidence }, asked) => jsonLines((each) => evidence.eachLeak(asked, each)),
})

const limitsHit = operation({
  id: 'limitsHit',
  method: 'get',
  path: '/api/v1/usage/refusals',
  tag: 'usage',
  summary:
    'Say what was refused and why, by tenant, key and route: limits hit, quotas used up, keys not accepted.',
  description: 'Of the last hour if no span is named. most first.',
  access: READ,
  input: z.object({ ...span, tenant: tenantName.optional() }),
  answer: z
    .looseObject({
      ...{ from: time, to: time },
      rows: z.array(
        z.looseObject({
          ...{ tenant_id: z.string(), key_id: z.string(), route_id: z.string() },
          ...{ refusal: z.string(), requests: z.number().int() },
        }),
      ),
    })
    .openapi('Refusals'),
  errors: ['not-found'],
  example: {
    input: { tenant: 'acme' },
    answer: {
      ...{ from: '2026-03-10T11:00:00.000Z', to: '2026-03-10T12:00:00.000Z' },
      rows: [
        {
          ...{ tenant_id: 'acme', key_id: EXAMPLES.key.id, route_id: 'search' },
          ...{ refusal: 'rate-limited', requests: 17 },
        },
      ],
    },
  },
  handle: ({ evidence }, asked) => evidence.refusals(asked),
})

/** What is offered to open figures, prove them and take single events back. */
export const EVIDENCE_OPERATIONS = {
  explainUsage,
  explainEvents,
  eventTrail,
  voidEvent,
  leakedEvents,
  limitsHit,
}
