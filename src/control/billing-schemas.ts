import { z } from '@hono/zod-openapi'
import type { ChangePreview } from '../billing/preview-change.ts'
import { INVOICE_STATES } from '../model/invoice.ts'
import type { CreditNoteView, InvoicesMade, PaidInvoiceView } from './desk-cases.ts'

const time = z.string().openapi({ format: 'date-time' })
const amount = z.string().openapi({ description: 'A decimal with all digits of the currency.' })

/** Number of an invoice, or id of a draft. */
export const invoiceName = z.string().min(1).max(200).openapi({ example: 'INV-2026-0001' })

const rowFields = {
  id: z.string(),
  number: z.string().nullable(),
  state: z.enum(INVOICE_STATES),
  tenant_id: z.string(),
  tenant_name: z.string(),
  period_start: time,
  period_end: time,
  timezone: z.string(),
  issued_at: time.nullable(),
  due_at: time.nullable(),
  currency: z.string(),
  subtotal: amount,
  tax: amount,
  total: amount,
  credited: amount,
  paid: amount,
  due: amount,
}

export const invoiceRowSchema = z.looseObject(rowFields).openapi('InvoiceRow')

export const invoiceSchema = z
  .looseObject({
    ...rowFields,
    attempt: z.number().int(),
    created_at: time,
    tax_mode: z.enum(['exclusive', 'inclusive']),
    carried: amount,
    lines: z.array(
      z.looseObject({
        line: z.number().int(),
        kind: z.enum(['fee', 'usage', 'adjustment']),
        description: z.string(),
        charge_id: z.string(),
        meter: z.string().nullable(),
        plan_id: z.string(),
        plan_version: z.number().int(),
        quantity: z.string(),
        events: z.number().int(),
        exact: z.string(),
        amount,
      }),
    ),
    taxes: z.array(z.looseObject({ id: z.string(), name: z.string(), rate: z.string(), amount })),
    entries: z.array(
      z.looseObject({ at: time, kind: z.string(), amount, credit: amount, actor: z.string() }),
    ),
  })
  .openapi('Invoice')

export const invoicesMadeSchema: z.ZodType<Pick<InvoicesMade, 'kept' | 'problems'>> = z
  .looseObject({
    made: z.array(invoiceRowSchema),
    kept: z.number().int(),
    problems: z.array(z.looseObject({ tenant_id: z.string(), why: z.string() })),
  })
  .openapi('InvoicesMade')

export const paidInvoiceSchema: z.ZodType<Pick<PaidInvoiceView, 'new'>> = z
  .looseObject({ ...rowFields, new: z.boolean() })
  .openapi('PaidInvoice')

export const creditNoteSchema: z.ZodType<Omit<CreditNoteView, 'invoice'>> = z
  .looseObject({ number: z.string(), amount, tax: amount, invoice: invoiceRowSchema })
  .openapi('CreditNote')

const amounts = { so_far: amount, forecast: amount, mrr: amount }

export const revenueSchema = z
  .looseObject({
    ...amounts,
    currency: z.string(),
    as_of: time,
    outstanding: amount,
    overdue: amount,
    tenants: z.array(
      z.looseObject({
        ...{ tenant_id: z.string(), tenant_name: z.string(), plan: z.string() },
        ...{ period_start: time, period_end: time, ...amounts },
      }),
    ),
    plans: z.array(z.looseObject({ plan: z.string(), tenants: z.number().int(), ...amounts })),
    unpriced: z.array(z.looseObject({ tenant_id: z.string(), why: z.string() })),
  })
  .openapi('Revenue')

export const dunnedSchema = z
  .looseObject({
    ...rowFields,
    tenant_state: z.string(),
    days_late: z.number().int(),
    steps: z.array(
      z.looseObject({
        action: z.enum(['remind', 'suspend', 'uncollectible']),
        after_days: z.number().int(),
        due_at: time,
        taken_at: time.nullable(),
      }),
    ),
  })
  .openapi('DunnedInvoice')

export const mailSchema = z
  .looseObject({
    id: z.string(),
    date: time,
    from: z.string(),
    to: z.array(z.string()),
    subject: z.string(),
    text: z.string(),
    attachments: z.array(z.string()),
    file: z.string(),
  })
  .openapi('Mail')

const sides = { from: time, to: time, unchanged: amount, changed: amount, difference: amount }

export const changePreviewSchema: z.ZodType<Pick<ChangePreview, 'tenant_id' | 'to' | 'at' | 'currency'>> = z
  .looseObject({
    tenant_id: z.string(),
    from: z.string().nullable(),
    to: z.string(),
    direction: z.enum(['upgrade', 'downgrade']),
    at: time,
    trial_until: time.nullable(),
    currency: z.string(),
    this_period: z.looseObject({ ...sides, lines: z.array(z.looseObject({ plan: z.string(), amount })) }),
    next_period: z.looseObject(sides),
  })
  .openapi('ChangePreview')
