import { z } from '@hono/zod-openapi'
import { viewUsageReport } from '../../metering/usage-view.ts'
import { LEAK_KINDS } from '../../model/leak-kind.ts'
import { operation } from '../operation.ts'
import { count, flag, keyId, tenantName, words } from '../schemas.ts'
import { calls, table } from '../streams.ts'
import { EXAMPLES } from './examples.ts'

const READ = { by: 'operator', scope: 'read' } as const

const span = {
  month: words(20).optional().openapi({ description: 'A calendar month, as 2026-03.' }),
  from: words(40).optional().openapi({ description: 'A day or a moment.' }),
  to: words(40).optional().openapi({ description: 'Up to but without it.' }),
  tz: words(60).optional().openapi({ description: 'An IANA time zone.' }),
}

const query = {
  ...span,
  by: words(400).optional().openapi({ description: 'Columns with commas between, as tenant,day.' }),
  meters: words(4_000).optional(),
  tenant: tenantName.optional(),
}

const MARCH = { month: '2026-03' }

const reportSchema = z
  .looseObject({
    from: z.string(),
    to: z.string(),
    rows: z.array(z.looseObject({})),
    total: z.looseObject({ requests: z.number() }),
  })
  .openapi('UsageReport')

const usageReport = operation({
  id: 'usageReport',
  method: 'get',
  path: '/api/v1/usage/report',
  tag: 'usage',
  summary: 'Say what was used, from the ledger, broken down as asked.',
  access: READ,
  input: z.object(query),
  answer: reportSchema,
  errors: ['not-found'],
  example: { input: { ...MARCH, by: 'tenant' }, answer: EXAMPLES.report },
  handle: async ({ cases }, asked) => viewUsageReport(await cases.usageReport(asked)),
})

const usageTable = operation({
  id: 'usageTable',
  method: 'get',
  path: '/api/v1/usage/table',
  tag: 'usage',
  summary: 'The same report with its columns in order and the period of each row.',
  access: READ,
  input: z.object(query),
  answer: z.looseObject({ report: z.looseObject({ columns: z.array(z.string()) }) }),
  errors: ['not-found'],
  example: {
    input: MARCH,
    answer: { report: { columns: ['tenant_id', 'tenant_name'], rows: [] }, meter_ids: [] },
  },
  handle: async ({ cases, parts }, asked) => ({
    report: await cases.usageReport(asked),
    meter_ids: parts.config().meters.map(({ id }) => id),
  }),
})

const exportUsage = operation({
  id: 'exportUsage',
  method: 'get',
  path: '/api/v1/usage/export',
  tag: 'usage',
  summary: 'The report as CSV or JSON lines; text in it never runs as a formula.',
  access: READ,
  input: z.object({ ...query, format: z.enum(['csv', 'jsonl']).default('csv') }),
  answer: undefined,
  download: 'text/csv',
  errors: ['not-found'],
  example: { input: MARCH, answer: 'period_start,period_end,tenant_id,…\n' },
  handle: async ({ cases, parts }, { format, ...asked }) => {
    const meterIds = parts.config().meters.map(({ id }) => id)
    return table(await cases.usageStream(asked), { format, meterIds })
  },
})

const usageLeaks = operation({
  id: 'usageLeaks',
  method: 'get',
  path: '/api/v1/usage/leaks',
  tag: 'usage',
  summary: 'List what may be missing on the bills, and why.',
  access: READ,
  input: z.object({ ...span, tenant: tenantName.optional(), kind: z.enum(LEAK_KINDS).optional() }),
  answer: z.looseObject({ from: z.string(), to: z.string(), total: z.number() }),
  errors: ['not-found'],
  example: {
    input: MARCH,
    answer: { from: EXAMPLES.report.from, to: EXAMPLES.report.to, rows: [], total: 0 },
  },
  handle: ({ evidence }, asked) => evidence.usageLeaks(asked),
})

const usageLatency = operation({
  id: 'usageLatency',
  method: 'get',
  path: '/api/v1/usage/latency',
  tag: 'usage',
  summary: 'Show how long calls took, by tenant, key or route: the slowest first.',
  access: READ,
  input: z
    .object({ ...span, by: words(100).default('route'), tenant: tenantName.optional() })
    .omit({ tz: true }),
  answer: z.looseObject({ from: z.string(), to: z.string(), rows: z.array(z.looseObject({})) }),
  errors: ['not-found'],
  example: {
    input: MARCH,
    answer: { from: EXAMPLES.report.from, to: EXAMPLES.report.to, rows: [] },
  },
  handle: ({ evidence }, asked) => evidence.latency(asked),
})

const tailUsage = operation({
  id: 'tailUsage',
  method: 'get',
  path: '/api/v1/usage/tail',
  tag: 'usage',
  summary: 'The last calls, a JSON line each, then each new one within about a second.',
  access: READ,
  input: z.object({
    tenant: tenantName.optional(),
    key: keyId.optional(),
    route: words(200).optional(),
    status: words(200).optional(),
    last: count(10_000).default('10'),
    look_back: count(200_000)
      .optional()
      .openapi({ description: 'How many events before now are looked through; 200000 if not given.' }),
    follow: z.enum(['true', 'false']).default('false'),
    parts: z.enum(['ends']).optional(),
  }),
  answer: undefined,
  download: 'application/x-ndjson',
  errors: ['not-found'],
  example: { input: { tenant: 'acme', last: '50' }, answer: `${JSON.stringify(EXAMPLES.event)}\n` },
  handle: ({ evidence, signal }, { last, follow, look_back: lookBack, ...asked }) =>
    calls(
      evidence.tailUsage({
        ...asked,
        last: Number(last),
        ...(lookBack !== undefined && { lookBack: Number(lookBack) }),
        ...{ follow: follow === 'true', signal },
      }),
    ),
})

const why = operation({
  id: 'why',
  method: 'get',
  path: '/api/v1/usage/calls/{id}',
  tag: 'usage',
  summary: 'Explain a call: why it was refused, billed or not.',
  access: READ,
  input: z.object({ id: z.string().min(1).max(300).openapi({ example: EXAMPLES.event.request_id }) }),
  answer: z.looseObject({
    call: z.looseObject({ id: z.string() }),
    verdict: z.string(),
    because: z.string(),
  }),
  errors: ['not-found'],
  example: {
    input: { id: EXAMPLES.event.request_id },
    answer: {
      ...{ call: EXAMPLES.event, verdict: 'billed', because: 'Its status counts.', rule: null, limits: [] },
      ...{ frees_at: null, plans_that_pass: [], others: [] },
    },
  },
  handle: ({ evidence }, { id }) => evidence.why(id),
})

const reconcile = operation({
  id: 'reconcile',
  method: 'get',
  path: '/api/v1/usage/reconcile',
  tag: 'usage',
  summary: 'Count everything again, and hold every store against it.',
  access: READ,
  input: z.object({ ...span, tenant: tenantName.optional() }),
  answer: z.looseObject({ from: z.string(), to: z.string(), equal: z.boolean() }),
  errors: ['not-found'],
  example: {
    input: MARCH,
    answer: { from: EXAMPLES.report.from, to: EXAMPLES.report.to, equal: true, rows: [], differences: [] },
  },
  handle: ({ evidence }, asked) => evidence.reconcile(asked),
})

const tally = z
  .looseObject({ read: z.number(), accepted: z.number(), failed: z.number() })
  .openapi('FileTally')

const ingestEvents = operation({
  id: 'ingestEvents',
  isRepeatable: true,
  method: 'post',
  path: '/api/v1/usage/ingest',
  tag: 'usage',
  summary: 'Count the events of a file, each once: JSON lines, or one JSON array.',
  access: { by: 'operator', scope: 'events' },
  input: z.object({ from_line: count(999_999_999).default('1') }),
  answer: tally,
  upload: 'application/x-ndjson',
  example: { input: {}, answer: EXAMPLES.tally },
  handle: ({ evidence, body, actor, signal }, { from_line: from }) =>
    evidence.ingest(body, { actor, fromLine: Math.max(1, Number(from)), signal }),
})

const importUsage = operation({
  id: 'importUsage',
  isRepeatable: true,
  method: 'post',
  path: '/api/v1/usage/import',
  tag: 'usage',
  summary: 'Count the calls of a log that another program wrote, each once.',
  access: { by: 'operator', scope: 'events' },
  input: z.object({ source: words(256).default('import'), dry_run: flag }),
  answer: tally,
  upload: 'application/x-ndjson',
  example: { input: { dry_run: 'true' }, answer: EXAMPLES.tally },
  handle: ({ evidence, body, actor, signal }, { source, dry_run: dryRun }) =>
    evidence.importLog(body, { actor, fromLine: 1, signal, source, dryRun: dryRun === 'true' }),
})

const retryUnattributed = operation({
  id: 'retryUnattributed',
  isRepeatable: true,
  method: 'post',
  path: '/api/v1/usage/unattributed/retry',
  tag: 'usage',
  summary: 'Count what has a tenant and a meter by now.',
  access: { by: 'operator', scope: 'events' },
  input: z.object({}),
  answer: z.looseObject({ tried: z.number(), counted: z.number() }),
  example: { input: {}, answer: { tried: 2, counted: 2, conflicts: 0, left: 0 } },
  handle: ({ evidence }) => evidence.retryUnattributed(),
})

/** What is offered about usage. */
export const USAGE_OPERATIONS = {
  usageReport,
  usageTable,
  exportUsage,
  usageLatency,
  usageLeaks,
  tailUsage,
  why,
  reconcile,
  ingestEvents,
  importUsage,
  retryUnattributed,
}
