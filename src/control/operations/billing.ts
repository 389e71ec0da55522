import { z } from '@hono/zod-openapi'
import { INVOICE_STATES } from '../../model/invoice.ts'
import {
  creditNoteSchema,
  invoiceName,
  invoiceRowSchema,
  invoiceSchema,
  invoicesMadeSchema,
  paidInvoiceSchema,
} from '../billing-schemas.ts'
import { operation } from '../operation.ts'
import { pageFrom } from '../page.ts'
import { pageOf, paging, tenantName, words } from '../schemas.ts'
import { file } from '../streams.ts'
import { BILLING_EXAMPLES } from './billing-examples.ts'

/** Whoever may read sees amounts as well: usage reports have them. */
export const READ_MONEY = { by: 'operator', scope: 'read', or: 'billing' } as const
const BILLING = { by: 'operator', scope: 'billing' } as const

const invoice = z.object({ invoice: invoiceName })
const FIRST = { invoice: 'INV-2026-0001' }

const which = {
  tenant: tenantName.optional(),
  month: words(20).optional().openapi({ description: 'Those whose period begins in it, as 2026-03.' }),
  state: z.enum(INVOICE_STATES).optional(),
}

const listInvoices = operation({
  id: 'listInvoices',
  method: 'get',
  path: '/api/v1/invoices',
  tag: 'billing',
  summary: 'List invoices, oldest period first.',
  access: READ_MONEY,
  input: z.object({ ...paging, ...which }),
  answer: pageOf(invoiceRowSchema),
  errors: ['not-found'],
  example: { input: { state: 'open' }, answer: { data: [BILLING_EXAMPLES.row], next: null } },
  handle: async ({ desk }, { tenant, month, state, ...asked }) => {
    const rows = await (await desk()).listInvoices({ tenant, month, state })
    return pageFrom(rows, asked, ({ period_start: start, tenant_id: id, id: own }) => `${start} ${id} ${own}`)
  },
})

const exportInvoices = operation({
  id: 'exportInvoices',
  method: 'get',
  path: '/api/v1/invoices/export',
  tag: 'billing',
  summary:
    'Many invoices as one file: a row for each line and each tax, what accounting programs import, or their credit notes.',
  access: READ_MONEY,
  input: z.object({
    ...which,
    format: z.enum(['csv', 'jsonl', 'quickbooks', 'xero', 'credit-notes']).default('csv'),
  }),
  answer: undefined,
  download: 'text/csv',
  errors: ['not-found'],
  example: { input: { month: '2026-03' }, answer: 'invoice_number,tenant_id,…\n' },
  handle: async ({ desk }, { format, ...asked }) => {
    const cases = await desk()
    const name = `invoices.${format === 'jsonl' ? 'jsonl' : 'csv'}`
    const type = format === 'jsonl' ? 'application/x-ndjson' : 'text/csv; charset=utf-8'
    return file({ name, type }, async (to) => {
      await cases.exportInvoices(asked, { format, to })
    })
  },
})

const showInvoice = operation({
  id: 'showInvoice',
  method: 'get',
  path: '/api/v1/invoices/{invoice}',
  tag: 'billing',
  summary: 'Show an invoice: lines with how each was priced, taxes, and what happened to it.',
  access: READ_MONEY,
  input: invoice,
  answer: invoiceSchema,
  errors: ['not-found'],
  example: { input: FIRST, answer: BILLING_EXAMPLES.invoice },
  handle: async ({ desk }, asked) => (await desk()).showInvoice(asked.invoice),
})

const TYPES = {
  pdf: 'application/pdf',
  html: 'text/html; charset=utf-8',
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
} as const

const downloadInvoice = operation({
  id: 'downloadInvoice',
  method: 'get',
  path: '/api/v1/invoices/{invoice}/file',
  tag: 'billing',
  summary: 'An invoice as a file. The same invoice always gives the same bytes.',
  access: READ_MONEY,
  input: invoice.extend({ format: z.enum(['pdf', 'html', 'json', 'csv']).default('pdf') }),
  answer: undefined,
  download: 'application/pdf',
  errors: ['not-found'],
  example: { input: { ...FIRST, format: 'pdf' }, answer: '%PDF-1.7 …' },
  handle: async ({ desk }, { format, ...asked }) => {
    const cases = await desk()
    const { number, id } = await cases.showInvoice(asked.invoice)
    return file({ name: `${number ?? id}.${format}`, type: TYPES[format] }, (to) =>
      cases.writeInvoice(asked.invoice, { format, to }),
    )
  },
})

const previewInvoice = operation({
  id: 'previewInvoice',
  method: 'get',
  path: '/api/v1/tenants/{tenant}/invoice-preview',
  tag: 'billing',
  summary: 'What the next invoice of a tenant would say if its period ended now.',
  access: READ_MONEY,
  input: z.object({ tenant: tenantName }),
  answer: invoiceSchema,
  errors: ['not-found', 'unpriced-usage'],
  example: {
    input: { tenant: 'acme' },
    answer: {
      ...BILLING_EXAMPLES.invoice,
      ...{ number: null, state: 'draft', issued_at: null, due_at: null, entries: [] },
    },
  },
  handle: async ({ desk }, { tenant }) => (await desk()).previewInvoice(tenant),
})

const runInvoices = operation({
  id: 'runInvoices',
  isRepeatable: true,
  method: 'post',
  path: '/api/v1/invoices/run',
  tag: 'billing',
  summary: 'Make the invoices of periods that are over.',
  description:
    'Without a period: all that are over and not closed yet. Running it twice changes nothing; what a run that was ' +
    'killed left undone the next one does.',
  access: BILLING,
  input: z.object({
    month: words(20).optional(),
    on: words(40).optional().openapi({ description: 'A day of the period, where it is no month.' }),
    tenant: tenantName.optional(),
    review: z.boolean().optional().openapi({ description: 'Leave drafts; what the file says if not given.' }),
  }),
  answer: invoicesMadeSchema,
  errors: ['not-found', 'period-open', 'invoices-running', 'events-not-shipped'],
  example: {
    input: { month: '2026-03' },
    answer: { made: [BILLING_EXAMPLES.row], kept: 0, problems: [] },
  },
  handle: async ({ desk }, asked) => (await desk()).runInvoices(asked),
})

const payInvoice = operation({
  id: 'payInvoice',
  method: 'post',
  path: '/api/v1/invoices/{invoice}/payments',
  tag: 'billing',
  summary: 'Write down a payment: all that is due, a part, or more.',
  access: BILLING,
  input: invoice.extend({
    amount: words(40).optional(),
    reference: words(200)
      .optional()
      .openapi({ description: 'What the bank calls it: known once, it changes nothing again.' }),
  }),
  answer: paidInvoiceSchema,
  errors: ['not-found', 'wrong-state', 'already-exists'],
  example: {
    input: { ...FIRST, amount: '49.00', reference: 'bank-17' },
    answer: { ...BILLING_EXAMPLES.row, state: 'paid', paid: '49.00', due: '0.00', new: true },
  },
  current: async ({ desk }, asked) => (await desk()).showInvoice(asked.invoice),
  handle: async ({ desk }, asked) => (await desk()).payInvoice(asked),
})

const creditInvoice = operation({
  id: 'creditInvoice',
  method: 'post',
  path: '/api/v1/invoices/{invoice}/credit-notes',
  tag: 'billing',
  summary: 'Write a credit note: take an amount off an invoice, which itself never changes.',
  access: BILLING,
  input: invoice.extend({ amount: words(40).optional(), reason: words() }),
  answer: creditNoteSchema,
  status: 201,
  errors: ['not-found', 'wrong-state'],
  example: {
    input: { ...FIRST, amount: '20.00', reason: 'Outage' },
    answer: {
      ...{ number: 'CN-2026-0001', amount: '20.00', tax: '0.00' },
      invoice: { ...BILLING_EXAMPLES.row, credited: '20.00', due: '29.00' },
    },
  },
  current: async ({ desk }, asked) => (await desk()).showInvoice(asked.invoice),
  handle: async ({ desk }, asked) => (await desk()).creditInvoice(asked),
})

const voidInvoice = operation({
  id: 'voidInvoice',
  method: 'post',
  path: '/api/v1/invoices/{invoice}/void',
  tag: 'billing',
  summary: 'Take an invoice back that nobody has paid; its number stays taken.',
  access: BILLING,
  input: invoice.extend({ reason: words() }),
  answer: invoiceRowSchema,
  errors: ['not-found', 'wrong-state'],
  example: {
    input: { ...FIRST, reason: 'Wrong plan' },
    answer: { ...BILLING_EXAMPLES.row, state: 'void', due: '0.00' },
  },
  current: async ({ desk }, asked) => (await desk()).showInvoice(asked.invoice),
  handle: async ({ desk }, asked) => (await desk()).voidInvoice(asked),
})

const sendInvoice = operation({
  id: 'sendInvoice',
  method: 'post',
  path: '/api/v1/invoices/{invoice}/send',
  tag: 'billing',
  summary: 'Issue a draft and send it, or send an invoice once more.',
  access: BILLING,
  input: invoice,
  answer: invoiceRowSchema,
  errors: ['not-found', 'wrong-state'],
  example: { input: FIRST, answer: BILLING_EXAMPLES.row },
  current: async ({ desk }, asked) => (await desk()).showInvoice(asked.invoice),
  handle: async ({ desk }, asked) => (await desk()).sendInvoice(asked.invoice),
})

/** What is offered about invoices. */
export const BILLING_OPERATIONS = {
  listInvoices,
  exportInvoices,
  showInvoice,
  downloadInvoice,
  previewInvoice,
  runInvoices,
  payInvoice,
  creditInvoice,
  voidInvoice,
  sendInvoice,
}
