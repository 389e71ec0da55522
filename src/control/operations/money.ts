import { z } from '@hono/zod-openapi'
import { changePreviewSchema, dunnedSchema, mailSchema, revenueSchema } from '../billing-schemas.ts'
import { operation } from '../operation.ts'
import { pageFrom } from '../page.ts'
import { count, pageOf, paging, tenantName, tenantSchema, words } from '../schemas.ts'
import { READ_MONEY } from './billing.ts'
import { BILLING_EXAMPLES } from './billing-examples.ts'
import { EXAMPLES } from './examples.ts'

const OWNER = { by: 'operator', scope: 'owner' } as const

const revenue = operation({
  id: 'revenue',
  method: 'get',
  path: '/api/v1/revenue',
  tag: 'billing',
  summary:
    'What the running periods come to so far, their forecast, and what subscriptions are worth in a month.',
  description:
    'So far is exact: for each tenant the subtotal of its invoice preview. The forecast prices the quantities that the ' +
    'rest of the period adds at the same pace. Amounts are before tax; outstanding and overdue are with it.',
  access: READ_MONEY,
  input: z.object({ tenant: tenantName.optional() }),
  answer: revenueSchema,
  errors: ['not-found'],
  example: { input: {}, answer: BILLING_EXAMPLES.revenue },
  handle: async ({ desk }, asked) => (await desk()).revenue(asked),
})

const listDunning = operation({
  id: 'listDunning',
  method: 'get',
  path: '/api/v1/dunning',
  tag: 'billing',
  summary: 'List invoices past their day, with the steps taken and to come: the oldest debt first.',
  access: READ_MONEY,
  input: z.object({ ...paging, tenant: tenantName.optional() }),
  answer: pageOf(dunnedSchema),
  errors: ['not-found'],
  example: { input: {}, answer: { data: [BILLING_EXAMPLES.dunned], next: null } },
  handle: async ({ desk }, { tenant, ...asked }) => {
    const { rows } = await (await desk()).dunning({ tenant })
    return pageFrom(rows, asked, ({ due_at: dueAt, id }) => `${dueAt} ${id}`)
  },
})

const previewChange = operation({
  id: 'previewChange',
  method: 'get',
  path: '/api/v1/tenants/{tenant}/plan/preview',
  tag: 'tenants',
  summary: 'What a change of plan would do to the bill of this period and the next; changes nothing.',
  access: READ_MONEY,
  input: z.object({
    tenant: tenantName,
    plan: words(200),
    at: z.enum(['now', 'period-end']).optional(),
    trial_days: count(3_650).optional(),
  }),
  answer: changePreviewSchema,
  errors: ['not-found', 'wrong-state'],
  example: { input: { tenant: 'acme', plan: 'pro' }, answer: BILLING_EXAMPLES.preview },
  handle: ({ cases }, { tenant, plan, at, trial_days: days }) =>
    cases.previewChange({
      ...{ tenant, planId: plan, at },
      trialDays: days === undefined || Number(days) === 0 ? undefined : Number(days),
    }),
})

const cancelPlan = operation({
  id: 'cancelPlan',
  method: 'post',
  path: '/api/v1/tenants/{tenant}/cancel',
  tag: 'tenants',
  summary: 'End the plan of a tenant when its period or trial ends, or now; its keys stay.',
  access: { by: 'operator', scope: 'write' },
  input: z.object({ tenant: tenantName, at: z.enum(['now', 'period-end']).default('period-end') }),
  answer: tenantSchema,
  errors: ['not-found', 'no-plan'],
  example: {
    input: { tenant: 'acme' },
    answer: { ...EXAMPLES.tenant, plan_until: EXAMPLES.report.to },
  },
  current: ({ cases }, asked) => cases.showTenant(asked),
  handle: ({ cases }, asked) => cases.cancelPlan(asked),
})

const listMail = operation({
  id: 'listMail',
  method: 'get',
  path: '/api/v1/mail',
  tag: 'mail',
  summary: 'List the mail in the outbox folder, oldest first, and how many wait to be sent.',
  description: 'Mail holds links that let people in: it is for the owner.',
  access: OWNER,
  input: z.object(paging),
  answer: pageOf(mailSchema).extend({ waiting: z.number().int() }),
  example: { input: {}, answer: { data: [BILLING_EXAMPLES.mail], next: null, waiting: 0 } },
  handle: async ({ desk }, asked) => {
    const { mails, waiting } = await (await desk()).listMail()
    return { ...pageFrom(mails, asked, ({ date, id }) => `${date} ${id}`), waiting }
  },
})

const showMail = operation({
  id: 'showMail',
  method: 'get',
  path: '/api/v1/mail/{mail}',
  tag: 'mail',
  summary: 'Show a mail of the outbox folder.',
  access: OWNER,
  input: z.object({ mail: z.string().min(1).max(200).openapi({ example: 'msg_0f3a9c2e41' }) }),
  answer: mailSchema,
  errors: ['not-found'],
  example: { input: { mail: 'msg_0f3a9c2e41' }, answer: BILLING_EXAMPLES.mail },
  handle: async ({ desk }, { mail }) => (await desk()).showMail(mail),
})

/** What is offered about money that is not an invoice yet, and about mail. */
export const MONEY_OPERATIONS = {
  revenue,
  listDunning,
  previewChange,
  cancelPlan,
  listMail,
  showMail,
}
