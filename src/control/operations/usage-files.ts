import { z } from '@hono/zod-openapi'
import { ACCOUNTING_FORMATS } from '../../billing/export/accounting-csv.ts'
import { INVOICE_STATES } from '../../model/invoice.ts'
import { invoiceRowSchema } from '../billing-schemas.ts'
import { operation } from '../operation.ts'
import { flag, tenantName, words } from '../schemas.ts'
import { jsonLines } from '../streams.ts'
import { READ_MONEY } from './billing.ts'
import { BILLING_EXAMPLES } from './billing-examples.ts'

const BILLING = { by: 'operator', scope: 'billing' } as const
const span = { month: words(20).optional(), from: words(40).optional(), to: words(40).optional() }
const batch = z.uuid().openapi({ description: 'Made by who asks: names this export.' })
const BATCH = '3f1c2a5e-8d47-4c7b-9a54-0e6d1b2c3f4a'

const accountingFiles = operation({
  id: 'accountingFiles',
  method: 'get',
  path: '/api/v1/invoices/accounting',
  tag: 'billing',
  summary: 'Invoices as QuickBooks or Xero import them, in as many files as these take.',
  access: READ_MONEY,
  input: z.object({
    ...{ ...span, tenant: tenantName.optional(), state: z.enum(INVOICE_STATES).optional() },
    format: z.enum(ACCOUNTING_FORMATS),
    all: flag.openapi({ description: 'All there are where no span is named, not those of this month.' }),
  }),
  answer: z.object({ invoices: z.array(invoiceRowSchema), files: z.array(z.string()) }),
  errors: ['not-found'],
  example: {
    input: { month: '2026-03', format: 'xero', all: 'true' },
    answer: { invoices: [BILLING_EXAMPLES.row], files: ['*ContactName,EmailAddress,…\r\n'] },
  },
  handle: async ({ desk }, { all, ...asked }) =>
    (await desk()).accountingFiles({ ...asked, all: all === 'true' }),
})

const takeMeterEvents = operation({
  id: 'takeMeterEvents',
  isRepeatable: true,
  method: 'post',
  path: '/api/v1/usage/meter-events',
  tag: 'usage',
  summary: 'Usage as events for Stripe, a JSON line each; the first line says how their meters are called.',
  description:
    'One for each tenant, meter and hour that nobody was given yet. They come again, with the same identifiers, until ' +
    'markMeterEvents says that they arrived. What is older than 35 days is no event, since Stripe does not take it: after ' +
    'the first line each such hour has a line with tooOld.',
  access: BILLING,
  input: z.object({
    ...{ ...span, tenant: tenantName.optional(), meters: words(4_000).optional() },
    again: z.boolean().default(false),
    event_names: z.array(words(300)).max(1_000).default([]),
    batch,
  }),
  answer: undefined,
  download: 'application/x-ndjson',
  errors: ['not-found'],
  example: {
    input: { month: '2026-03', event_names: ['calls=api_calls'], batch: BATCH },
    answer: '{"eventNames":[["calls","api_calls"]],"nowMs":1775001600000}\n{"identifier":"gz_…",…}\n',
  },
  handle: async ({ desk }, { event_names: eventNames, ...asked }) => {
    const { events, tooOld, ...head } = await (await desk()).takeMeterEvents({ ...asked, eventNames })
    return jsonLines(async (each) => {
      await each(head)
      for (const hour of tooOld) await each({ tooOld: hour })
      for (const event of events) await each(event)
    })
  },
})

const markMeterEvents = operation({
  id: 'markMeterEvents',
  isRepeatable: true,
  method: 'post',
  path: '/api/v1/usage/meter-events/{batch}/arrived',
  tag: 'usage',
  summary: 'Say that the events of an export are where they belong: they are not given again.',
  access: BILLING,
  input: z.object({ batch }),
  answer: z.object({ batch: z.string() }),
  example: { input: { batch: BATCH }, answer: { batch: BATCH } },
  handle: async ({ desk }, asked) => {
    await (await desk()).markMeterEvents(asked)
    return asked
  },
})

/** What is offered of usage for other programs. */
export const USAGE_FILE_OPERATIONS = { accountingFiles, takeMeterEvents, markMeterEvents }
