import { z } from '@hono/zod-openapi'
import { GatezError } from '../../errors/gatez-error.ts'
import { isoTime, parseIsoTime } from '../../lib/iso-time.ts'
import { type EventView, viewEvent } from '../../metering/event-view.ts'
import type { Explanation } from '../../metering/explain-call.ts'
import { type KeyUse, keyUse } from '../../metering/key-use.ts'
import type { CallPlace } from '../../metering/list-calls.ts'
import { viewUsageReport } from '../../metering/usage-view.ts'
import { MEMBER_ROLES } from '../../model/tenant.ts'
import { mine } from '../mine.ts'
import { operation } from '../operation.ts'
import { cursorOf, pageFrom, readCursor } from '../page.ts'
import { anyObject, flag, pageOf, paging, words } from '../schemas.ts'
import { table } from '../streams.ts'
import { EXAMPLES } from './examples.ts'

const ALL = { by: 'member', roles: MEMBER_ROLES } as const
const DAY_MS = 86_400_000
const USE_DAYS = 30
const PAGE = 50

const query = {
  month: words(20).optional(),
  from: words(40).optional(),
  to: words(40).optional(),
  tz: words(60).optional(),
  by: words(400).optional(),
  meters: words(4_000).optional(),
}

const myUsage = operation({
  id: 'myUsage',
  method: 'get',
  path: '/api/portal/v1/usage',
  tag: 'portal',
  summary: 'What the organisation used, from the ledger, broken down as asked.',
  access: ALL,
  input: z.object(query),
  answer: z.looseObject({ from: z.string(), to: z.string(), rows: z.array(z.looseObject({})) }),
  example: { input: { month: '2026-03', by: 'day' }, answer: EXAMPLES.report },
  handle: async (asking, asked) =>
    viewUsageReport(await asking.cases.usageReport({ ...asked, tenant: mine(asking).tenantId })),
})

const exportMyUsage = operation({
  id: 'exportMyUsage',
  method: 'get',
  path: '/api/portal/v1/usage/export',
  tag: 'portal',
  summary: 'The same as CSV or JSON lines: the file of gatez usage export for the organisation.',
  access: ALL,
  input: z.object({ ...query, format: z.enum(['csv', 'jsonl']).default('csv') }),
  answer: undefined,
  download: 'text/csv',
  example: { input: { month: '2026-03' }, answer: 'period_start,period_end,tenant_id,…\n' },
  handle: async ({ cases, parts, ...asking }, { format, ...asked }) => {
    const meterIds = parts.config().meters.map(({ id }) => id)
    const { tenantId: tenant } = mine({ ...asking, cases, parts })
    return table(await cases.usageStream({ ...asked, tenant }), { format, meterIds })
  },
})

const myLatency = operation({
  id: 'myLatency',
  method: 'get',
  path: '/api/portal/v1/usage/latency',
  tag: 'portal',
  summary: 'How long the calls of the organisation took, as a whole or by key or route.',
  access: ALL,
  input: z.object({
    ...{ month: query.month, from: query.from, to: query.to },
    by: z.enum(['tenant', 'key', 'route']).default('tenant'),
  }),
  answer: z.looseObject({ from: z.string(), to: z.string(), rows: z.array(z.looseObject({})) }),
  example: {
    input: { month: '2026-03' },
    answer: { from: EXAMPLES.report.from, to: EXAMPLES.report.to, rows: [] },
  },
  handle: (asking, asked) => asking.evidence.latency({ ...asked, tenant: mine(asking).tenantId }),
})

const myCalls = operation({
  id: 'myCalls',
  method: 'get',
  path: '/api/portal/v1/calls',
  tag: 'portal',
  summary: 'Single calls of the organisation, newest first, as long as they are kept.',
  access: ALL,
  input: z.object({
    ...paging,
    from: words(40).optional().openapi({ description: 'ISO 8601; the last seven days if not given.' }),
    to: words(40).optional(),
    key: words(200).optional(),
    route: words(200).optional(),
    subscription: words(200).optional(),
    status: z.enum(['1xx', '2xx', '3xx', '4xx', '5xx']).optional(),
    billable: flag,
  }),
  answer: pageOf(anyObject<EventView>('Call')),
  example: { input: { status: '4xx' }, answer: { data: [EXAMPLES.event], next: null } },
  handle: async (asking, { from, to, limit, cursor, key, route, subscription, status, billable }) => {
    const nowMs = asking.clock.nowMs()
    const { calls, next } = await asking.evidence.listCalls({
      tenantId: mine(asking).tenantId,
      fromMs: from === undefined ? nowMs - 7 * DAY_MS : momentOf('from', from),
      toMs: to === undefined ? nowMs + DAY_MS : momentOf('to', to),
      limit: Number(limit ?? PAGE),
      before: cursor === undefined ? undefined : placeIn(cursor),
      ...{ keyId: key, routeId: route, subscriptionId: subscription },
      statusClass: status === undefined ? undefined : Number(status[0]),
      billable: billable === undefined ? undefined : billable === 'true',
    })
    const place = next === undefined ? null : cursorOf(`${next.timestampMs} ${next.id}`)
    return { data: calls.map(viewEvent), next: place }
  },
})

const myCall = operation({
  id: 'myCall',
  method: 'get',
  path: '/api/portal/v1/calls/{id}',
  tag: 'portal',
  summary: 'Explain a call of the organisation: why it was refused, billed or not.',
  access: ALL,
  input: z.object({ id: words(200).min(1) }),
  answer: anyObject<Explanation & { readonly others: readonly string[] }>('Explanation'),
  errors: ['not-found'],
  example: {
    input: { id: EXAMPLES.event.id },
    answer: { call: EXAMPLES.event, verdict: 'billed', because: 'The status counts.', others: [] },
  },
  handle: async (asking, { id }) => {
    try {
      return await asking.evidence.why(id, mine(asking).tenantId)
    } catch (error) {
      if (!(error instanceof GatezError) || error.code !== 'not-found') throw error
      const detail = 'Your organisation has no such call. A call is there about a second after its answer.'
      throw new GatezError('not-found', detail)
    }
  },
})

const myKeyUse = operation({
  id: 'myKeyUse',
  method: 'get',
  path: '/api/portal/v1/key-use',
  tag: 'portal',
  summary: 'What each key of the organisation was used for in the last thirty days, and when last.',
  access: ALL,
  input: z.object(paging),
  answer: pageOf(anyObject<KeyUse>('KeyUse')),
  example: {
    input: {},
    answer: {
      data: [
        {
          ...{ key_id: EXAMPLES.key.id, requests: 12, billable: 10, refused: 2 },
          last_used_at: '2026-03-10T12:00:00.000Z',
        },
      ],
      next: null,
    },
  },
  handle: async (asking, page) => {
    const toMs = asking.clock.nowMs()
    const span = { tenantId: mine(asking).tenantId, fromMs: toMs - USE_DAYS * DAY_MS, toMs }
    const used = await keyUse(asking.store.ledger, span)
    const sorted = used.toSorted((a, b) => (a.key_id < b.key_id ? -1 : 1))
    return pageFrom(sorted, page, ({ key_id: id }) => id)
  },
})

/** What is offered about usage to members. */
export const MY_CALL_OPERATIONS = { myUsage, exportMyUsage, myLatency, myCalls, myCall, myKeyUse }

function momentOf(name: string, text: string): number {
  const ms = parseIsoTime(text)
  if (ms !== undefined) return ms
  const example = isoTime(Date.UTC(2026, 2, 1))
  throw new GatezError('invalid-parameter', `${name} must be a moment such as ${example}.`)
}

function placeIn(cursor: string): CallPlace {
  const [ms = '', id = ''] = readCursor(cursor).split(' ')
  if (/^\d{1,15}$/.test(ms) && id !== '') return { timestampMs: Number(ms), id }
  throw new GatezError('invalid-parameter', 'cursor is none that next ever said; begin without one.')
}
