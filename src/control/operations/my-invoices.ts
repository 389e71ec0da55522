import { z } from '@hono/zod-openapi'
import { billableRule } from '../../billing/invoice/billable-rule.ts'
import { findInvoice } from '../../billing/invoice/find-invoice.ts'
import {
  type InvoiceRowView,
  type InvoiceView,
  viewInvoice,
  viewInvoiceRow,
} from '../../billing/invoice/invoice-view.ts'
import { previewInvoice } from '../../billing/invoice/preview-invoice.ts'
import { renderInvoice } from '../../billing/render/render-invoice.ts'
import { GatezError } from '../../errors/gatez-error.ts'
import type { Invoice } from '../../model/invoice.ts'
import { MEMBER_ROLES } from '../../model/tenant.ts'
import type { Asking } from '../asking.ts'
import type { ExplainedLine } from '../cases.ts'
import { mine } from '../mine.ts'
import { operation } from '../operation.ts'
import { pageFrom } from '../page.ts'
import { anyObject, count, pageOf, paging } from '../schemas.ts'

const ALL = { by: 'member', roles: MEMBER_ROLES } as const
const invoice = z.string().min(1).max(100).openapi({ example: 'INV-2026-0042' })
const THE_INVOICE = { invoice: 'INV-2026-0042' }

const ROW = {
  ...{
    id: 'inv_2f6k8m0q1r3t5w7x9z2b',
    number: 'INV-2026-0042',
    state: 'open',
    tenant_id: 'acme',
    total: '49.00',
  },
  ...{ period_start: '2026-02-01T00:00:00.000Z', period_end: '2026-03-01T00:00:00.000Z', currency: 'USD' },
}

const myInvoices = operation({
  id: 'myInvoices',
  method: 'get',
  path: '/api/portal/v1/invoices',
  tag: 'portal',
  summary: 'The invoices of the organisation, newest first; drafts are none yet.',
  access: ALL,
  input: z.object(paging),
  answer: pageOf(anyObject<InvoiceRowView>('InvoiceRow')),
  example: { input: {}, answer: { data: [ROW], next: null } },
  handle: async (asking, page) => {
    const { tenantId } = mine(asking)
    const all = await asking.store.invoices.list({ tenantId })
    const rows = all.filter(({ state }) => state !== 'draft').map(viewInvoiceRow)
    const sorted = rows.toSorted((one, other) => (placeOf(one) < placeOf(other) ? 1 : -1))
    return pageFrom(sorted, page, placeOf)
  },
})

const myInvoice = operation({
  id: 'myInvoice',
  method: 'get',
  path: '/api/portal/v1/invoices/{invoice}',
  tag: 'portal',
  summary: 'One invoice of the organisation, with its lines and what happened to it.',
  access: ALL,
  input: z.object({ invoice }),
  answer: anyObject<InvoiceView>('Invoice'),
  errors: ['not-found'],
  example: { input: THE_INVOICE, answer: { ...ROW, lines: [], entries: [] } },
  handle: async (asking, { invoice: id }) => {
    const found = await ownInvoice(asking, id)
    const entries = await asking.store.invoices.entries(found.id)
    // Who wrote an entry is the operator's to know.
    return viewInvoice(
      found,
      entries.map((entry) => ({ ...entry, actor: '', detail: {} })),
    )
  },
})

const myInvoiceFile = operation({
  id: 'myInvoiceFile',
  method: 'get',
  path: '/api/portal/v1/invoices/{invoice}/file',
  tag: 'portal',
  summary: 'One invoice of the organisation as a file.',
  access: ALL,
  input: z.object({ invoice, format: z.enum(['pdf', 'csv']).default('pdf') }),
  answer: undefined,
  download: 'application/pdf',
  errors: ['not-found'],
  example: { input: THE_INVOICE, answer: '%PDF-…' },
  handle: async (asking, { invoice: id, format }) => {
    const found = await ownInvoice(asking, id)
    const entries = await asking.store.invoices.entries(found.id)
    const look = asking.parts.config().invoicing
    const bytes = await renderInvoice(found, entries, { format, look })
    return new Response(new Uint8Array(bytes), {
      headers: {
        'content-type': format === 'pdf' ? 'application/pdf' : 'text/csv; charset=utf-8',
        'content-disposition': `attachment; filename="${found.number ?? found.id}.${format}"`,
      },
    })
  },
})

const myInvoiceLine = operation({
  id: 'myInvoiceLine',
  method: 'get',
  path: '/api/portal/v1/invoices/{invoice}/lines/{line}',
  tag: 'portal',
  summary: 'What a line of an invoice was made of, down to single calls.',
  access: ALL,
  input: z.object({ invoice, line: count(10_000) }),
  answer: anyObject<ExplainedLine>('ExplainedLine'),
  errors: ['not-found'],
  example: {
    input: { ...THE_INVOICE, line: '2' },
    answer: { meter: 'calls', quantity: '1200', events_total: 1200, events: [], equal: true },
  },
  handle: async (asking, { invoice: id, line }) => {
    const found = await ownInvoice(asking, id)
    return asking.evidence.explainLine({ invoice: found.id, line: Number(line) })
  },
})

const myBill = operation({
  id: 'myBill',
  method: 'get',
  path: '/api/portal/v1/bill',
  tag: 'portal',
  summary: 'The lines that the invoice of the running period would have if it ended now.',
  access: ALL,
  input: z.object({}),
  answer: anyObject<InvoiceView>('Invoice'),
  example: { input: {}, answer: { ...ROW, number: null, lines: [], entries: [] } },
  handle: async (asking) => {
    const { billing, invoicing, meters } = asking.parts.config()
    const parts = {
      store: asking.store,
      clock: asking.clock,
      billing,
      invoicing,
      billable: billableRule(meters),
    }
    return viewInvoice(await previewInvoice(parts, mine(asking).tenantId), [])
  },
})

/** What is offered about invoices to members. */
export const MY_INVOICE_OPERATIONS = { myInvoices, myInvoice, myInvoiceFile, myInvoiceLine, myBill }

function placeOf({ period_start, number, id }: InvoiceRowView): string {
  return `${period_start} ${number ?? ''} ${id}`
}

/** The invoice, if it is the organisation's and sent. Those of others are answered as if there were none. */
async function ownInvoice(asking: Asking, id: string): Promise<Invoice> {
  const found = await findInvoice(asking.store, id).catch((error: unknown) => {
    if (error instanceof GatezError && error.code === 'not-found') return undefined
    throw error
  })
  if (found?.tenantId === mine(asking).tenantId && found.state !== 'draft') return found
  throw new GatezError('not-found', 'Your organisation has no such invoice.')
}
