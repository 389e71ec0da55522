import { z } from '@hono/zod-openapi'
import { operation } from '../operation.ts'
import { pageFrom } from '../page.ts'
import { count, pageOf, paging, tenantName, words } from '../schemas.ts'

const READ = { by: 'operator', scope: 'read' } as const
const NOON = '2026-03-10T12:00:00.000Z'

const limit = z
  .looseObject({
    tenant_id: z.string(),
    limit: z.string(),
    counts: z.string(),
    amount: z.number(),
    used: z.number(),
    resets_at: z.string(),
  })
  .openapi('LimitNow')

const limitsNow = operation({
  id: 'limitsNow',
  method: 'get',
  path: '/api/v1/now/limits',
  tag: 'now',
  summary: 'Say how full the limits of tenants are, by the counters that refuse.',
  description: 'Limits that all calls of a tenant share. null where no gateway runs that could say.',
  access: READ,
  input: z.object({
    tenants: words(10_000).openapi({ description: 'Ids of tenants, at most 100, with commas between.' }),
  }),
  answer: z.object({ data: z.array(limit).nullable() }),
  errors: ['not-found'],
  example: {
    input: { tenants: 'acme,beta' },
    answer: {
      data: [
        {
          ...{ tenant_id: 'acme', limit: 'tenant-day', counts: 'requests', amount: 100, used: 12 },
          resets_at: NOON,
        },
      ],
    },
  },
  handle: async ({ parts }, { tenants }) => {
    const names = tenants.split(',').filter((name) => name !== '')
    return { data: (await parts.now.limits(names.slice(0, TENANTS_MAX))) ?? null }
  },
})

const TENANTS_MAX = 100

const listQuotas = operation({
  id: 'listQuotas',
  method: 'get',
  path: '/api/v1/now/quotas',
  tag: 'now',
  summary:
    'Say how far quotas are used in the periods that run now, by the ledger, and what was told of them.',
  access: READ,
  input: z.object({ ...paging, tenant: tenantName.optional() }),
  answer: pageOf(z.looseObject({ tenant_id: z.string(), quota: z.string(), used: z.string() })),
  errors: ['not-found'],
  example: {
    input: { tenant: 'acme' },
    answer: {
      data: [
        {
          ...{ tenant_id: 'acme', plan: 'free', quota: 'calls-month', meter: 'calls', used: '812' },
          ...{ included: '1000', percent: '81', on_exceed: 'block', told: [80] },
          ...{ from: '2026-03-01T00:00:00.000Z', to: '2026-04-01T00:00:00.000Z' },
        },
      ],
      next: null,
    },
  },
  handle: async ({ cases }, { tenant, limit: most = '1000', cursor }) => {
    const rows = await cases.listQuotas({ tenant })
    const places = new Map(rows.map((row, index) => [row, String(index).padStart(9, '0')]))
    return pageFrom(rows, { limit: most, cursor }, (row) => places.get(row) ?? '')
  },
})

const listDegraded = operation({
  id: 'listDegraded',
  method: 'get',
  path: '/api/v1/now/degraded',
  tag: 'now',
  summary: 'List calls that were decided while the shared counters were out of reach, the newest first.',
  access: READ,
  input: z.object({ tenant: tenantName.optional(), limit: count(100_000).default('100') }),
  answer: z.object({
    rows: z.array(z.looseObject({ tenant_id: z.string(), admitted: z.number(), refused: z.number() })),
  }),
  errors: ['not-found'],
  example: {
    input: {},
    answer: {
      rows: [
        {
          ...{ from: NOON, to: NOON, tenant_id: 'acme', mode: 'local', admitted: 3, refused: 0 },
          node_id: 'node_2f6k8m0q1r3t5w7x9z2b',
        },
      ],
    },
  },
  handle: async ({ cases }, { tenant, limit: most }) => {
    const { rows } = await cases.listDegraded({ tenant, limit: Math.max(1, Number(most)) })
    return { rows: [...rows] }
  },
})

const health = operation({
  id: 'health',
  method: 'get',
  path: '/api/v1/now/health',
  tag: 'now',
  summary: 'Look at everything gatez needs, as gatez doctor does: what is well, what is not, what to do.',
  access: READ,
  input: z.object({}),
  answer: z.object({
    findings: z.array(
      z
        .object({
          check: z.string(),
          verdict: z.enum(['ok', 'warning', 'failure']),
          detail: z.string(),
          fix: z.string().nullable(),
        })
        .openapi('Finding'),
    ),
  }),
  example: {
    input: {},
    answer: { findings: [{ check: 'tenants', verdict: 'ok', detail: '3, all with a plan', fix: null }] },
  },
  handle: async ({ parts }) => ({ findings: [...(await parts.now.health())] }),
})

const storeSchema = operation({
  id: 'storeSchema',
  method: 'get',
  path: '/api/v1/now/schema',
  tag: 'now',
  summary: 'Say which schema the control store has, and what is to come; a password is never shown.',
  access: READ,
  input: z.object({}),
  answer: z
    .object({
      driver: z.enum(['sqlite', 'postgres']),
      place: z.string(),
      schema: z.number().int(),
      schema_known: z.number().int(),
      pending: z.array(z.string()),
    })
    .openapi('StoreSchema'),
  example: {
    input: {},
    answer: { driver: 'sqlite', place: '.gatez/gatez.db', schema: 15, schema_known: 15, pending: [] },
  },
  handle: async ({ parts }) => {
    const { pending, ...found } = await parts.now.schema()
    return { ...found, pending: [...pending] }
  },
})

const myAccess = operation({
  id: 'myAccess',
  method: 'get',
  path: '/api/v1/now/access',
  tag: 'tokens',
  summary: 'Say who asks, and what that may do.',
  access: READ,
  input: z.object({}),
  answer: z.object({ actor: z.string(), scopes: z.array(z.string()) }),
  example: { input: {}, answer: { actor: 'token:tok_2f6k8m0q1r3t5w7x9z2b', scopes: ['read'] } },
  handle: async ({ principal, actor }) => ({
    actor,
    scopes: principal.kind === 'token' ? [...principal.scopes] : ['owner'],
  }),
})

const trafficNow = operation({
  id: 'trafficNow',
  method: 'get',
  path: '/api/v1/now/traffic',
  tag: 'now',
  summary:
    'Say what goes through the gateway now: requests a minute, times, errors, and how much of it is metered.',
  description:
    'Counted as answers end, not estimated: metered_percent is events that are durable, of answers that were ' +
    'complete. null where no gateway runs.',
  access: READ,
  input: z.object({}),
  answer: z.object({ traffic: z.looseObject({ at: z.string(), completed: z.number() }).nullable() }),
  example: {
    input: {},
    answer: {
      traffic: {
        ...{ at: NOON, since: NOON, completed: 14_203, metered: 14_203, metered_percent: '100' },
        ...{
          refused: 12,
          open: 3,
          statuses: { '2xx': 14_180, '4xx': 12, '5xx': 11 },
          per_second: [230, 241],
        },
        last_minute: {
          ...{ requests: 14_215, refused: 12, errors: 11, errors_percent: '0.07' },
          ...{ p50_ms: 1.1, p95_ms: 4.2, p99_ms: 9.9, refusals: { 'rate-limited': 12 } },
        },
      },
    },
  },
  handle: async ({ parts }) => ({ traffic: (await parts.now.traffic()) ?? null }),
})

/** What is offered about the present. */
export const NOW_OPERATIONS = {
  trafficNow,
  limitsNow,
  listQuotas,
  listDegraded,
  health,
  storeSchema,
  myAccess,
}
