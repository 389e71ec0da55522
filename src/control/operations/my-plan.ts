import { z } from '@hono/zod-openapi'
import type { PlanView } from '../../access/plan-view.ts'
import type { ChangePreview } from '../../billing/preview-change.ts'
import { GatezError } from '../../errors/gatez-error.ts'
import { MEMBER_ROLES } from '../../model/tenant.ts'
import type { Asking } from '../asking.ts'
import { mine } from '../mine.ts'
import { operation } from '../operation.ts'
import { anyObject, planSchema, tenantSchema, words } from '../schemas.ts'
import { EXAMPLES } from './examples.ts'

const ALL = { by: 'member', roles: MEMBER_ROLES } as const
const PAYERS = { by: 'member', roles: ['admin', 'billing'] } as const
const plan = words(200).openapi({ example: 'pro' })
const at = z.enum(['now', 'period-end']).optional()

const plansToChoose = operation({
  id: 'plansToChoose',
  method: 'get',
  path: '/api/portal/v1/plans',
  tag: 'portal',
  summary: 'The plans one may have, and the one the organisation has, in the order of the file.',
  access: ALL,
  input: z.object({}),
  answer: z.object({ data: z.array(planSchema) }),
  example: { input: {}, answer: { data: [{ ...EXAMPLES.plan, subscribers: 0 }] } },
  handle: async (asking) => ({ data: await openPlans(asking) }),
})

const PREVIEW = {
  ...{ tenant_id: 'acme', from: 'free', to: 'pro', direction: 'up', at: '2026-03-10T12:00:00.000Z' },
  ...{
    monthly_value: { from: '0', to: '49' },
    trial_until: null,
    currency: 'USD',
    by_method: {},
    includes: [],
  },
  this_period: { unchanged: '0.00', changed: '34.77', difference: '34.77', lines: [] },
  next_period: { unchanged: '0.00', changed: '49.00', difference: '49.00' },
}

const previewMyPlan = operation({
  id: 'previewMyPlan',
  method: 'get',
  path: '/api/portal/v1/plan/preview',
  tag: 'portal',
  summary: 'What another plan would do to the bill of this period and the next; changes nothing.',
  access: ALL,
  input: z.object({ plan, at }),
  answer: anyObject<ChangePreview>('ChangePreview'),
  errors: ['not-found'],
  example: { input: { plan: 'pro' }, answer: PREVIEW },
  handle: async (asking, { plan: planId, at: when }) => {
    await checkOpen(asking, planId)
    return asking.cases.previewChange({ tenant: mine(asking).tenantId, planId, at: when })
  },
})

const changeMyPlan = operation({
  id: 'changeMyPlan',
  method: 'put',
  path: '/api/portal/v1/plan',
  tag: 'portal',
  summary: 'Move the organisation to another plan: up now, down when the period ends, unless said otherwise.',
  description: 'Naming the plan it has takes back a change that was set for later.',
  access: PAYERS,
  input: z.object({ plan, at }),
  answer: tenantSchema,
  errors: ['not-found'],
  example: { input: { plan: 'pro' }, answer: { ...EXAMPLES.tenant, plan: 'pro' } },
  handle: async (asking, { plan: planId, at: when }) => {
    await checkOpen(asking, planId)
    return asking.cases.changePlan({ tenant: mine(asking).tenantId, planId, at: when })
  },
})

/** What is offered about plans to members. */
export const MY_PLAN_OPERATIONS = { plansToChoose, previewMyPlan, changeMyPlan }

/** Those the file opens to customers, and the one the organisation has. How many are on one is not theirs to know. */
async function openPlans(asking: Asking): Promise<PlanView[]> {
  const { plans } = asking.parts.config().portal
  const [all, tenant] = await Promise.all([
    asking.cases.listPlans(),
    asking.cases.showTenant({ tenant: mine(asking).tenantId }),
  ])
  return all
    .filter(({ id }) => plans === null || plans.includes(id) || id === tenant.plan || id === tenant.next_plan)
    .map((each) => ({ ...each, subscribers: 0 }))
}

async function checkOpen(asking: Asking, planId: string): Promise<void> {
  const open = await openPlans(asking)
  if (open.some(({ id }) => id === planId)) return
  const detail = `There is no plan ${JSON.stringify(planId)} to choose: there are ${open.map(({ id }) => id).join(', ')}.`
  throw new GatezError('not-found', detail)
}
